// When instruments trade: weekdays at fixed hours of their zone, but for holidays.
import { type DayKind, globalDay, nyseDay } from './holidays.ts'
import { compactDate, instantOf, wallClock } from './zones.ts'

export interface TradingHours {
  /** Zone as the API names it. */
  zone: string
  /** Minutes from midnight of the trading day; before midnight is negative. */
  regular: readonly [open: number, close: number]
  extended: readonly [open: number, close: number]
  kindOf(year: number, month: number, day: number): DayKind
}

/** One trading day. Times are milliseconds since the epoch. */
export interface TradingDay {
  /** yyyymmdd. */
  date: string
  openMs: number
  closeMs: number
}

const hour = 60
/** When half days end. Source: NYSE, holidays and trading hours. */
const halfDayClose = { regular: 13 * hour, extended: 17 * hour }
export const tradingHours = {
  usStock: {
    zone: 'US/Eastern',
    regular: [9.5 * hour, 16 * hour],
    extended: [4 * hour, 20 * hour],
    kindOf: nyseDay,
  },
  usFuture: {
    zone: 'US/Central',
    regular: [8.5 * hour, 15 * hour],
    extended: [-7 * hour, 16 * hour],
    kindOf: globalDay,
  },
  forex: {
    zone: 'US/Eastern',
    regular: [-6.75 * hour, 17 * hour],
    extended: [-6.75 * hour, 17 * hour],
    kindOf: globalDay,
  },
  australianStock: {
    zone: 'Australia/NSW',
    regular: [10 * hour, 16 * hour],
    extended: [10 * hour, 16 * hour],
    kindOf: globalDay,
  },
} as const satisfies Record<string, TradingHours>

const dayMs = 86_400_000

/** The trading day that belongs to the calendar date `daysAway` from the one at `atMs`; undefined when that is none. */
export function tradingDay(
  hours: TradingHours,
  regularOnly: boolean,
  atMs: number,
  daysAway = 0,
): TradingDay | undefined {
  const here = wallClock(hours.zone, atMs)
  const date = new Date(Date.UTC(here.year, here.month - 1, here.day) + daysAway * dayMs)
  if (date.getUTCDay() === 0 || date.getUTCDay() === 6) return undefined
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
  const kind = hours.kindOf(year, month, day)
  if (kind === 'closed') return undefined
  const which = regularOnly ? 'regular' : 'extended'
  const [open, fullClose] = hours[which]
  const close = kind === 'half-day' ? halfDayClose[which] : fullClose
  return {
    date: compactDate({ year, month, day }),
    openMs: instantOf(hours.zone, year, month, day, open),
    closeMs: instantOf(hours.zone, year, month, day, close),
  }
}

/** Trading days that have opened before `beforeMs`, the latest first, for as long as the caller reads. */
export function* tradingDaysBefore(
  hours: TradingHours,
  regularOnly: boolean,
  beforeMs: number,
): Generator<TradingDay, never> {
  for (let daysAway = 1; ; daysAway--) {
    const day = tradingDay(hours, regularOnly, beforeMs, daysAway)
    if (day && day.openMs < beforeMs) yield day
  }
}
