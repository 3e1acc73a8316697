// Reads the text of IB's `tradingHours` and `liquidHours`. What cannot be read is skipped, and told.
import { type DayNumber, dayMs, isoDate, parseDay } from './days.ts'
import type { TradingSession } from './session.ts'
import { instantAt, localDay } from './zones.ts'

export interface ContractHours {
  readonly sessions: readonly TradingSession[]
  /** YYYY-MM-DD; days that the text names as closed. */
  readonly closedDates: readonly string[]
  readonly problems: string[]
}

/**
 * Two forms, also mixed, parts separated by `;` (TWS API, "Contract Details"):
 * `20221229:0400-20221229:2000` and, before TWS 970, `20090507:0700-1830,1830-2330`; `20221231:CLOSED` in both.
 */
export function parseContractHours(text: string, zone: string): ContractHours {
  const sessions: TradingSession[] = []
  const closedDates: string[] = []
  const problems: string[] = []
  for (const part of text.split(';').map((part) => part.trim())) {
    if (part === '') continue
    const parsed = parsePart(part, zone)
    if (parsed === undefined)
      problems.push(`IB's contract hours hold a part that is none: ${part.slice(0, 80)}`)
    else if ('closed' in parsed) closedDates.push(parsed.closed)
    else sessions.push(...parsed)
  }
  return { sessions, closedDates, problems }
}

function parsePart(part: string, zone: string): TradingSession[] | { closed: string } | undefined {
  const [, date = '', rest = ''] = /^(\d{8}):(.+)$/.exec(part) ?? []
  const day = parseDay(date)
  if (day === undefined) return undefined
  if (rest === 'CLOSED') return { closed: isoDate(day) }
  const sessions = rest.split(',').map((range) => parseRange(range, day, zone))
  return sessions.every((session) => session !== undefined) ? sessions : undefined
}

function parseRange(range: string, day: DayNumber, zone: string): TradingSession | undefined {
  const [, open = '', endDate, close = ''] = /^(\d{4})-(?:(\d{8}):)?(\d{4})$/.exec(range) ?? []
  const openMinute = minuteOf(open)
  const closeMinute = minuteOf(close)
  if (openMinute === undefined || closeMinute === undefined) return undefined
  if (endDate === undefined) return oldRange(day, openMinute, closeMinute || 24 * 60, zone)
  const endDay = parseDay(endDate)
  if (endDay === undefined) return undefined
  const openMs = instantAt(zone, day, openMinute)
  const closeMs = instantAt(zone, endDay, closeMinute)
  // More than some days is a slip of somebody's, and would hide gaps.
  if (closeMs <= openMs || closeMs - openMs > 8 * dayMs) return undefined
  // The text does not say which day it belongs to; markets count an evening to the day in which the session ends.
  return { date: isoDate(localDay(zone, closeMs - 1)), openMs, closeMs }
}

/** Times of the old form belong to the day they are listed under; an open after the close is the evening before. */
function oldRange(day: DayNumber, openMinute: number, closeMinute: number, zone: string): TradingSession {
  const openDay = openMinute >= closeMinute ? day - 1 : day
  return {
    date: isoDate(day),
    openMs: instantAt(zone, openDay, openMinute),
    closeMs: instantAt(zone, day, closeMinute),
  }
}

/** Minutes of `HHMM`, 2400 included. */
function minuteOf(text: string): number | undefined {
  const minutes = Number(text.slice(0, 2)) * 60 + Number(text.slice(2))
  return text.length === 4 && Number(text.slice(2)) < 60 && minutes <= 24 * 60 ? minutes : undefined
}
