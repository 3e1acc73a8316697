// When the bot trades: the regular hours of the New York Stock Exchange, and the date there.
import { builtInTimes } from '../calendar/built-in.ts'
import { isoDate } from '../calendar/days.ts'
import { isOpen, nextOpen } from '../calendar/session.ts'
import { localDay } from '../calendar/zones.ts'

const times = builtInTimes({ secType: 'STK', exchange: 'NYSE', currency: 'USD' }, true)

/** YYYY-MM-DD by the clock of New York at an instant: the day that a gameplan is for. */
export function newYorkDate(atMs: number): string {
  return isoDate(localDay('America/New_York', atMs))
}

/** Whether the regular session is under way; at its close it is over. */
export function isMarketOpen(atMs: number): boolean {
  return isOpen(times, atMs)
}

/** When the next regular session opens, later than `atMs`. The exchange is never closed for a month, so there always is one. */
export function nextMarketOpen(atMs: number): number {
  const openMs = nextOpen(times, atMs)
  if (openMs === undefined) throw new RangeError(`No trading session within a month of ${atMs}.`)
  return openMs
}

/** When the session under way closes (13:00 in New York on half days); undefined outside of sessions. */
export function sessionClose(atMs: number): number | undefined {
  return times.sessions(atMs, atMs + 1)[0]?.closeMs
}
