// The background monitor: looks at every gateway at a fixed interval, so that a lost hint costs one interval and no more.
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

export interface MonitorDeps {
  readonly clock: Clock
  readonly log: Log
  readonly intervalMs: number
  /** One sweep; must not wait for any single gateway. */
  readonly sweep: (signal: AbortSignal) => Promise<void>
}

/** Sweeps for as long as it is started, the first time after one interval. A sweep that fails is logged, and the next comes all the same. */
export class Monitor {
  readonly #deps: MonitorDeps
  #runs = 0
  #lastRunAt: number | null = null
  #loop: Promise<void> | null = null
  #stopping = new AbortController()

  constructor(deps: MonitorDeps) {
    this.#deps = deps
  }

  /** Starts; starting twice is starting once. */
  start(): void {
    if (this.#loop) return
    this.#stopping = new AbortController()
    this.#loop = this.#run(this.#stopping.signal)
  }

  /** Ends at once, a sweep under way included. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the monitor is stopping'))
    await this.#loop
    this.#loop = null
  }

  /** For the status: `runs` are the sweeps that went well, `lastRunAt` is when the last of them ended (ms since the epoch). */
  get report(): { running: boolean; intervalSeconds: number; runs: number; lastRunAt: number | null } {
    return {
      running: this.#loop !== null,
      intervalSeconds: this.#deps.intervalMs / 1000,
      runs: this.#runs,
      lastRunAt: this.#lastRunAt,
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log, intervalMs, sweep } = this.#deps
    while (!signal.aborted) {
      try {
        await clock.sleep(intervalMs, signal)
        await sweep(signal)
        this.#runs += 1
        this.#lastRunAt = clock.now()
      } catch (err) {
        if (!signal.aborted) log.error({ err }, 'monitor sweep failed')
      }
    }
  }
}
