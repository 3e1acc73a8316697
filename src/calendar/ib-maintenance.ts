// IBKR's resets and maintenance by region: when logins fail and connections are lost through nobody's fault. Pure.
import { dayMs, type Weekday, weekdayOf } from './days.ts'
import { instantAt, localDay, offsetMs } from './zones.ts'

export const ibRegions = ['america', 'europe', 'asia'] as const
/** Where IBKR keeps a login's account: which of its resets the login feels. */
export type IbRegion = (typeof ibRegions)[number]

/** One time of maintenance, milliseconds since the epoch, `toMs` not included. */
export interface MaintenanceWindow {
  /** For a person, with its local times. */
  readonly name: string
  readonly fromMs: number
  readonly toMs: number
}

/** What comes again: on these days, in minutes after midnight of `zone`. */
interface Reset {
  readonly name: string
  readonly zone: string
  readonly days: ReadonlySet<Weekday>
  readonly from: number
  readonly to: number
}

const hourMs = 3_600_000
const sundayToFriday: ReadonlySet<Weekday> = new Set<Weekday>([0, 1, 2, 3, 4, 5])
const at = (hour: number, minute: number) => hour * 60 + minute

const weekend: Reset = {
  name: "IBKR's weekend maintenance (Friday 23:00 to Saturday 03:00 New York time)",
  zone: 'America/New_York',
  days: new Set<Weekday>([5]),
  from: at(23, 0),
  to: at(27, 0),
}

/** As IBKR's system status page has them (interactivebrokers.co.uk, systemStatus.php). */
const resets: Readonly<Record<IbRegion, readonly Reset[]>> = {
  america: [
    {
      name: "IBKR's daily reset in North America (00:15 to 01:45 New York time)",
      zone: 'America/New_York',
      days: sundayToFriday,
      from: at(0, 15),
      to: at(1, 45),
    },
    weekend,
  ],
  europe: [
    {
      name: "IBKR's daily reset in Europe (06:25 to 07:45 Zurich time)",
      zone: 'Europe/Zurich',
      days: sundayToFriday,
      from: at(6, 25),
      to: at(7, 45),
    },
    weekend,
  ],
  asia: [
    {
      name: "IBKR's first daily reset in Asia-Pacific (04:45 to 06:05 Hong Kong time)",
      zone: 'Asia/Hong_Kong',
      days: sundayToFriday,
      from: at(4, 45),
      to: at(6, 5),
    },
    {
      name: "IBKR's second daily reset in Asia-Pacific (20:15 to 21:15 Hong Kong time)",
      zone: 'Asia/Hong_Kong',
      days: sundayToFriday,
      from: at(20, 15),
      to: at(21, 15),
    },
    weekend,
  ],
}

/** The window that `atMs` (since the epoch) lies in; undefined most of the time. Those of one region never overlap. */
export function maintenanceAt(atMs: number, region: IbRegion): MaintenanceWindow | undefined {
  for (const { name, zone, days, from, to } of resets[region]) {
    const today = localDay(zone, atMs)
    // One that began yesterday may reach into today.
    for (const day of [today - 1, today]) {
      if (!days.has(weekdayOf(day))) continue
      const fromMs = instantAt(zone, day, from)
      const toMs = lastInstantAt(zone, day, to)
      if (atMs >= fromMs && atMs < toMs) return { name, fromMs, toMs }
    }
  }
  return undefined
}

/** Of the two instants of a time that comes twice when summer time ends, the later: an hour too quiet harms less than a false alarm. */
function lastInstantAt(zone: string, day: number, minutes: number): number {
  const first = instantAt(zone, day, minutes)
  const shown = (ms: number) => (ms + offsetMs(zone, ms)) % dayMs
  return shown(first + hourMs) === shown(first) ? first + hourMs : first
}
