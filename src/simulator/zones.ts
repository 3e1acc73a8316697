// Wall-clock arithmetic in named time zones, on Intl alone.

export interface WallClock {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

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
  const found: Record<string, number> = {}
  for (const { type, value } of formatFor(zone).formatToParts(epochMs)) found[type] = Number(value)
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = found
  return { year, month, day, hour, minute, second }
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

function offsetMs(zone: string, epochMs: number): number {
  const at = wallClock(zone, epochMs)
  const shown = Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second)
  return shown - Math.floor(epochMs / 1000) * 1000
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
