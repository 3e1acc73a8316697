// How long to wait before the next try: pure, its chance handed in.

export interface BackoffOptions {
  /** Wait after the first try; each later one doubles it. */
  readonly baseMs: number
  readonly maxMs: number
  /** Share of the wait that chance may take away, 0 … 1, so that many who failed together do not come back together. */
  readonly jitter: number
}

/** Milliseconds to wait after try number `attempt` (1 is the first). `random` gives 0 ≤ x < 1. */
export function backoffMs(attempt: number, options: BackoffOptions, random: () => number): number {
  const fullMs = Math.min(options.maxMs, options.baseMs * 2 ** (Math.max(1, attempt) - 1))
  return Math.round(fullMs * (1 - options.jitter * random()))
}
