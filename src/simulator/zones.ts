// Wall-clock arithmetic in named time zones, on Intl alone.

export interface WallClock {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

const dayMs = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()
/** By zone and day since the epoch. */
const midnightOffsets = new Map<string, number>()
const maxOffsets = 50_000

/** The zone itself, or UTC where it is unknown, as a JVM would have it. */
export function knownZone(zone: string): string {
  try {
    formatFor(zone)
    return zone
  } catch {
    return 'UTC'
  }
}

export function wallClock(zone: string, epochMs: number): WallClock {
  const shown = new Date(Math.floor(epochMs / 1000) * 1000 + offsetMs(zone, epochMs))
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    second: shown.getUTCSeconds(),
  }
}

/** The instant at which clocks in `zone` show the given time; minutes may be negative or exceed a day. */
export function instantOf(zone: string, year: number, month: number, day: number, minutes = 0, seconds = 0) {
  const wanted = Date.UTC(year, month - 1, day, 0, minutes, seconds)
  const guess = wanted - offsetMs(zone, wanted)
  return wanted - offsetMs(zone, guess)
}

export function compactDate(at: Pick<WallClock, 'year' | 'month' | 'day'>): string {
  return `${at.year}${two(at.month)}${two(at.day)}`
}

export function clockTime(at: WallClock): string {
  return `${two(at.hour)}:${two(at.minute)}:${two(at.second)}`
}

/** `yyyymmdd HH:MM:SS <zone>`, as in the API handshake: EST all year for New York, else the long zone name. */
export function connectionTime(zone: string, epochMs: number): string {
  const at = wallClock(zone, epochMs)
  return `${compactDate(at)} ${clockTime(at)} ${zoneName(zone, epochMs)}`
}

export function two(value: number): string {
  return String(value).padStart(2, '0')
}

function zoneName(zone: string, epochMs: number): string {
  if (zone === 'America/New_York' || zone === 'US/Eastern') return 'EST'
  if (/^(Etc\/)?UTC$/.test(zone)) return 'UTC'
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'long' }).formatToParts(
    epochMs,
  )
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC'
}

/** Constant on most days, so that a year of bars asks Intl, which is slow, once a day. */
function offsetMs(zone: string, epochMs: number): number {
  const day = Math.floor(epochMs / dayMs)
  const [start, end] = [midnightOffset(zone, day), midnightOffset(zone, day + 1)]
  return start === end ? start : exactOffset(zone, epochMs)
}

function midnightOffset(zone: string, day: number): number {
  const key = `${zone} ${day}`
  let offset = midnightOffsets.get(key)
  if (offset === undefined) {
    offset = exactOffset(zone, day * dayMs)
    if (midnightOffsets.size >= maxOffsets) midnightOffsets.clear()
    midnightOffsets.set(key, offset)
  }
  return offset
}

function exactOffset(zone: string, epochMs: number): number {
  const found: Record<string, number> = {}
  for (const { type, value } of formatFor(zone).formatToParts(epochMs)) found[type] = Number(value)
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = found
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(epochMs / 1000) * 1000
}

function formatFor(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    formats.set(zone, format)
  }
  return format
}
