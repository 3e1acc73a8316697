// One after the other for each key; under different keys side by side. For whoever must not do two things to one record or file at once.

export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Runs `work` when all that was asked for under this key before is over, however it ended. */
  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(work, work)
    this.#last.set(key, turn)
    const forget = () => {
      if (this.#last.get(key) === turn) this.#last.delete(key)
    }
    turn.then(forget, forget)
    return turn
  }

  /** Whether something under this key is under way or waits. */
  has(key: string): boolean {
    return this.#last.has(key)
  }
}
