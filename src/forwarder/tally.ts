// Counts what may happen very often, and tells of it now and then: at once the first time, then at most once per interval.
import type { Clock } from '../ports/clock.ts'

export class Tally {
  readonly #clock: Clock
  readonly #everyMs: number
  #toldAtMs = Number.NEGATIVE_INFINITY
  #untold = 0

  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock
    this.#everyMs = everyMs
  }

  /** One more; `tell` gets how many since it was last called, when it is time. */
  add(tell: (count: number) => void): void {
    this.#untold++
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#toldAtMs < this.#everyMs) return
    this.#toldAtMs = nowMs
    const count = this.#untold
    this.#untold = 0
    tell(count)
  }
}
