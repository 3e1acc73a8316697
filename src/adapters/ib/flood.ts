// Tells a gateway that sends more than anybody asked for from one that is busy: reading it would leave no time for the others.

/** What one read of a socket brings at most: more is waiting behind it. */
export const fullChunkBytes = 65_536

/** Contract details of every option of an index are some 30,000 messages; an answer of 60,000 bars is one. */
const MAX_MESSAGES = 100_000
/** A long message counts as many. */
const CHARACTERS_EACH = 1000
const WINDOW_MS = 10_000

export class Flood {
  #startedMs = Number.NEGATIVE_INFINITY
  #messages = 0

  /** Counts a message that came at `nowMs`, monotonic. Throws an Error that says so when there are too many. */
  count(nowMs: number, characters: number): void {
    if (nowMs - this.#startedMs >= WINDOW_MS) {
      this.#startedMs = nowMs
      this.#messages = 0
    }
    this.#messages += 1 + Math.floor(characters / CHARACTERS_EACH)
    if (this.#messages > MAX_MESSAGES)
      throw new Error(`it sent more than ${MAX_MESSAGES} messages within ${WINDOW_MS / 1000} s`)
  }
}
