// IB's own word on when an instrument trades, laid over built-in times, which go on where it ends.
import type { IbSchedule } from '../ports/ib.ts'
import type { TradingTimes } from './session.ts'

export interface TimesFromIb {
  /** The fallback itself when nothing of IB's text could be used. */
  readonly times: TradingTimes
  /** What was left out and why, for a person. */
  readonly problems: readonly string[]
}

/** `askedToMs`: the end of the time that IB was asked about, so that no fallback session is taken for one between IB's last and that. */
export function ibTimes(schedule: IbSchedule, fallback: TradingTimes, askedToMs?: number): TimesFromIb {
  throw new Error(`not yet ${schedule} ${fallback} ${askedToMs}`)
}

/** From `tradingHours` or `liquidHours` of contract details. */
export function contractHoursTimes(text: string, timeZone: string, fallback: TradingTimes): TimesFromIb {
  throw new Error(`not yet ${text} ${timeZone} ${fallback}`)
}
