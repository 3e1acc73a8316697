// What IB has to be told for each length of a bar, and how much of it one request may ask.
import type { Timeframe } from '../../schemas/market-data.ts'

export interface TimeframeFacts {
  readonly stepMs: number
  /** IB's words for it. */
  readonly barSize: string
  /**
   * Trading days that one request may span, by IB's table of durations and bar sizes (TWS API, "Historical Data Limitations"): 1 D, 1 W, 1 M, 1 Y.
   * IB applies it softly to bars of a minute and more, so callers may choose another.
   */
  readonly maxSessions: number
}

const minuteMs = 60_000

export const timeframeFacts: Readonly<Record<Timeframe, TimeframeFacts>> = {
  '1m': { stepMs: minuteMs, barSize: '1 min', maxSessions: 1 },
  '5m': { stepMs: 5 * minuteMs, barSize: '5 mins', maxSessions: 5 },
  '15m': { stepMs: 15 * minuteMs, barSize: '15 mins', maxSessions: 5 },
  '30m': { stepMs: 30 * minuteMs, barSize: '30 mins', maxSessions: 20 },
  '1h': { stepMs: 60 * minuteMs, barSize: '1 hour', maxSessions: 20 },
  '4h': { stepMs: 240 * minuteMs, barSize: '4 hours', maxSessions: 20 },
  '1d': { stepMs: 1440 * minuteMs, barSize: '1 day', maxSessions: 250 },
}
