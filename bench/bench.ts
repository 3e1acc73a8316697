// What a measurement gets from its runner: whether to be brief, where to talk to, and a promise that what it made is cleared away.

export interface BenchOptions {
  /** Only to see that it works: few gateways, one round. Its figures mean nothing. */
  readonly short: boolean
  /** For a person watching, and for figures that have no limit. */
  readonly say: (line: string) => void
  /** Aborts when the person has had enough: begin nothing new. */
  readonly signal: AbortSignal
}

/** What a measurement needs is not on this machine: thrown, it is skipped in these words. */
export class NotHere extends Error {}

type Cleanup = () => Promise<void> | void

export class Bench {
  readonly short: boolean
  readonly say: (line: string) => void
  readonly signal: AbortSignal
  readonly #cleanups: Cleanup[] = []

  constructor({ short, say, signal }: BenchOptions) {
    this.short = short
    this.say = say
    this.signal = signal
  }

  /** Runs at `end`, last in first out, also when the measurement failed or was interrupted. */
  defer(cleanup: Cleanup): void {
    this.#cleanups.push(cleanup)
  }

  async end(): Promise<void> {
    for (let cleanup = this.#cleanups.pop(); cleanup; cleanup = this.#cleanups.pop()) {
      try {
        await cleanup()
      } catch (err) {
        this.say(`could not clear away: ${String(err)}`)
      }
    }
  }
}
