// Adding bars to one file: what is new is worked out first, and the file replaced only if something is.

import type { Bar, SeriesName } from '../../ports/market-data.ts'
import { bytesOf, linesOf, openSource } from './bytes.ts'
import { removeDrafts, replaceFile } from './replace.ts'
import { FileFault, RowReader } from './rows.ts'
import { headOf, seek } from './seek.ts'
import { fileText, Splicer, spliced } from './splices.ts'

export interface Merged {
  readonly added: number
  readonly changed: number
  /** Of the file as it is now. */
  readonly identity: string
}

/** Null when the file is not (or no more) the one with this identity. Errors of the system as they come. */
export async function mergeInto(
  path: string,
  identity: string,
  { timeframe }: SeriesName,
  bars: readonly [Bar, ...Bar[]],
): Promise<Merged | null> {
  const source = await openSource(path)
  if (!source) return null
  try {
    if (source.identity !== identity) return null
    const { manner, text } = await headOf(source)
    const from = await seek(source, manner, bars[0].timeMs)
    const splicer = new Splicer(bars, manner)
    const reader = new RowReader(manner, timeframe)
    let [end, lacksLineEnd, goesOn] = [from, !text.endsWith('\n'), true]
    for await (const portion of linesOf(source, from)) {
      goesOn = reader.read(portion.text, portion.at, splicer.onRow)
      if (!goesOn) break
      end = portion.at + portion.text.length
      lacksLineEnd = !portion.text.endsWith('\n')
    }
    if (goesOn) splicer.onEnd(end, lacksLineEnd)
    const { splices, added, changed } = splicer
    if (splices.length === 0) return { added, changed, identity }
    await removeDrafts(path)
    const replaced = await replaceFile({ path, old: source, content: spliced(bytesOf(source), splices) })
    return replaced === null ? null : { added, changed, identity: replaced }
  } catch (error) {
    // It was sound a moment ago: somebody is writing into it.
    if (error instanceof FileFault) return null
    throw error
  } finally {
    await source.handle.close()
  }
}

/** A file that was not there; null when there is one now. */
export async function makeFile(path: string, bars: readonly Bar[]): Promise<Merged | null> {
  await removeDrafts(path)
  const identity = await replaceFile({ path, old: null, content: oneBuffer(fileText(bars)) })
  return identity === null ? null : { added: bars.length, changed: 0, identity }
}

async function* oneBuffer(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text, 'latin1')
}
