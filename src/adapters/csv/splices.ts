// What adding bars changes in the text of a file, as replaced bytes: every other byte stays as it is. Pure.
import type { Bar } from '../../ports/market-data.ts'
import { header, type Manner, type OnRow } from './rows.ts'
import { isSameBar, numberText, timeText } from './values.ts'

/** Instead of `drop` bytes at `at` there is to be `text`. */
export interface Splice {
  readonly at: number
  readonly drop: number
  readonly text: string
}

/** How a file of ours is written. */
const canonical: Manner = { bodyStart: header.length + 1, lineEnd: '\n', columns: 6, isEpoch: false }

/** A new file. */
export function fileText(bars: readonly Bar[]): string {
  return [header, ...bars.map((bar) => lineOf(bar, canonical)), ''].join('\n')
}

/** Takes the rows of a file in order, from before the first bar on, and says where the bars go. Splices are ascending. */
export class Splicer {
  readonly splices: Splice[] = []
  added = 0
  changed = 0
  readonly #bars: readonly Bar[]
  readonly #manner: Manner
  #next = 0

  constructor(bars: readonly Bar[], manner: Manner) {
    this.#bars = bars
    this.#manner = manner
  }

  readonly onRow: OnRow = (row, at, length) => {
    const earlier: string[] = []
    for (let bar = this.#bars[this.#next]; bar && bar.timeMs < row.timeMs; bar = this.#bars[this.#next]) {
      earlier.push(lineOf(bar, this.#manner) + this.#manner.lineEnd)
      this.#next++
    }
    if (earlier.length > 0) this.splices.push({ at, drop: 0, text: earlier.join('') })
    this.added += earlier.length
    const bar = this.#bars[this.#next]
    if (bar?.timeMs === row.timeMs) {
      this.#next++
      if (!isSameBar(bar, row)) {
        this.splices.push({ at, drop: length, text: fieldsOf(bar, this.#manner) })
        this.changed++
      }
    }
    return this.#next < this.#bars.length
  }

  /** No more rows; `at` is the file's length, and its last line may lack its end, then it lacks it afterwards too. */
  onEnd(at: number, lacksLineEnd: boolean): void {
    const { lineEnd } = this.#manner
    const later = this.#bars.slice(this.#next).map((bar) => lineOf(bar, this.#manner))
    this.#next = this.#bars.length
    if (later.length === 0) return
    const text = later.join(lineEnd)
    this.splices.push({ at, drop: 0, text: lacksLineEnd ? lineEnd + text : text + lineEnd })
    this.added += later.length
  }
}

/** The bytes with the splices done. */
export async function* spliced(
  bytes: AsyncIterable<Buffer>,
  splices: readonly Splice[],
): AsyncGenerator<Buffer> {
  let [at, next, dropping] = [0, 0, 0]
  for await (const chunk of bytes) {
    let used = 0
    while (used < chunk.length) {
      const dropped = Math.min(dropping, chunk.length - used)
      dropping -= dropped
      used += dropped
      const splice = splices[next]
      if (dropping > 0 || !splice || splice.at >= at + chunk.length) break
      yield chunk.subarray(used, splice.at - at)
      yield Buffer.from(splice.text, 'latin1')
      used = splice.at - at
      dropping = splice.drop
      next++
    }
    if (used < chunk.length) yield chunk.subarray(used)
    at += chunk.length
  }
  for (const { text } of splices.slice(next)) yield Buffer.from(text, 'latin1')
}

function fieldsOf({ timeMs, open, high, low, close, volume }: Bar, { isEpoch }: Manner): string {
  return [timeText(timeMs, isEpoch), ...[open, high, low, close, volume].map(numberText)].join(',')
}

/** Columns that are not ours stay empty. */
function lineOf(bar: Bar, manner: Manner): string {
  return fieldsOf(bar, manner) + ','.repeat(manner.columns - canonical.columns)
}
