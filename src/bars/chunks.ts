// The requests that fetch missing bars from IB: as few as its limits allow, newest first.
import type { Timeframe } from '../../schemas/market-data.ts'
import type { TradingTimes } from '../calendar/session.ts'

/** Times of slots: [startMs, endMs). */
export interface SlotRange {
  readonly startMs: number
  readonly endMs: number
}

/** One request to IB. Bars that start in [startMs, endMs) are what it is for; IB may send others. */
export interface BarRequest extends SlotRange {
  /** IbHistory's `endMs` and `duration`. */
  readonly askEndMs: number
  readonly duration: string
  /** Trading days that it spans. */
  readonly sessions: number
  /** Slots in the ranges that it covers. */
  readonly missingBars: number
}

/** Covers each slot that starts in one of `ranges` by exactly one request; none spans more than `maxSessions` trading days. */
export function planRequests(
  ranges: readonly SlotRange[],
  timeframe: Timeframe,
  times: TradingTimes,
  maxSessions?: number,
): BarRequest[] {
  throw new Error(`not yet ${ranges} ${timeframe} ${times} ${maxSessions}`)
}
