// The bars that a session should have, by arithmetic rather than as lists: a year of minutes costs no more than its sessions.
import type { Timeframe } from '../../schemas/market-data.ts'
import { dayMs } from '../calendar/days.ts'
import type { TradingSession, TradingTimes } from '../calendar/session.ts'
import { offsetMs } from '../calendar/zones.ts'
import { timeframeFacts } from './timeframes.ts'

/** The place of one bar. Epoch milliseconds. */
export interface Slot {
  /** The bar's time: when it begins; for 1d the midnight UTC of the trading day. */
  readonly startMs: number
  /** When the next slot begins, or the session closes; for 1d the next midnight UTC. Not included. */
  readonly endMs: number
  /** The trading in it, which for 1d is the whole trading day's. The bar is complete at `closeMs`. */
  readonly openMs: number
  readonly closeMs: number
}

/** The slots of one session, or for 1d of one trading day; ascending, indexed from 0. */
export interface SessionSlots {
  /** YYYY-MM-DD of the trading day. */
  readonly date: string
  /** The slots lie in [startMs, endMs). */
  readonly startMs: number
  readonly endMs: number
  /** The trading in them. */
  readonly openMs: number
  readonly closeMs: number
  readonly count: number
  /** Only for 0 … count-1. */
  slot(index: number): Slot
  /** The slot that holds the instant; -1 before the first, `count` after the last. */
  indexAt(atMs: number): number
  /** The first slot that starts at `atMs` or later; `count` when none does. */
  indexFrom(atMs: number): number
  /** How many, counted from the first, are complete at `atMs`. */
  completeAt(atMs: number): number
  /** Those with trading in [fromMs, toMs). */
  tradedWithin(fromMs: number, toMs: number): SlotSpan
  /** Those that lie in [fromMs, toMs) whole; for 1d it is enough when either the date (UTC) or the trading ends there. */
  lyingWithin(fromMs: number, toMs: number): SlotSpan
}

/** Slots from `first` up to `end`, not included; none when that is not more. */
export interface SlotSpan {
  readonly first: number
  readonly end: number
}

/** Every session, or for 1d trading day, with a slot that starts in [fromMs, toMs); it may have others that do not. */
export function slotsBetween(
  timeframe: Timeframe,
  times: TradingTimes,
  fromMs: number,
  toMs: number,
): SessionSlots[] {
  const within = ({ count, indexFrom }: SessionSlots) => {
    const first = indexFrom(fromMs)
    return first < count && first < indexFrom(toMs)
  }
  if (timeframe === '1d') {
    // A trading day may open in the evening before and close in the night after its date by UTC.
    const sessions = times.sessions(fromMs - 2 * dayMs, toMs + 2 * dayMs)
    return tradingDays(sessions).map(daySlots).filter(within)
  }
  return times
    .sessions(fromMs, toMs)
    .map((session) => sessionSlots(session, timeframe, times.timeZone))
    .filter(within)
}

/** The first bar begins at the open, the others at full steps of the local clock: hours from 09:30 are 09:30, 10:00, 11:00 (as IB cuts them). */
export function sessionSlots(
  { date, openMs, closeMs }: TradingSession,
  timeframe: Exclude<Timeframe, '1d'>,
  timeZone: string,
): SessionSlots {
  const { stepMs } = timeframeFacts[timeframe]
  // The clock that shows at the open holds for the whole session: no market changes its clock while it trades.
  const sinceStepMs = modulo(openMs + offsetMs(timeZone, openMs), stepMs)
  const secondMs = openMs - sinceStepMs + stepMs
  const count = closeMs <= openMs ? 0 : 1 + Math.max(0, Math.ceil((closeMs - secondMs) / stepMs))
  const indexAt = (atMs: number) => {
    if (atMs < openMs) return -1
    if (atMs >= closeMs) return count
    return atMs < secondMs ? 0 : 1 + Math.floor((atMs - secondMs) / stepMs)
  }
  const indexFrom = (atMs: number) => {
    if (atMs <= openMs) return 0
    return atMs <= secondMs ? Math.min(1, count) : Math.min(count, 1 + Math.ceil((atMs - secondMs) / stepMs))
  }
  const completeAt = (atMs: number) => Math.max(0, indexAt(atMs))
  return {
    date,
    startMs: openMs,
    endMs: closeMs,
    openMs,
    closeMs,
    count,
    slot(index) {
      const startMs = index === 0 ? openMs : secondMs + (index - 1) * stepMs
      const endMs = Math.min(closeMs, secondMs + index * stepMs)
      return { startMs, endMs, openMs: startMs, closeMs: endMs }
    },
    indexAt,
    indexFrom,
    completeAt,
    lyingWithin: (fromMs, toMs) => ({ first: indexFrom(fromMs), end: completeAt(toMs) }),
    tradedWithin: (fromMs, toMs) => ({ first: Math.max(0, indexAt(fromMs)), end: indexFrom(toMs) }),
  }
}

/** The sessions of each trading day as one, from its first open to its last close. */
export function tradingDays(sessions: readonly TradingSession[]): TradingSession[] {
  const days: TradingSession[] = []
  for (const session of sessions) {
    const last = days.at(-1)
    if (last?.date === session.date) days[days.length - 1] = { ...last, closeMs: session.closeMs }
    else days.push(session)
  }
  return days
}

function daySlots({ date, openMs, closeMs }: TradingSession): SessionSlots {
  const startMs = Date.parse(date)
  const endMs = startMs + dayMs
  return {
    date,
    startMs,
    endMs,
    openMs,
    closeMs,
    count: 1,
    slot: () => ({ startMs, endMs, openMs, closeMs }),
    indexAt: (atMs) => (atMs < startMs ? -1 : atMs < endMs ? 0 : 1),
    indexFrom: (atMs) => (atMs <= startMs ? 0 : 1),
    completeAt: (atMs) => (atMs >= closeMs ? 1 : 0),
    lyingWithin: (fromMs, toMs) => ({
      first: fromMs <= startMs ? 0 : 1,
      end: Math.min(endMs, closeMs) <= toMs ? 1 : 0,
    }),
    tradedWithin: (fromMs, toMs) => ({ first: fromMs < closeMs ? 0 : 1, end: openMs < toMs ? 1 : 0 }),
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}
