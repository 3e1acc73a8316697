// Times in query strings: RFC 3339, or a date; without a zone they are UTC.
import { FleetError } from '../src/ports/errors.ts'

const parts =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d+)?)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?$/

/** Milliseconds since the epoch, from text of the form that the parameter's schema asks for. INVALID_REQUEST when there is no such time. */
export function momentMs(parameter: string, text: string): number {
  const [, date = '', hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] =
    parts.exec(text) ?? []
  // A day that its month does not have would be one of the next month.
  const isDate = isSame(date, new Date(`${date}T00:00:00Z`))
  const milliseconds = fraction === '' ? '' : fraction.slice(0, 4)
  const ms = isDate
    ? Date.parse(`${date}T${hour}:${minute}:${second}${milliseconds}${zone.toUpperCase()}`)
    : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw new FleetError('INVALID_REQUEST', `${parameter} is no time that there is.`, {
    faults: [
      {
        path: `query/${parameter}`,
        message: 'must be a time that there is, like 2026-11-20T14:30:00Z or 2026-11-20',
      },
    ],
  })
}

function isSame(date: string, parsed: Date): boolean {
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(`${date}T`)
}
