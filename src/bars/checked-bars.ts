// What of IB's answer may go into a file: whole bars in the window asked for, with sound numbers. Nothing is mended.
import type { Timeframe } from '../../schemas/market-data.ts'
import type { TradingTimes } from '../calendar/session.ts'
import type { IbBar } from '../ports/ib.ts'
import type { Bar } from '../ports/market-data.ts'

export interface BarWindow {
  readonly timeframe: Timeframe
  readonly times: TradingTimes
  /** Bars that start in [startMs, endMs) are kept. */
  readonly startMs: number
  readonly endMs: number
  /** Bars that are not complete by now are still forming. */
  readonly nowMs: number
  /** IB's security type: decides whether prices may be zero or less. */
  readonly secType: string
}

export interface CheckedBars {
  /** Ascending, without duplicates. */
  readonly bars: Bar[]
  /** One sentence for each kind of fault, with how many and the first. */
  readonly problems: string[]
}

export function checkBars(raw: readonly IbBar[], window: BarWindow): CheckedBars {
  throw new Error(`not yet ${raw} ${window}`)
}
