// Bars and calendars for the tests of gaps and requests: what a file would have, with some taken out.
import type { Timeframe } from '../../schemas/market-data.ts'
import { type Slot, slotsBetween } from '../../src/bars/slots.ts'
import { timeframeFacts } from '../../src/bars/timeframes.ts'
import { builtInTimes } from '../../src/calendar/built-in.ts'
import type { TradingTimes } from '../../src/calendar/session.ts'
import type { BarRun } from '../../src/ports/bar-files.ts'

const stock = { secType: 'STK', exchange: 'SMART', currency: 'USD' }

export const calendars = {
  regular: builtInTimes(stock, true),
  extended: builtInTimes(stock, false),
  forex: builtInTimes({ secType: 'CASH', exchange: 'IDEALPRO', currency: 'USD' }, false),
  future: builtInTimes({ secType: 'FUT', exchange: 'CME', currency: 'USD' }, false),
  sydney: builtInTimes({ secType: 'STK', exchange: 'ASX', currency: 'AUD' }, true),
  tokyo: builtInTimes({ secType: 'STK', exchange: 'TSEJ', currency: 'JPY' }, true),
  crypto: builtInTimes({ secType: 'CRYPTO', exchange: 'PAXOS', currency: 'USD' }, false),
} as const satisfies Record<string, TradingTimes>

/** Every slot that starts in [fromMs, toMs). */
export function slotsOf(timeframe: Timeframe, times: TradingTimes, fromMs: number, toMs: number): Slot[] {
  return slotsBetween(timeframe, times, fromMs, toMs)
    .flatMap((slots) => Array.from({ length: slots.count }, (_, index) => slots.slot(index)))
    .filter(({ startMs }) => startMs >= fromMs && startMs < toMs)
}

/** Bars one step apart as one run, the way a file tells its coverage. */
export function runsOf(starts: readonly number[], timeframe: Timeframe): BarRun[] {
  const { stepMs } = timeframeFacts[timeframe]
  const runs: Array<{ firstMs: number; lastMs: number }> = []
  for (const startMs of starts) {
    const last = runs.at(-1)
    if (last && startMs - last.lastMs === stepMs) last.lastMs = startMs
    else runs.push({ firstMs: startMs, lastMs: startMs })
  }
  return runs
}

/** A shorter time for short bars, so that lists of them stay short. */
export function fewer(timeframe: Timeframe, lengthMs: number): number {
  return timeframe === '1m' || timeframe === '5m' ? Math.floor(lengthMs / 6) : lengthMs
}

/** Epoch milliseconds of `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM` in UTC. */
export function utc(text: string): number {
  return Date.parse(text.includes('T') ? `${text}Z` : text)
}

/** `MM-DDTHH:MM` in UTC. */
export function short(atMs: number): string {
  return new Date(atMs).toISOString().slice(5, 16)
}
