// A bounded record of what happened, which many readers follow at their own pace.
import { setMaxListeners } from 'node:events'

/** Keeps the newest entries, numbered from 0. A reader that falls behind what is kept goes on with the oldest of it. */
export class Tape<T> {
  readonly #limit: number
  #kept: T[] = []
  #firstKept = 0
  #finished = false
  readonly #waiting = new Set<() => void>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** The number that the next entry will have. */
  get end(): number {
    return this.#firstKept + this.#kept.length
  }

  push(entry: T): void {
    this.#kept.push(entry)
    // Trimmed in lots: one shift per entry would move the whole array each time.
    if (this.#kept.length >= this.#limit * 2) {
      this.#firstKept += this.#kept.length - this.#limit
      this.#kept = this.#kept.slice(-this.#limit)
    }
    this.#wake()
  }

  /** Nothing will follow: readers end when they have read it all. */
  finish(): void {
    this.#finished = true
    this.#wake()
  }

  /** Entries from number `from` on; with `follow` also those to come, until `finish` or an abort, which end it quietly. */
  async *read(from: number, follow: boolean, signal: AbortSignal): AsyncGenerator<T> {
    for (let next = from; !signal.aborted; next++) {
      while (next >= this.end) {
        if (!follow || this.#finished) return
        await this.#change(signal)
        if (signal.aborted) return
      }
      next = Math.max(next, this.#firstKept)
      const entry = this.#kept[next - this.#firstKept]
      if (entry !== undefined) yield entry
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      // One fleet's signal ends all its readers at once; that is no leak.
      setMaxListeners(0, signal)
      signal.addEventListener('abort', wake)
    })
  }
}
