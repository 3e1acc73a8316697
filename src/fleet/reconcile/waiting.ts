// Callers that wait for a gateway to get somewhere: `?wait=`, deletion. Woken by each change of state, sent away by the shutdown.
import { setMaxListeners } from 'node:events'
import type { Clock } from '../../ports/clock.ts'
import { FleetError } from '../../ports/errors.ts'
import type { Keeper } from './keeper.ts'

interface Waiter {
  readonly arrived: (keeper: Keeper) => boolean
  readonly wake: () => void
}

/** Everyone who waits, by gateway. Whoever changes a gateway's state tells it by `notice`; a shutdown ends all waiting by `close`. */
export class Waiting {
  readonly #clock: Clock
  readonly #waiters = new Map<string, Set<Waiter>>()
  readonly #closing = new AbortController()

  constructor(clock: Clock) {
    this.#clock = clock
    // As many callers as there are may wait at once.
    setMaxListeners(0, this.#closing.signal)
  }

  /**
   * True once `arrived` holds (checked now and after each change), false when `ms` are over or the caller's signal aborts first. SHUTTING_DOWN when
   * the manager stops meanwhile.
   */
  async until(
    keeper: Keeper,
    arrived: (keeper: Keeper) => boolean,
    ms: number,
    signal?: AbortSignal,
  ): Promise<boolean> {
    if (arrived(keeper)) return true
    const closing = this.#closing.signal
    if (closing.aborted) throw shuttingDown()
    if (ms <= 0 || signal?.aborted) return false
    const over = new AbortController()
    const waiters = this.#waitersOf(keeper.follower.id)
    let waiter: Waiter | undefined
    try {
      return await new Promise<boolean>((resolve, reject) => {
        waiter = { arrived, wake: () => resolve(true) }
        waiters.add(waiter)
        const cancel = this.#clock.schedule(ms, () => resolve(false))
        over.signal.addEventListener('abort', cancel, { once: true })
        signal?.addEventListener('abort', () => resolve(false), { once: true, signal: over.signal })
        closing.addEventListener('abort', () => reject(shuttingDown()), { once: true, signal: over.signal })
      })
    } finally {
      over.abort()
      if (waiter) waiters.delete(waiter)
      if (waiters.size === 0) this.#waiters.delete(keeper.follower.id)
    }
  }

  /** The keeper's state has changed. */
  notice(keeper: Keeper): void {
    for (const waiter of this.#waiters.get(keeper.follower.id) ?? [])
      if (waiter.arrived(keeper)) waiter.wake()
  }

  /** Rejects everyone with SHUTTING_DOWN. */
  close(): void {
    this.#closing.abort()
  }

  #waitersOf(followerId: string): Set<Waiter> {
    const waiters = this.#waiters.get(followerId) ?? new Set()
    this.#waiters.set(followerId, waiters)
    return waiters
  }
}

export const shuttingDown = () =>
  new FleetError('SHUTTING_DOWN', 'The manager is shutting down; ask again when it is back.', {
    retryAfterMs: 5_000,
  })
