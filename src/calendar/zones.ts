// The clocks of exchanges, by luxon: names as IB writes them, instants of local times, offsets.
import { DateTime, IANAZone } from 'luxon'
import { type DayNumber, dayMs } from './days.ts'

const minuteMs = 60_000

/**
 * IB's short names mean the zone with its summer time: it writes EST for New York all year. As IANA names, some of them are fixed offsets
 * and others are unknown.
 */
const shortNames: Readonly<Record<string, string>> = {
  EST: 'America/New_York',
  EDT: 'America/New_York',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  MST: 'America/Denver',
  PST: 'America/Los_Angeles',
  GMT: 'UTC',
  BST: 'Europe/London',
  CET: 'Europe/Paris',
  MET: 'Europe/Paris',
  JST: 'Asia/Tokyo',
  AET: 'Australia/Sydney',
}

/** The IANA zone that IB means by a name (`US/Eastern`, `EST`, `EST (Eastern Standard Time)`); undefined when there is none. */
export function zoneNamed(name: string): string | undefined {
  const [word = ''] = name.trim().split(' ')
  const zone = shortNames[word] ?? word
  return IANAZone.isValidZone(zone) ? zone : undefined
}

/** The instant at which clocks in `zone` show that many minutes of that day; they may be negative or exceed a day. A time that summer time skips is taken an hour later. */
export function instantAt(zone: string, day: DayNumber, minutes: number): number {
  return DateTime.fromMillis(day * dayMs + minutes * minuteMs, { zone: 'utc' })
    .setZone(zone, { keepLocalTime: true })
    .toMillis()
}

/** How far clocks in `zone` are ahead of UTC at an instant. */
export function offsetMs(zone: string, atMs: number): number {
  return IANAZone.create(zone).offset(atMs) * minuteMs
}

/** The day that clocks in `zone` show at an instant. */
export function localDay(zone: string, atMs: number): DayNumber {
  return Math.floor((atMs + offsetMs(zone, atMs)) / dayMs)
}
