// One bar as text and back: times, prices, and what a bar cannot be. Pure.
import type { Timeframe } from '../../../schemas/market-data.ts'
import type { Bar } from '../../ports/market-data.ts'

const dayMs = 86_400_000
const minuteMs = 60_000
const number = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/
const dot = '.'.charCodeAt(0) - '0'.charCodeAt(0)
const powersOfTen = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent)
const epochSeconds = /^-?\d{1,12}$/
/** What ISO 8601 writes with a year of four digits. Epoch milliseconds taken for seconds are far beyond. */
const [earliestMs, latestMs] = [Date.parse('0000-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59Z')]

/** The number that `text` writes, plainly or with an exponent; NaN when it is anything else. */
export function numberIn(text: string): number {
  const plain = plainNumberIn(text)
  if (!Number.isNaN(plain) || !number.test(text)) return plain
  const value = Number(text)
  return Number.isFinite(value) ? value : Number.NaN
}

/**
 * Most prices, three times as fast as Number(): up to 15 digits and a power of ten are exact, and so their quotient is the number nearest to
 * what is written. NaN for whatever is written otherwise.
 */
function plainNumberIn(text: string): number {
  let digits = 0
  let decimals = -1
  if (text.length === 0 || text.length > 16) return Number.NaN
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit >= 0 && digit <= 9) {
      digits = digits * 10 + digit
      if (decimals >= 0) decimals++
    } else if (digit === dot && decimals < 0 && at > 0) decimals = 0
    else return Number.NaN
  }
  if (decimals < 0) return text.length < 16 ? digits : Number.NaN
  return digits / (powersOfTen[decimals] ?? Number.NaN)
}

/** Shortest form that reads back as the same number, never with an exponent. */
export function numberText(value: number): string {
  const text = String(value)
  const [mantissa = '', exponent] = text.split('e')
  if (exponent === undefined) return text
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)\.?(\d*)$/.exec(mantissa) ?? []
  const point = whole.length + Number(exponent)
  const digits = whole + fraction
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return `${sign}${digits.padEnd(point, '0')}`
}

/** Reads times in epoch milliseconds, NaN for what is none; remembers the day read last, for the next bar is mostly of the same. */
export function timeReader(isEpoch: boolean): (text: string) => number {
  if (isEpoch)
    return (text) => {
      const ms = epochSeconds.test(text) ? Number(text) * 1000 : Number.NaN
      return isTime(ms) ? ms : Number.NaN
    }
  let day = ''
  let dayStartMs = Number.NaN
  return (text) => {
    if (text.length !== 20 || !hasIsoMarks(text)) return Number.NaN
    if (!text.startsWith(day) || day === '') {
      day = text.slice(0, 10)
      dayStartMs = midnight(day)
    }
    const hours = twoDigits(text, 11)
    const minutes = twoDigits(text, 14)
    const seconds = twoDigits(text, 17)
    if (!(hours < 24 && minutes < 60 && seconds < 60)) return Number.NaN
    return dayStartMs + ((hours * 60 + minutes) * 60 + seconds) * 1000
  }
}

/** `2026-11-20T14:30:00Z`, or epoch seconds. */
export function timeText(timeMs: number, isEpoch: boolean): string {
  return isEpoch ? String(timeMs / 1000) : `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}

/** Why there can be no such bar of this timeframe; undefined for a sound one. */
export function barFault(bar: Bar, timeframe: Timeframe): string | undefined {
  const { timeMs, open, high, low, close, volume } = bar
  if (timeframe === '1d') {
    if (!Number.isInteger(timeMs / dayMs)) return 'the time of a daily bar is not midnight UTC'
  } else if (!Number.isInteger(timeMs / minuteMs)) return 'the time is not a whole minute'
  if (high < open) return `high ${high} is below open ${open}`
  if (high < close) return `high ${high} is below close ${close}`
  if (high < low) return `high ${high} is below low ${low}`
  if (low > open) return `low ${low} is above open ${open}`
  if (low > close) return `low ${low} is above close ${close}`
  if (volume < 0 && volume !== -1) return `volume ${volume} is negative`
  return undefined
}

/** Why `bar` cannot be written, whoever made it. */
export function unwritable(bar: Bar, timeframe: Timeframe): string | undefined {
  const { timeMs, open, high, low, close, volume } = bar
  if (!isTime(timeMs)) return 'the time is none'
  for (const [field, value] of Object.entries({ open, high, low, close, volume }))
    if (!Number.isFinite(value)) return `${field} is not a number: ${value}`
  return barFault(bar, timeframe)
}

export function isSameBar(a: Bar, b: Bar): boolean {
  return (
    a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close && a.volume === b.volume
  )
}

function isTime(ms: number): boolean {
  return ms >= earliestMs && ms <= latestMs
}

/** NaN for a day that no calendar has: Date.parse takes February 30th for March 2nd. */
function midnight(day: string): number {
  const ms = Date.parse(`${day}T00:00:00Z`)
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day ? Number.NaN : ms
}

/** `T`, colons and `Z` of a time of 20 characters. */
function hasIsoMarks(text: string): boolean {
  return (
    text.charCodeAt(10) === 0x54 &&
    text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a &&
    text.charCodeAt(19) === 0x5a
  )
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}
