// Which bars a series should have and has not, and why: pure, so that a scan, a preview and a test see the same gaps.
import type { Gap, GapClass, Timeframe } from '../../schemas/market-data.ts'
import type { TradingTimes } from '../calendar/session.ts'
import type { BarRun } from '../ports/bar-files.ts'
import type { EmptyRange, OutageRecord } from '../ports/stores.ts'
import { type SessionSlots, slotsBetween } from './slots.ts'
import { timeframeFacts } from './timeframes.ts'

/** Missing bars in a row; a closed market between them does not end it, a change of class does. Times are those of slots. */
export interface FoundGap {
  /** Start of the first missing bar. */
  readonly startMs: number
  /** End of the last missing bar; not included. */
  readonly endMs: number
  readonly missingBars: number
  readonly class: GapClass
  readonly position: Gap['position']
}

export interface GapQuestion {
  readonly timeframe: Timeframe
  /** What the file has, and with `firstMs` and `lastMs` (the whole file's) whether that is all: a Coverage fits. */
  readonly runs: readonly BarRun[]
  readonly firstMs?: number
  readonly lastMs?: number
  readonly times: TradingTimes
  /** Slots that start in [fromMs, toMs) are looked at, if they are complete by `nowMs`. */
  readonly fromMs: number
  readonly toMs: number
  /** `toMs` when absent. */
  readonly nowMs?: number
  /** Slots that start in one of them are `no-data`. Ascending and disjoint. */
  readonly empty: readonly EmptyRange[]
  /** How long IB's word on an empty range holds; see `emptyHoldsMs`. */
  readonly emptyAgesMs?: (range: EmptyRange) => number
  readonly outages: readonly OutageRecord[]
}

/** Ascending. */
export function findGaps(question: GapQuestion): FoundGap[] {
  throw new Error(`not yet ${question.timeframe}`)
}
