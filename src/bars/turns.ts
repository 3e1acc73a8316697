// One after the other for each key, so that two never work on one series at the same time.

export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Runs `work` when all that was asked for under this key before is over, however it ended. */
  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const turn = before.then(work, work)
    const over = turn.then(
      () => {},
      () => {},
    )
    this.#last.set(key, over)
    over.then(() => {
      if (this.#last.get(key) === over) this.#last.delete(key)
    })
    return turn
  }
}
