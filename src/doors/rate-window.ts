// At most so many in any stretch of so long, for each of many keys: an exact sliding window in bounded memory.
import type { Clock } from '../ports/clock.ts'

export interface RateWindowOptions {
  readonly limit: number
  readonly windowMs: number
  /** Keys that are remembered at a time; the one known longest makes room. */
  readonly maxKeys: number
  readonly clock: Clock
}

export class RateWindow {
  readonly #options: RateWindowOptions
  /** When each key was let through, oldest first; never more than `limit` times. */
  readonly #passed = new Map<string, number[]>()

  constructor(options: RateWindowOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#passed.size
  }

  /** 0 when `key` may pass, and that is counted; else how long it must wait, in milliseconds. */
  take(key: string): number {
    const { limit, windowMs, clock } = this.#options
    const now = clock.monotonicMs()
    const passed = this.#passed.get(key) ?? this.#remember(key)
    if (passed.length >= limit) {
      const firstInside = passed.findIndex((at) => at > now - windowMs)
      passed.splice(0, firstInside === -1 ? passed.length : firstInside)
    }
    const [oldest] = passed
    if (oldest !== undefined && passed.length >= limit) return oldest + windowMs - now
    passed.push(now)
    return 0
  }

  #remember(key: string): number[] {
    if (this.#passed.size >= this.#options.maxKeys) {
      for (const oldest of this.#passed.keys()) {
        this.#passed.delete(oldest)
        break
      }
    }
    const passed: number[] = []
    this.#passed.set(key, passed)
    return passed
  }
}
