// What IB was asked for and did not have every bar of: what still counts, and how an answer is remembered. Pure.
import type { BarRun } from '../ports/bar-files.ts'
import type { EmptyRange } from '../ports/stores.ts'

const dayMs = 86_400_000

/** Bars of `runs` that start in [fromMs, toMs). */
export function barsWithin(runs: readonly BarRun[], fromMs: number, toMs: number, stepMs: number): number {
  let bars = 0
  for (const { firstMs, lastMs } of runs) {
    if (lastMs < fromMs || firstMs >= toMs) continue
    const first = Math.max(0, Math.ceil((fromMs - firstMs) / stepMs))
    const last = Math.floor((Math.min(lastMs, toMs - 1) - firstMs) / stepMs)
    bars += Math.max(0, last - first + 1)
  }
  return bars
}

/** The ranges that still have all that IB answered with; in the others bars were lost since, so they are asked for again. */
export function stillEmpty(
  ranges: readonly EmptyRange[],
  runs: readonly BarRun[],
  stepMs: number,
): EmptyRange[] {
  return ranges.filter(({ fromMs, toMs, bars }) => barsWithin(runs, fromMs, toMs, stepMs) >= bars)
}

/**
 * The ranges with one more; ascending and disjoint, as before. It takes the place of those that it overlaps (what they said of the rest is asked
 * again), and goes on from one that it follows directly on the same day (UTC), so that a day that is asked for in many small parts stays one
 * range. What ended before `forgetMs` goes.
 */
export function withEmptyRange(
  ranges: readonly EmptyRange[],
  added: EmptyRange,
  forgetMs: number,
): EmptyRange[] {
  const kept = ranges.filter(
    ({ fromMs, toMs }) => toMs > forgetMs && (toMs <= added.fromMs || fromMs >= added.toMs),
  )
  const before = kept.findIndex(
    ({ fromMs, toMs }) =>
      toMs === added.fromMs && Math.floor(fromMs / dayMs) === Math.floor((added.toMs - 1) / dayMs),
  )
  const earlier = kept[before]
  if (earlier) kept[before] = { ...added, fromMs: earlier.fromMs, bars: earlier.bars + added.bars }
  else kept.push(added)
  return kept.sort((a, b) => a.fromMs - b.fromMs)
}
