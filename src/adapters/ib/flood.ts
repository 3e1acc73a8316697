// Tells a gateway that sends more than anybody asked for from one that is busy: reading it would leave no time for the others.

/** What one read of a socket brings at most: more is waiting behind it. */
export const fullChunkBytes = 65_536

/** Contract details of every option of an index are some 30,000 messages; an answer of 60,000 bars is one. */
const maxMessages = 100_000
/** A long message counts as many. */
const charactersEach = 1000
const windowMs = 10_000

export class Flood {
  #startedMs = Number.NEGATIVE_INFINITY
  #messages = 0

  /** Counts a message that came at `nowMs`, monotonic. Throws an Error that says so when there are too many. */
  count(nowMs: number, characters: number): void {
    if (nowMs - this.#startedMs >= windowMs) {
      this.#startedMs = nowMs
      this.#messages = 0
    }
    this.#messages += 1 + Math.floor(characters / charactersEach)
    if (this.#messages > maxMessages)
      throw new Error(`it sent more than ${maxMessages} messages within ${windowMs / 1000} s`)
  }
}
