// What was counted within the last stretch of time, exactly: no stretch of that length ever holds more than the limit.
import type { Limit, Rule } from './rules.ts'

export class SlidingWindow {
  readonly #limit: Limit
  /** Oldest first. */
  readonly #counted: Array<{ readonly atMs: number; readonly weight: number }> = []
  #weight = 0

  constructor(limit: Limit) {
    this.#limit = limit
  }

  /** Counts what happens now, whether there is room or not. */
  count(nowMs: number, weight = 1): void {
    this.#forget(nowMs)
    this.#counted.push({ atMs: nowMs, weight })
    this.#weight += weight
  }

  /** When there is room for `weight` if nothing else is counted; `nowMs` when there is now. */
  freeAtMs(nowMs: number, weight = 1): number {
    this.#forget(nowMs)
    let excess = this.#weight + weight - this.#limit.limit
    let freeAtMs = nowMs
    for (const counted of this.#counted) {
      if (excess <= 0) break
      excess -= counted.weight
      freeAtMs = counted.atMs + this.#limit.windowMs
    }
    return freeAtMs
  }

  isEmpty(nowMs: number): boolean {
    this.#forget(nowMs)
    return this.#counted.length === 0
  }

  #forget(nowMs: number): void {
    const horizonMs = nowMs - this.#limit.windowMs
    for (let [oldest] = this.#counted; oldest && oldest.atMs <= horizonMs; [oldest] = this.#counted) {
      this.#counted.shift()
      this.#weight -= oldest.weight
    }
  }
}

/** The windows of many rules, by their keys; those that hold nothing are forgotten. */
export class SlidingWindows {
  readonly #windows = new Map<string, SlidingWindow>()

  /** Counts what happens now by all of `rules`. */
  count(rules: readonly Rule[], nowMs: number): void {
    for (const [key, window] of this.#windows) if (window.isEmpty(nowMs)) this.#windows.delete(key)
    for (const rule of rules) {
      const window = this.#windows.get(rule.key) ?? new SlidingWindow(rule)
      this.#windows.set(rule.key, window)
      window.count(nowMs, rule.weight)
    }
  }

  freeAtMs({ key, weight }: Rule, nowMs: number): number {
    return this.#windows.get(key)?.freeAtMs(nowMs, weight) ?? nowMs
  }
}
