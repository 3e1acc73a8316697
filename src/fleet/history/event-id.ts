// Ids of events: they sort by time, and so an id is a place in the history even where no event has it. Pure.
import { FleetError } from '../../ports/errors.ts'

const sameMomentDigits = 4
const shape = /^[0-9a-z]{9}-[0-9a-z]{4}$/
const rfc3339 = /^\d{4}-\d{2}-\d{2}(T|$)/i

const base36 = (value: number, digits: number) => Math.max(0, value).toString(36).padStart(digits, '0')

/** The id of the `nth` event (from 0) of a millisecond since the epoch. */
export function eventId(atMs: number, nth: number): string {
  return `${base36(atMs, 9)}-${base36(nth, sameMomentDigits)}`
}

/** The moment that an id was made for, milliseconds since the epoch. */
export function momentOf(id: string): number {
  return Number.parseInt(id.slice(0, 9), 36)
}

/** The place after everything that happened up to and in this millisecond. */
export function placeAfter(atMs: number): string {
  return `${base36(Math.floor(atMs), 9)}-${'z'.repeat(sameMomentDigits)}`
}

/** The place that a text names: an id, known or not, or an RFC 3339 time. INVALID_REQUEST, which calls it `parameter`, when it is neither. */
export function placeOf(text: string, parameter = 'since'): string {
  if (shape.test(text)) return text
  const atMs = rfc3339.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(atMs)) return placeAfter(atMs)
  throw new FleetError('INVALID_REQUEST', `${parameter} must be the id of an event or an RFC 3339 time.`, {
    faults: [{ path: 'since', message: 'must be the id of an event or an RFC 3339 time' }],
  })
}
