// "N per window" limits over remembered time stamps: crash loops and login budgets. Pure.

/** At most `limit` in any `windowMs`; a limit of 0 switches it off. */
export interface Limit {
  readonly limit: number
  readonly windowMs: number
}

/** The stamps that still count at `now`. */
export function withinWindow(stamps: readonly number[], { windowMs }: Limit, now: number): number[] {
  return stamps.filter((at) => at > now - windowMs)
}

/** Whether as many as allowed have happened, so that another would be too many. */
export function isSpent(stamps: readonly number[], limit: Limit, now: number): boolean {
  return limit.limit > 0 && withinWindow(stamps, limit, now).length >= limit.limit
}

/** When the oldest counted stamp stops counting, so that one more would fit again (ms since the epoch). */
export function freeAgainAt(stamps: readonly number[], limit: Limit, now: number): number {
  const counted = withinWindow(stamps, limit, now)
  const oldest = counted[counted.length - limit.limit]
  return oldest === undefined ? now : oldest + limit.windowMs
}
