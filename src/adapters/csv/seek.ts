// Where in a bar file a time is, found without reading all of it; and which line a byte is on.
import { bytesAt, bytesOf, linesOf, type Source } from './bytes.ts'
import { FileFault, type Manner, mannerOf } from './rows.ts'
import { timeReader } from './values.ts'

const nearBytes = 64 * 1024
const probeBytes = 4 * 1024

/** What the begin of a file shows. */
export interface Head {
  readonly manner: Manner
  /** Its first lines. */
  readonly text: string
}

/** FileFault when there is no sound header. */
export async function headOf(source: Source): Promise<Head> {
  for await (const { text } of linesOf(source)) return { manner: mannerOf(text), text }
  return { manner: mannerOf(''), text: '' }
}

/**
 * The first byte of a line, not far before the first bar at or after `timeMs`, by halving the file. The begin of the rows for a zipped
 * file, which has no middle, and wherever a time cannot be read: whoever reads from there meets the fault.
 */
export async function seek(source: Source, manner: Manner, timeMs: number): Promise<number> {
  if (source.isZipped) return manner.bodyStart
  const timeOf = timeReader(manner.isEpoch)
  let [low, high] = [manner.bodyStart, source.size]
  while (high - low > nearBytes) {
    const middle = low + Math.floor((high - low) / 2)
    const text = (await bytesAt(source, middle, probeBytes)).toString('latin1')
    const line = text.indexOf('\n') + 1
    const comma = text.indexOf(',', line)
    const foundMs = line === 0 || comma < 0 ? Number.NaN : timeOf(text.slice(line, comma))
    if (Number.isNaN(foundMs)) return manner.bodyStart
    if (foundMs < timeMs) low = middle + line
    else high = middle
  }
  return low
}

/** The number of the line, from 1, that byte `at` is on. */
export async function lineAt(source: Source, at: number): Promise<number> {
  let [line, position] = [1, 0]
  try {
    for await (const chunk of bytesOf(source)) {
      for (let end = chunk.indexOf('\n'); end >= 0 && position + end < at; end = chunk.indexOf('\n', end + 1))
        line++
      position += chunk.length
      if (position > at) break
    }
  } catch (error) {
    // A gzip stream ends where it is damaged.
    if (!(error instanceof FileFault)) throw error
  }
  return line
}
