// The plan of one trading day as a person or another program writes it: what it must look like, and reading it with every way it can be bad.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { parseDay } from '../calendar/days.ts'

/** A gameplan is a few hundred bytes. What is larger is something else, and is not read. */
const maxBytes = 1024 * 1024
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is to be found
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g

export const Gameplan = Type.Object({
  date: Type.String({
    pattern: '^\\d{4}-\\d\\d-\\d\\d$',
    description: 'The day it is for, YYYY-MM-DD in New York.',
  }),
  strategy: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$',
    description: 'C, or the name of a strategy that a module provides.',
  }),
  symbols: Type.Array(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,39}$' }), { maxItems: 1000 }),
  hard_limits: Type.Object({
    max_daily_loss_pct: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      description: "Share of the day's opening net liquidation; 0.10 is 10 %.",
    }),
    max_single_position: Type.Number({ exclusiveMinimum: 0, description: 'Units of a symbol.' }),
  }),
})
export type Gameplan = Static<typeof Gameplan>

export type BadGameplan = 'missing' | 'malformed' | 'stale'

/** `why` is a whole sentence for a person; so is each warning. */
export type GameplanReading =
  | { readonly ok: true; readonly gameplan: Gameplan; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly kind: BadGameplan; readonly why: string }

/** What the log says of a bad reading: constant messages. */
export const defaultingToC: Readonly<Record<BadGameplan, string>> = {
  missing: 'No gameplan found, defaulting to Strategy C',
  malformed: 'Gameplan malformed, defaulting to Strategy C',
  stale: 'Gameplan is not for today, defaulting to Strategy C',
}

/** Reads at most 1 MiB, and only a regular file; never rejects. `newYorkDate` is today's date there. */
export async function readGameplan(path: string, newYorkDate: string): Promise<GameplanReading> {
  let file: FileHandle | undefined
  try {
    // A named pipe without a writer would be waited for for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const found = await file.stat()
    if (!found.isFile())
      return malformed(`${path} is ${found.isDirectory() ? 'a folder' : 'not a file'}; put a gameplan there.`)
    // One byte more than may be there: a file can grow while it is read.
    const bytes = found.size > maxBytes ? found.size : await readUpTo(file, maxBytes + 1)
    if (typeof bytes === 'number' || bytes.length > maxBytes)
      return malformed(`${path} is larger than 1 MiB; that is no gameplan, and it was not read.`)
    return parseGameplan(new TextDecoder('utf-8', { fatal: true }).decode(bytes), newYorkDate, path)
  } catch (error) {
    return unreadable(path, error)
  } finally {
    await file?.close().catch(() => {})
  }
}

/** The text of a file as a gameplan. A field that we do not know is a warning: who wrote it may know more, and no limit can be lost, since each is required. */
export function parseGameplan(text: string, newYorkDate: string, path = 'the gameplan'): GameplanReading {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return malformed(`${path} is not JSON: ${(error as Error).message}`)
  }
  if (!Value.Check(Gameplan, value)) return malformed(`${path} is no gameplan: ${faultsOf(value)}.`)
  const { date } = value
  if (parseDay(date) === undefined)
    return malformed(`${path} is for ${date}, a day that the calendar does not have.`)
  if (date !== newYorkDate)
    return {
      ok: false,
      kind: 'stale',
      why: `${path} is for ${date}, and in New York it is ${newYorkDate}; write one for today.`,
    }
  return { ok: true, gameplan: onlyKnown(value), warnings: unknownFields(value, path) }
}

/** Field by field, as what is not known may be nested deeper than any function that copies it can go. */
function onlyKnown({ date, strategy, symbols, hard_limits }: Gameplan): Gameplan {
  const { max_daily_loss_pct, max_single_position } = hard_limits
  return { date, strategy, symbols, hard_limits: { max_daily_loss_pct, max_single_position } }
}

async function readUpTo(file: FileHandle, limit: number): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  while (length < limit) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(65_536, limit - length)))
    if (bytesRead === 0) break
    chunks.push(buffer.subarray(0, bytesRead))
    length += bytesRead
  }
  return Buffer.concat(chunks)
}

function malformed(why: string): GameplanReading {
  return { ok: false, kind: 'malformed', why: plain(why) }
}

/** On one line and without tricks: the parser quotes the file, and the sentence is shown on terminals and in alerts. */
function plain(sentence: string): string {
  return sentence.replace(controls, '?')
}

function unreadable(path: string, error: unknown): GameplanReading {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return { ok: false, kind: 'missing', why: `There is no ${path}.` }
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return malformed(`${path} is not text in UTF-8.`)
  return malformed(`${path} cannot be read: ${code ?? message}.`)
}

function faultsOf(value: unknown): string {
  const faults = [...Value.Errors(Gameplan, value)].slice(0, 5).map(({ instancePath, message }) => {
    const field = instancePath.slice(1).replaceAll('/', '.')
    return field ? `${field} ${message}` : message
  })
  return [...new Set(faults)].join('; ')
}

function unknownFields(value: Gameplan, path: string): string[] {
  const known = (fields: object, schema: object, prefix: string) =>
    Object.keys(fields)
      .filter((name) => !Object.hasOwn(schema, name))
      .map((name) => `${prefix}${name.slice(0, 40)}`)
  const unknown = [
    ...known(value, Gameplan.properties, ''),
    ...known(value.hard_limits, Gameplan.properties.hard_limits.properties, 'hard_limits.'),
  ]
  if (unknown.length === 0) return []
  return [
    plain(`${path} has fields that are not known here and do nothing: ${unknown.slice(0, 10).join(', ')}.`),
  ]
}
