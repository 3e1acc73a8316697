// `--since`: a place in the history, as people write it. Pure.
import { CliError } from './io.ts'

const eventId = /^[0-9a-z]{9}-[0-9a-z]{4}$/
const ago = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/
const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const day = /^\d{4}-\d{2}-\d{2}$/
const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/i

/**
 * What the API takes as `since`: an event id as it is, or an RFC 3339 time in UTC. `5m`, `2h` and `1d` are so long before `now`
 * (milliseconds since the epoch); a time or date without a zone is UTC, as everywhere in the API. CliError `usage` for anything else.
 */
export function sincePlace(text: string, now: number): string {
  if (eventId.test(text)) return text
  const atMs = momentMs(text, now)
  // Dates beyond what a Date can hold are as wrong as words.
  if (!Number.isNaN(new Date(atMs).getTime())) return new Date(atMs).toISOString()
  throw new CliError(
    'usage',
    `--since takes an age (5m, 2h, 1d), a time (RFC 3339, like 2026-01-31T14:30:00Z) or the id of an event; got "${text}"`,
  )
}

function momentMs(text: string, now: number): number {
  const [, amount, unit] = ago.exec(text) ?? []
  if (unit) return now - Number(amount) * units[unit as keyof typeof units]
  if (day.test(text)) return Date.parse(text)
  const [, zone] = moment.exec(text) ?? [undefined, null]
  return zone === null ? Number.NaN : Date.parse(zone ? text : `${text}Z`)
}
