// When IBKR's systems are reset, so that a lost upstream is no alarm. Pure. The North American windows of IBKR's system status page.

/** Minutes after midnight, New York. */
interface Window {
  readonly days: readonly string[]
  readonly from: number
  readonly to: number
}

const daily = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri']
const windows: readonly Window[] = [
  { days: daily, from: 15, to: 105 },
  { days: ['Fri'], from: 23 * 60, to: 24 * 60 },
  { days: ['Sat'], from: 0, to: 3 * 60 },
]

const newYork = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})

/** Whether `at` (ms since the epoch) lies in the daily reset (00:15-01:45 ET but Saturdays) or the weekend's (Fri 23:00-Sat 03:00 ET) of North America. */
export function isMaintenance(at: number): boolean {
  const parts = Object.fromEntries(newYork.formatToParts(at).map(({ type, value }) => [type, value]))
  const minute = Number(parts.hour) * 60 + Number(parts.minute)
  return windows.some(
    ({ days, from, to }) => days.includes(parts.weekday ?? '') && minute >= from && minute < to,
  )
}
