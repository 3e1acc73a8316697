// How long historical requests pause after IB complained of their pace: longer each time, forgiven by a success.

const firstMs = 15_000
/** The longest of IB's windows. */
const longestMs = 600_000

export class Penalty {
  #violations = 0
  /** In a row. */
  #strikes = 0
  #untilMs = Number.NEGATIVE_INFINITY

  /** Complaints in all. */
  get violations(): number {
    return this.#violations
  }

  /** The end of the pause, past or to come. */
  get untilMs(): number {
    return this.#untilMs
  }

  /** Those that come during a pause are about what was sent before it, and do not make it longer. */
  violated(nowMs: number): void {
    this.#violations++
    if (nowMs < this.#untilMs) return
    this.#untilMs = nowMs + Math.min(longestMs, firstMs * 2 ** this.#strikes)
    this.#strikes++
  }

  /** IB answered what was sent at `sentAtMs`. */
  answered(sentAtMs: number): void {
    if (sentAtMs >= this.#untilMs) this.#strikes = 0
  }
}
