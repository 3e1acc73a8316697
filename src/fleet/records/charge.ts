// Being the one manager of the store. Until the store's lock is ours and we know what the store says, gateways are watched and nothing is created,
// stopped or written.
import type { Clock } from '../../ports/clock.ts'
import { FleetError, isFleetError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'

const againMs = 2_000

export interface ChargeDeps {
  /** Takes the store's lock; STORE_UNAVAILABLE is tried again, anything else ends the manager. */
  readonly take: (signal: AbortSignal) => Promise<number | undefined>
  readonly clock: Clock
  readonly log: Log
  /** It is ours: reads what it says, before anything may be done. A failure for the store's sake puts everything off to the next try. */
  readonly readStore: () => Promise<void>
  /** It is ours and has been read: from now on everything may be done. */
  readonly onTaken: () => void
  readonly onUnavailable: (error: FleetError) => void
  readonly onRefused: (error: Error) => void
}

export class Charge {
  readonly #deps: ChargeDeps
  #held = false
  #locked = false
  #diedAt: number | undefined

  constructor(deps: ChargeDeps) {
    this.#deps = deps
  }

  get held(): boolean {
    return this.#held
  }

  /** When the manager before us was last alive (ms since the epoch), if it did not end as it should. */
  get diedAt(): number | undefined {
    return this.#diedAt
  }

  /** STORE_UNAVAILABLE while the store has not been reached since the start. */
  mustBeHeld(): void {
    if (this.#held) return
    throw new FleetError(
      'STORE_UNAVAILABLE',
      'The store has not answered since the manager started, so what it says of followers is not known and nothing can be changed yet. Gateways that run are watched; ask again when /readyz says ready.',
      { retryAfterMs: againMs },
    )
  }

  /** Resolves after the first try; goes on by itself while the store is away. Rejects when the store is somebody else's. */
  async start(signal: AbortSignal): Promise<void> {
    if (!(await this.#try(signal))) void this.#keepTrying(signal)
  }

  async #try(signal: AbortSignal): Promise<boolean> {
    try {
      if (!this.#locked) this.#diedAt = await this.#deps.take(signal)
      this.#locked = true
      await this.#deps.readStore()
      signal.throwIfAborted()
      this.#held = true
      this.#deps.onTaken()
      return true
    } catch (err) {
      if (signal.aborted) return true
      if (!isFleetError(err, 'STORE_UNAVAILABLE')) throw err
      this.#deps.onUnavailable(err)
      return false
    }
  }

  async #keepTrying(signal: AbortSignal): Promise<void> {
    const { clock, log, onRefused } = this.#deps
    try {
      do await clock.sleep(againMs, signal)
      while (!(await this.#try(signal)))
      if (this.#held) log.info({}, 'the store is back')
    } catch (err) {
      if (!signal.aborted) onRefused(err instanceof Error ? err : new Error(String(err)))
    }
  }
}
