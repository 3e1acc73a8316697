// One pacer per gateway, found by its address, so that all sessions with it share its windows and a new one finds what was sent before.
import type { Clock } from '../../ports/clock.ts'
import type { PacingLevels } from '../../ports/levels.ts'
import { Pacer, type PacingOptions } from './pacer.ts'

/** Longer than any window, so that nothing is left to remember. */
const forgottenAfterMs = 610_000

interface Entry {
  readonly pacer: WeakRef<Pacer>
  /** Kept for its memory, until it has none. After that it lives as long as a session holds it. */
  kept: Pacer | undefined
}

export class Pacers {
  readonly #clock: Clock
  readonly #options: PacingOptions
  readonly #entries = new Map<string, Entry>()

  /** `options` hold for every pacer. */
  constructor(clock: Clock, options: PacingOptions = {}) {
    this.#clock = clock
    this.#options = options
  }

  /** The pacer of this gateway; the same for all who hold it or ask within ten minutes of its last use. */
  of(host: string, port: number): Pacer {
    this.#sweep()
    const endpoint = `${host}:${port}`
    const entry = this.#entries.get(endpoint)
    const known = entry?.pacer.deref()
    if (entry && known) {
      entry.kept = known
      return known
    }
    const pacer = new Pacer(this.#clock, this.#options)
    this.#entries.set(endpoint, { pacer: new WeakRef(pacer), kept: pacer })
    return pacer
  }

  /** What waits and what is open now, at all gateways. */
  levels(): PacingLevels {
    const levels = { queued: 0, open: 0 }
    for (const { pacer } of this.#entries.values()) {
      const stats = pacer.deref()?.stats()
      levels.queued += stats?.queued ?? 0
      levels.open += stats?.open ?? 0
    }
    return levels
  }

  /** Gateways that are remembered. */
  get size(): number {
    this.#sweep()
    return this.#entries.size
  }

  #sweep(): void {
    for (const [endpoint, entry] of this.#entries) {
      if (entry.kept && entry.kept.idleMs > forgottenAfterMs) entry.kept = undefined
      if (!entry.pacer.deref()) this.#entries.delete(endpoint)
    }
  }
}
