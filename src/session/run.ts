// A run of connection attempts that several callers may share: each may leave by its own signal, the last to leave ends it.
import type { Clock } from '../ports/clock.ts'

/** How many tries within how long; a run that continues a flapping connection's continues its budget. */
export interface RetryBudget {
  readonly startedAtMs: number
  tries: number
}

export interface RunDeps {
  readonly clock: Clock
  /** One attempt; `leftMs` is what the window still allows it. */
  attempt(signal: AbortSignal, leftMs: number): Promise<void>
  /** How long to wait after a failed try, `tries` in all; undefined when another makes no sense. */
  waitAfter(error: unknown, tries: number): number | undefined
}

export interface RunOptions {
  readonly attempts: number
  readonly windowMs: number
  readonly budget: RetryBudget
}

export class ConnectRun {
  /** Settles when the run is over; rejects with the last attempt's error. */
  readonly done: Promise<void>
  /** Whether a failed attempt is followed by others; a caller that wants this may set it on a run already under way. */
  retry: boolean
  readonly #controller = new AbortController()
  #waiters = 0

  constructor(deps: RunDeps, options: RunOptions, retry: boolean) {
    this.retry = retry
    this.done = this.#go(deps, options)
    // Those who wait see the failure; a run in the background has recorded it.
    this.done.catch(() => {})
  }

  get aborted(): boolean {
    return this.#controller.signal.aborted
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  /** Keeps the run going although every caller may leave. */
  hold(): this {
    this.#waiters++
    return this
  }

  /** Waits for the end, or until `signal` aborts; rejects with its reason then. */
  wait(signal?: AbortSignal): Promise<void> {
    this.#waiters++
    if (!signal) return this.done
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        reject(signal.reason)
        if (--this.#waiters === 0) this.abort(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.done.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
    })
  }

  async #go(deps: RunDeps, { attempts, windowMs, budget }: RunOptions): Promise<void> {
    const { signal } = this.#controller
    const leftMs = () => budget.startedAtMs + windowMs - deps.clock.monotonicMs()
    let waitMs: number | undefined = budget.tries > 0 ? deps.waitAfter(undefined, budget.tries) : 0
    for (;;) {
      if (waitMs) await deps.clock.sleep(waitMs, signal)
      signal.throwIfAborted()
      budget.tries++
      try {
        return await deps.attempt(signal, this.retry ? leftMs() : Number.POSITIVE_INFINITY)
      } catch (error) {
        if (signal.aborted) throw error
        waitMs = deps.waitAfter(error, budget.tries)
        if (!this.retry || waitMs === undefined || budget.tries >= attempts || waitMs >= leftMs()) throw error
      }
    }
  }
}
