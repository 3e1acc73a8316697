// The lines of a bar file: its header, and rows as bars, each one checked. Pure; udsv splits the lines, this file judges them.
import { inferSchema, initParser } from 'udsv'
import type { Timeframe } from '../../../schemas/market-data.ts'
import type { Bar } from '../../ports/market-data.ts'
import { barFault, numberIn, timeReader } from './values.ts'

export const header = 'timestamp,open,high,low,close,volume'
const byteOrderMark = '\u00ef\u00bb\u00bf'
const ownFields = ['timestamp', 'open', 'high', 'low', 'close', 'volume'] as const
const lineFeed = 10
const carriageReturn = 13

/** What is wrong with a file, and at which of its bytes (unzipped, when it is a gzip file). */
export class FileFault extends Error {
  override readonly name = 'FileFault'
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/** How a file is written, so that new lines can be like the old ones. */
export interface Manner {
  /** The first byte after the header. */
  readonly bodyStart: number
  readonly lineEnd: '\n' | '\r\n'
  /** At least six; what follows the volume is somebody else's, and kept. */
  readonly columns: number
  readonly isEpoch: boolean
}

/**
 * Takes one row; `at` is its first byte, `length` that of its first six fields. False ends the reading.
 */
export type OnRow = (bar: Bar, at: number, length: number) => boolean

/** From the begin of a file, whose text is latin1 so that a character is a byte. FileFault. */
export function mannerOf(text: string): Manner {
  if (text === '') throw new FileFault(0, 'the file is empty')
  const start = text.startsWith(byteOrderMark) ? byteOrderMark.length : 0
  const end = text.indexOf('\n')
  const first = text.slice(start, end < 0 ? undefined : end)
  const line = first.endsWith('\r') ? first.slice(0, -1) : first
  if (line !== header && !line.startsWith(`${header},`))
    throw new FileFault(0, `the header is ${quoted(line)} instead of ${header}`)
  const bodyStart = end < 0 ? text.length : end + 1
  return {
    bodyStart,
    lineEnd: first.endsWith('\r') ? '\r\n' : '\n',
    columns: line.split(',').length,
    isEpoch: /^-?\d+,/.test(text.slice(bodyStart, bodyStart + 32)),
  }
}

/** Reads the rows of one file from any of its lines on, portion by portion; each row must be later than the one before. */
export class RowReader {
  readonly #manner: Manner
  readonly #timeframe: Timeframe
  readonly #timeOf: (text: string) => number
  readonly #parser: ReturnType<typeof initParser>
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(manner: Manner, timeframe: Timeframe) {
    this.#manner = manner
    this.#timeframe = timeframe
    this.#timeOf = timeReader(manner.isEpoch)
    const row = `${Array(manner.columns).fill('0').join(',')}\n`
    this.#parser = initParser(inferSchema(row, { col: ',', row: '\n', encl: '', header: () => [] }))
  }

  /** `text` is whole lines, beginning at byte `start` of the file. False when `onRow` ended it. FileFault. */
  read(text: string, start: number, onRow: OnRow): boolean {
    let at = 0
    let isEnded = false
    // A callback that keeps no row: udsv then gathers none.
    this.#parser.stringArrs<string[] & []>(text, (fields: string[]) => {
      const length = ownLength(fields)
      const end = at + length + restLength(fields)
      const bar = this.#bar(fields, text, end)
      if (typeof bar === 'string') throw new FileFault(start + at, this.#why(bar, text, at))
      this.#lastMs = bar.timeMs
      isEnded = !onRow(bar, start + at, length)
      at = end + 1
      return !isEnded
    })
    // udsv passes over empty lines without a word.
    if (!isEnded && at < text.length)
      throw new FileFault(start + at, this.#why('it cannot be read', text, at))
    return !isEnded
  }

  /** udsv takes as many fields as it was told, across lines if it must: the ends, and each field, show whether it had to. */
  #bar(fields: readonly string[], text: string, end: number): Bar | string {
    if (end !== text.length && text.charCodeAt(end) !== lineFeed) return 'it cannot be read'
    if (fields.length > ownFields.length && hasStrayField(fields)) return 'it cannot be read'
    const bar: Bar = {
      timeMs: this.#timeOf(fields[0] ?? ''),
      open: numberIn(fields[1] ?? ''),
      high: numberIn(fields[2] ?? ''),
      low: numberIn(fields[3] ?? ''),
      close: numberIn(fields[4] ?? ''),
      volume: numberIn(withoutReturn(fields[5] ?? '')),
    }
    if (Number.isNaN(bar.timeMs)) return this.#timeFault(fields[0] ?? '')
    if (Number.isNaN(bar.open + bar.high + bar.low + bar.close + bar.volume)) return numberFault(fields)
    if (bar.timeMs === this.#lastMs) return 'it repeats the time of the line before'
    if (bar.timeMs < this.#lastMs) return 'its time is before that of the line before'
    return barFault(bar, this.#timeframe) ?? bar
  }

  #timeFault(time: string): string {
    const form = this.#manner.isEpoch
      ? 'epoch seconds, as in the first row'
      : 'a UTC time like 2026-11-20T14:30:00Z'
    return `${quoted(time)} is not ${form}`
  }

  /** `fault` unless the whole line shows a better reason. */
  #why(fault: string, text: string, at: number): string {
    const end = text.indexOf('\n', at)
    const line = withoutReturn(text.slice(at, end < 0 ? undefined : end))
    if (line === '') return 'it is empty'
    if (line.includes('\0')) return 'it has NUL bytes, as a crash or a full disk leaves them'
    const count = line.split(',').length
    if (count !== this.#manner.columns) return `it has ${count} fields instead of ${this.#manner.columns}`
    return fault
  }
}

/** Whether a field after the volume holds the end of a line, or the last one a comma. */
function hasStrayField(fields: readonly string[]): boolean {
  for (let column = ownFields.length; column < fields.length; column++)
    if (fields[column]?.includes('\n')) return true
  return fields.at(-1)?.includes(',') ?? false
}

/** Of the first six fields. In a file with CRLF the return belongs to the last field of a line. */
function ownLength(fields: readonly string[]): number {
  let length = ownFields.length - 1
  for (let column = 0; column < ownFields.length; column++) length += fields[column]?.length ?? 0
  return hasReturn(fields[ownFields.length - 1] ?? '') ? length - 1 : length
}

/** Of what follows, to the end of the line. */
function restLength(fields: readonly string[]): number {
  let length = hasReturn(fields[ownFields.length - 1] ?? '') ? 1 : 0
  for (let column = ownFields.length; column < fields.length; column++)
    length += 1 + (fields[column]?.length ?? 0)
  return length
}

function hasReturn(field: string): boolean {
  return field.charCodeAt(field.length - 1) === carriageReturn
}

function withoutReturn(field: string): string {
  return hasReturn(field) ? field.slice(0, -1) : field
}

function numberFault(fields: readonly string[]): string {
  const column = fields.findIndex((field, at) => at > 0 && Number.isNaN(numberIn(withoutReturn(field))))
  return `${ownFields[column]} is not a number: ${quoted(withoutReturn(fields[column] ?? ''))}`
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
