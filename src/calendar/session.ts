// What a trading calendar answers: when an instrument trades. And the questions that a trading program asks of one.

/** One stretch of trading without a break. Times are epoch milliseconds. */
export interface TradingSession {
  /** YYYY-MM-DD of the trading day it belongs to; a session may open the evening before, and a day may have several. */
  readonly date: string
  readonly openMs: number
  /** Not included. */
  readonly closeMs: number
}

export interface TradingTimes {
  /** IANA name; bars begin at full steps of its clock. */
  readonly timeZone: string
  /** Where the sessions come from, or those that the source covers; outside of its span they are built-in ones. */
  readonly source: 'ib-schedule' | 'contract-hours' | 'built-in'
  /** Ascending and disjoint, whole ones: those that overlap [fromMs, toMs). */
  sessions(fromMs: number, toMs: number): readonly TradingSession[]
}

/** No market is closed for longer. */
const lookAheadMs = 31 * 86_400_000

/** Whether a session is under way; at its close it is over. */
export function isOpen(times: TradingTimes, atMs: number): boolean {
  return times.sessions(atMs, atMs + 1).length > 0
}

/** When the next session opens, later than `atMs` even while one is under way; undefined when none does within a month. */
export function nextOpen(times: TradingTimes, atMs: number): number | undefined {
  return times.sessions(atMs, atMs + lookAheadMs).find(({ openMs }) => openMs > atMs)?.openMs
}
