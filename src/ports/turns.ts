// One after the other for each key; under different keys side by side. For whoever must not do two things to one record or file at once.
import { unlessAborted } from './unless-aborted.ts'

export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /**
   * Runs `work` when all that was asked for under this key before is over, however it ended. Rejects with the reason of `signal` when that
   * aborts before the turn has come, and `work` is never run then; work under way must look at the signal itself.
   */
  take<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const begin = () => {
      signal?.throwIfAborted()
      return work()
    }
    const turn = before.then(begin, begin)
    this.#last.set(key, turn)
    const forget = () => {
      if (this.#last.get(key) === turn) this.#last.delete(key)
    }
    turn.then(forget, forget)
    if (!signal) return turn
    const itsTurn = before.catch(() => {})
    return unlessAborted(itsTurn, signal).then(() => turn)
  }

  /** Whether something under this key is under way or waits. */
  has(key: string): boolean {
    return this.#last.has(key)
  }
}
