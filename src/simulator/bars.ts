// Made-up prices as a pure function of instrument and time: who asks twice gets the same bars.
import { fnv1a } from './accounts.ts'
import type { Instrument } from './catalogue.ts'
import { type TradingDay, tradingDaysBefore } from './trading-hours.ts'
import { instantOf, wallClock } from './zones.ts'

const minuteMs = 60_000
const quietShare = 1 / 3
const seeds = new WeakMap<Instrument, number>()

export interface SimulatedBar {
  /** Start of the bar; for bars of a day and more, the open of its first trading day. */
  startMs: number
  /** yyyymmdd of the (first) trading day. */
  date: string
  open: number
  high: number
  low: number
  close: number
  volume: number
  wap: number
  count: number
}

export type BarSize = { seconds: number } | { calendar: 'day' | 'week' | 'month' }
export type Duration = { count: number; unit: 'S' | 'D' | 'W' | 'M' | 'Y' }

/** Bar sizes by the text that requests carry. */
export const barSizes: Readonly<Record<string, BarSize>> = {
  '1 secs': { seconds: 1 },
  '1 sec': { seconds: 1 },
  '5 secs': { seconds: 5 },
  '10 secs': { seconds: 10 },
  '15 secs': { seconds: 15 },
  '30 secs': { seconds: 30 },
  '1 min': { seconds: 60 },
  '1 mins': { seconds: 60 },
  '2 mins': { seconds: 120 },
  '3 mins': { seconds: 180 },
  '5 mins': { seconds: 300 },
  '10 mins': { seconds: 600 },
  '15 mins': { seconds: 900 },
  '20 mins': { seconds: 1_200 },
  '30 mins': { seconds: 1_800 },
  '1 hour': { seconds: 3_600 },
  '2 hours': { seconds: 7_200 },
  '3 hours': { seconds: 10_800 },
  '4 hours': { seconds: 14_400 },
  '8 hours': { seconds: 28_800 },
  '1 day': { calendar: 'day' },
  '1 week': { calendar: 'week' },
  '1W': { calendar: 'week' },
  '1 month': { calendar: 'month' },
  '1M': { calendar: 'month' },
}

/** The instrument's price at an instant, rounded to its tick. */
export function priceAt(instrument: Instrument, atMs: number): number {
  const seed = seedOf(instrument)
  const seconds = atMs / 1000
  const phase = seed % 1_000
  const drift = 0.12 * Math.sin(seconds / 2_600_000 + phase) + 0.01 * Math.sin(seconds / 43_000 + phase * 3)
  const swing = 0.0015 * Math.sin(seconds / 377 + phase * 7)
  const noise = 0.0008 * (share(seed, Math.floor(seconds / 5)) - 0.5)
  return toTick(instrument.basePrice * (1 + drift + swing + noise), instrument.minTick)
}

/** The trading days a duration reaches back from `endMs`, oldest first, and the instant where it begins. */
export function daysCovered(
  instrument: Instrument,
  duration: Duration,
  endMs: number,
  regularOnly: boolean,
): { days: TradingDay[]; startMs: number } {
  const firstMs = headMs(instrument, regularOnly)
  const calendarStartMs = calendarStart(duration, endMs)
  const days: TradingDay[] = []
  let startMs = calendarStartMs ?? endMs
  let remainingMs = duration.count * 1000
  for (const day of tradingDaysBefore(instrument.hours, regularOnly, endMs)) {
    if (day.openMs < firstMs) break
    if (instrument.expiry !== '' && day.date > instrument.expiry) continue
    if (calendarStartMs !== undefined && day.closeMs <= calendarStartMs) break
    days.unshift(day)
    if (duration.unit === 'S') {
      const openForMs = Math.min(day.closeMs, endMs) - day.openMs
      startMs = day.openMs + Math.max(0, openForMs - remainingMs)
      remainingMs -= openForMs
      if (remainingMs <= 0) break
    } else if (duration.unit === 'D') {
      startMs = day.openMs
      if (days.length === duration.count) break
    }
  }
  return { days, startMs }
}

