// Whether a gateway is getting slow: the round trips of its checks against those of its good days. Pure.

/** Checks that make a judgement. */
const recent = 3
/** Checks at the beginning that say what is normal here. */
const baseline = 5
/** So many times slower than normal is slow, */
const slowFactor = 5
/** but nothing below this is worth a word, */
const unremarkableMs = 250
/** and anything above that is slow, whatever is normal. */
const alwaysSlowMs = 3_000

export interface RoundTrips {
  readonly normal: readonly number[]
  readonly latest: readonly number[]
}

export const noRoundTrips: RoundTrips = { normal: [], latest: [] }

export function withRoundTrip({ normal, latest }: RoundTrips, ms: number): RoundTrips {
  return {
    normal: normal.length < baseline ? [...normal, ms] : normal,
    latest: [...latest, ms].slice(-recent),
  }
}

/** The median of the latest checks in milliseconds when it is slow, else undefined. */
export function slowness({ normal, latest }: RoundTrips): number | undefined {
  if (latest.length < recent) return undefined
  const now = median(latest)
  const limit = Math.min(alwaysSlowMs, Math.max(unremarkableMs, slowFactor * median(normal)))
  return now > limit ? now : undefined
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
