// When a gateway will next restart by itself: its own auto-restart time in its own zone. Pure, DST included.

const dayMs = 86_400_000
/** Times and zones are people's settings: a fleet has a handful of pairs. */
const mostKnown = 1_000

/** By time and zone, what was found and from when it holds: until its moment has come. Zones are costly to ask, and every view of a gateway asks. */
const known = new Map<string, { readonly from: number; readonly at: number }>()

/** Offset of `zone` from UTC at an instant, in ms (positive east). */
function offsetMs(zone: string, at: number): number {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const local = Date.UTC(
    parts.year ?? 0,
    (parts.month ?? 1) - 1,
    parts.day ?? 1,
    parts.hour ?? 0,
    parts.minute ?? 0,
    parts.second ?? 0,
  )
  return local - Math.floor(at / 1000) * 1000
}

/**
 * Next instant (ms since the epoch) after `now` at which the wall clock of `timeZone` shows `autoRestartTime` (IBC's `hh:mm AM`); undefined for a
 * time or zone that cannot be read.
 */
export function nextPlannedRestart(
  autoRestartTime: string,
  timeZone: string,
  now: number,
): number | undefined {
  const key = `${autoRestartTime} ${timeZone}`
  const last = known.get(key)
  if (last && last.from <= now && now < last.at) return last.at
  const at = findNext(autoRestartTime, timeZone, now)
  if (at === undefined) return undefined
  if (known.size >= mostKnown) known.clear()
  known.set(key, { from: now, at })
  return at
}

function findNext(autoRestartTime: string, timeZone: string, now: number): number | undefined {
  const match = /^(\d{2}):(\d{2}) (AM|PM)$/.exec(autoRestartTime)
  if (!match) return undefined
  const sinceMidnightMs =
    ((Number(match[1]) % 12) + (match[3] === 'PM' ? 12 : 0)) * 3_600_000 + Number(match[2]) * 60_000
  try {
    const localNow = now + offsetMs(timeZone, now)
    const localMidnight = Math.floor(localNow / dayMs) * dayMs
    for (const day of [0, 1, 2]) {
      const local = localMidnight + day * dayMs + sinceMidnightMs
      const guess = local - offsetMs(timeZone, local)
      const at = local - offsetMs(timeZone, guess)
      if (at > now) return at
    }
  } catch {
    return undefined
  }
  return undefined
}

/** Whether `zone` is one that this system knows (IANA name). */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