/** The bars that begin before `endMs`, the one that `nowMs` is in as far as it has come. */
export function barsOf(
  instrument: Instrument,
  size: BarSize,
  { days, startMs }: { days: readonly TradingDay[]; startMs: number },
  endMs: number,
  nowMs: number,
): SimulatedBar[] {
  if ('calendar' in size) return calendarBars(instrument, size.calendar, days, nowMs)
  const bars: SimulatedBar[] = []
  const stepMs = size.seconds * 1000
  for (const day of days) {
    const until = Math.min(day.closeMs, endMs)
    const midnightMs = localMidnight(instrument, day)
    for (let at = day.openMs; at < until; ) {
      // The first bar runs from the open to the next full step of the local clock.
      const next = midnightMs + (Math.floor((at - midnightMs) / stepMs) + 1) * stepMs
      if (at >= startMs && tradesBetween(instrument, at, next))
        bars.push(bar(instrument, at, Math.min(next, day.closeMs, nowMs), day.date))
      at = next
    }
  }
  return bars
}

/** Whether there is a bar of this time: of a thinly traded instrument, about one minute in three has none. */
export function tradesBetween({ conId, thin }: Instrument, startMs: number, endMs: number): boolean {
  if (!thin) return true
  for (let minute = Math.floor(startMs / minuteMs); minute * minuteMs < endMs; minute++)
    if (share(conId, minute) > quietShare) return true
  return false
}

/** When data begins: the open of the first day. */
export function headMs(instrument: Instrument, regularOnly: boolean): number {
  const [year, month, day] = [
    instrument.since.slice(0, 4),
    instrument.since.slice(4, 6),
    instrument.since.slice(6),
  ].map(Number)
  const { hours } = instrument
  const [open] = regularOnly ? hours.regular : hours.extended
  return instantOf(hours.zone, year ?? 0, month ?? 1, day ?? 1, open)
}

export function bar(instrument: Instrument, startMs: number, endMs: number, date: string): SimulatedBar {
  const span = endMs - startMs
  const path = [0, 0.2, 0.4, 0.6, 0.8].map((part) => priceAt(instrument, startMs + part * span))
  const close = priceAt(instrument, endMs)
  const open = path[0] ?? close
  const seed = fnv1a(`${instrument.conId}:${startMs}`)
  const volume = Math.max(1, Math.round((span / 1000) * (20 + (seed % 200))))
  return {
    startMs,
    date,
    open,
    high: Math.max(...path, close),
    low: Math.min(...path, close),
    close,
    volume,
    wap: toTick((open + close) / 2, instrument.minTick / 10),
    count: Math.max(1, Math.round(volume / 90)),
  }
}

export function toTick(price: number, tick: number): number {
  return Math.round(Math.round(price / tick) * tick * 1e6) / 1e6
}

function calendarBars(
  instrument: Instrument,
  unit: 'day' | 'week' | 'month',
  days: readonly TradingDay[],
  nowMs: number,
): SimulatedBar[] {
  const groups = new Map<string, TradingDay[]>()
  for (const day of days) {
    const period = unit === 'day' ? day.date : periodOf(unit, day.date)
    groups.set(period, [...(groups.get(period) ?? []), day])
  }
  return [...groups.values()].flatMap((group) => {
    const parts = group.map((day) => bar(instrument, day.openMs, Math.min(day.closeMs, nowMs), day.date))
    const [first] = parts
    if (!first) return []
    const total = (pick: (part: SimulatedBar) => number) => parts.reduce((sum, part) => sum + pick(part), 0)
    return {
      ...first,
      high: Math.max(...parts.map(({ high }) => high)),
      low: Math.min(...parts.map(({ low }) => low)),
      close: parts.at(-1)?.close ?? first.close,
      volume: total(({ volume }) => volume),
      count: total(({ count }) => count),
    }
  })
}

function periodOf(unit: 'week' | 'month', date: string): string {
  if (unit === 'month') return date.slice(0, 6)
  const dayNumber = Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`) / 86_400_000
  return String(Math.floor((dayNumber + 3) / 7))
}

function calendarStart({ count, unit }: Duration, endMs: number): number | undefined {
  if (unit === 'S' || unit === 'D') return undefined
  if (unit === 'W') return endMs - count * 7 * 86_400_000
  const date = new Date(endMs)
  date.setUTCMonth(date.getUTCMonth() - count * (unit === 'M' ? 1 : 12))
  return date.getTime()
}

function localMidnight(instrument: Instrument, day: TradingDay): number {
  const at = wallClock(instrument.hours.zone, day.openMs)
  return instantOf(instrument.hours.zone, at.year, at.month, at.day)
}

function seedOf(instrument: Instrument): number {
  let seed = seeds.get(instrument)
  if (seed === undefined) {
    seed = fnv1a(String(instrument.conId))
    seeds.set(instrument, seed)
  }
  return seed
}

/** An even share of 0..1 that depends on both numbers. */
function share(seed: number, step: number): number {
  let mixed = Math.imul(seed ^ (step * 0x9e3779b1), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
}
