// Trading times that follow a rule per calendar day, worked out year by year and kept.
import { type DayNumber, dayMs, dayNumber, isoDate } from './days.ts'
import type { TradingSession, TradingTimes } from './session.ts'
import { instantAt } from './zones.ts'

/** Minutes from local midnight of the trading day; negative is the evening before. */
export type Span = readonly [openMinute: number, closeMinute: number]

/** When a trading day trades, ascending; nothing when it does not. */
export type DayRule = (day: DayNumber) => readonly Span[]

/** Years without sessions on either side: what is asked beyond is answered with none. */
const firstYear = 1970
const finalYear = 2100

export function timesByRule(timeZone: string, rule: DayRule): TradingTimes {
  const years = new Map<number, readonly TradingSession[]>()
  const sessionsOf = (year: number) => {
    let sessions = years.get(year)
    if (!sessions) {
      sessions = sessionsOfYear(year, timeZone, rule)
      years.set(year, sessions)
    }
    return sessions
  }
  return {
    timeZone,
    source: 'built-in',
    sessions(fromMs, toMs) {
      const found: TradingSession[] = []
      if (!(fromMs < toMs)) return found
      // A trading day's sessions may lie in the day before and, by UTC, in the day after.
      const lastYear = yearOf(toMs + 2 * dayMs)
      for (let year = yearOf(fromMs - 2 * dayMs); year <= lastYear; year++) {
        const sessions = sessionsOf(year)
        let index = firstClosingAfter(sessions, fromMs)
        for (let session = sessions[index]; session && session.openMs < toMs; session = sessions[++index])
          found.push(session)
      }
      return found
    },
  }
}

/** Index of the first of ascending sessions that closes after `atMs`; their number when none does. */
export function firstClosingAfter(sessions: readonly TradingSession[], atMs: number): number {
  let low = 0
  let high = sessions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sessions[middle]?.closeMs ?? 0) > atMs) high = middle
    else low = middle + 1
  }
  return low
}

function sessionsOfYear(year: number, timeZone: string, rule: DayRule): readonly TradingSession[] {
  const sessions: TradingSession[] = []
  const end = dayNumber(year + 1, 1, 1)
  for (let day = dayNumber(year, 1, 1); day < end; day++) {
    for (const [open, close] of rule(day))
      sessions.push({
        date: isoDate(day),
        openMs: instantAt(timeZone, day, open),
        closeMs: instantAt(timeZone, day, close),
      })
  }
  return sessions
}

function yearOf(atMs: number): number {
  if (atMs >= Date.UTC(finalYear, 0, 1)) return finalYear
  if (!(atMs >= Date.UTC(firstYear, 0, 1))) return firstYear
  return new Date(atMs).getUTCFullYear()
}
