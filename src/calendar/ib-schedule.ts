// IB's own word on when an instrument trades, laid over built-in times, which go on where it ends.
import type { IbSchedule } from '../ports/ib.ts'
import { parseContractHours } from './contract-hours.ts'
import { isoDate, parseDay } from './days.ts'
import { firstClosingAfter } from './rule-times.ts'
import type { TradingSession, TradingTimes } from './session.ts'
import { instantAt, zoneNamed } from './zones.ts'

export interface TimesFromIb {
  /** The fallback itself when nothing of IB's text could be used. */
  readonly times: TradingTimes
  /** What was left out and why, for a person. */
  readonly problems: readonly string[]
}

/** Days that a source speaks for, both included, and its sessions in them. */
interface Known {
  readonly firstDate: string
  readonly lastDate: string
  readonly sessions: readonly TradingSession[]
}

/**
 * From IB's answer to a schedule request. IB speaks for the days from its first session to its last; with `askedToMs`, the end of the time it was
 * asked about, no fallback session that ended between its last one and that counts either (a holiday today).
 */
export function ibTimes(schedule: IbSchedule, fallback: TradingTimes, askedToMs?: number): TimesFromIb {
  const zone = zoneNamed(schedule.timeZone)
  if (!zone) return { times: fallback, problems: [unknownZone('trading schedule', schedule.timeZone)] }
  const problems: string[] = []
  const sessions: TradingSession[] = []
  for (const { start, end, date } of schedule.sessions) {
    const day = parseDay(date)
    const openMs = parseTime(start, zone)
    const closeMs = parseTime(end, zone)
    if (day !== undefined && openMs !== undefined && closeMs !== undefined && openMs < closeMs)
      sessions.push({ date: isoDate(day), openMs, closeMs })
    else problems.push(`IB's trading schedule holds a session that is none: ${start} to ${end} of ${date}.`)
  }
  return overlay('ib-schedule', zone, sessions, problems, fallback, undefined, askedToMs)
}

/** From `tradingHours` or `liquidHours` of contract details, with their `timeZoneId`. IB speaks for the days it names, closed ones too. */
export function contractHoursTimes(text: string, timeZone: string, fallback: TradingTimes): TimesFromIb {
  const zone = zoneNamed(timeZone)
  if (!zone) return { times: fallback, problems: [unknownZone('contract hours', timeZone)] }
  const { sessions, closedDates, problems } = parseContractHours(text, zone)
  return overlay('contract-hours', zone, sessions, problems, fallback, closedDates)
}

function overlay(
  source: TradingTimes['source'],
  timeZone: string,
  unordered: readonly TradingSession[],
  problems: string[],
  fallback: TradingTimes,
  closedDates: readonly string[] = [],
  askedToMs = Number.NEGATIVE_INFINITY,
): TimesFromIb {
  const sessions = disjoint(unordered, problems)
  const dates = [...sessions.map(({ date }) => date), ...closedDates].sort()
  const [firstDate, lastDate] = [dates[0], dates.at(-1)]
  if (firstDate === undefined || lastDate === undefined) return { times: fallback, problems }
  const known: Known = { firstDate, lastDate, sessions }
  const times: TradingTimes = {
    timeZone,
    source,
    sessions(fromMs, toMs) {
      if (!(fromMs < toMs)) return []
      const around = fallback.sessions(fromMs, toMs).flatMap((session) => outside(known, session, askedToMs))
      const own: TradingSession[] = []
      let index = firstClosingAfter(sessions, fromMs)
      for (let next = sessions[index]; next && next.openMs < toMs; next = sessions[++index]) own.push(next)
      return [
        ...around.filter(({ date }) => date < firstDate),
        ...own,
        ...around.filter(({ date }) => date > lastDate),
      ].filter(({ openMs, closeMs }) => openMs < toMs && closeMs > fromMs)
    },
  }
  return { times, problems }
}

/** What of a fallback session is left beside those that IB speaks for: all, a part, or nothing. */
function outside(known: Known, session: TradingSession, askedToMs: number): TradingSession[] {
  const { firstDate, lastDate, sessions } = known
  const { date, openMs, closeMs } = session
  const before = date < firstDate
  if (!before && (date <= lastDate || closeMs <= askedToMs)) return []
  // Where the fallback's days are wider than IB's, they may overlap at the seam.
  const cut = before
    ? { date, openMs, closeMs: Math.min(closeMs, sessions[0]?.openMs ?? closeMs) }
    : { date, openMs: Math.max(openMs, sessions.at(-1)?.closeMs ?? openMs), closeMs }
  return cut.openMs < cut.closeMs ? [cut] : []
}

/** Ascending; one that overlaps an earlier one is left out. */
function disjoint(sessions: readonly TradingSession[], problems: string[]): TradingSession[] {
  const kept: TradingSession[] = []
  for (const session of sessions.toSorted((a, b) => a.openMs - b.openMs || a.closeMs - b.closeMs)) {
    const last = kept.at(-1)
    if (!last || session.openMs >= last.closeMs) kept.push(session)
    else if (session.openMs !== last.openMs || session.closeMs !== last.closeMs)
      problems.push(
        `IB names overlapping sessions, of ${last.date} and ${session.date}; the second is left out.`,
      )
  }
  return kept
}

/** `yyyymmdd-HH:MM:SS` on the clock of the zone. */
function parseTime(text: string, zone: string): number | undefined {
  const [, date = '', hours, minutes, seconds] = /^(\d{8})-(\d\d):(\d\d):(\d\d)$/.exec(text) ?? []
  const day = parseDay(date)
  if (day === undefined || Number(hours) > 24 || Number(minutes) > 59 || Number(seconds) > 59)
    return undefined
  return instantAt(zone, day, Number(hours) * 60 + Number(minutes) + Number(seconds) / 60)
}

function unknownZone(what: string, zone: string): string {
  return `INVALID time zone "${zone}" in IB's ${what}: built-in trading times are used.`
}
