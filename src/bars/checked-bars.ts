// What of IB's answer may go into a file: whole bars in the window asked for, with sound numbers. Nothing is mended.
import type { Timeframe } from '../../schemas/market-data.ts'
import { dayMs } from '../calendar/days.ts'
import type { TradingTimes } from '../calendar/session.ts'
import { offsetMs } from '../calendar/zones.ts'
import type { IbBar } from '../ports/ib.ts'
import type { Bar } from '../ports/market-data.ts'
import { slotsBetween } from './slots.ts'
import { timeframeFacts } from './timeframes.ts'

export interface BarWindow {
  readonly timeframe: Timeframe
  readonly times: TradingTimes
  /** Bars that start in [startMs, endMs) are kept. */
  readonly startMs: number
  readonly endMs: number
  /** Bars that are not complete by now are still forming. */
  readonly nowMs: number
  /** IB's security type: some have prices of zero and less. */
  readonly secType: string
}

export interface CheckedBars {
  /** Ascending, without duplicates. */
  readonly bars: Bar[]
  /** One sentence for each kind of fault, with how many and the first. Bars out of the window and forming ones are no fault. */
  readonly problems: string[]
}

/** Below, a price of zero or less is a mark of IB's for "none". Oil futures, spreads, options and indices have had true ones. */
const alwaysPositive = new Set(['STK', 'CASH', 'CRYPTO', 'FUND', 'BOND'])

export function checkBars(raw: readonly IbBar[], window: BarWindow): CheckedBars {
  const faults = new Faults()
  const byTime = new Map<number, Bar>()
  let latestMs = Number.NEGATIVE_INFINITY
  for (const bar of raw) {
    const { timeMs } = bar
    if (!Number.isFinite(timeMs)) {
      faults.add('have a time that is none and are left out', bar)
      continue
    }
    if (timeMs < window.startMs || timeMs >= window.endMs || !isComplete(timeMs, window)) continue
    const nonsense = nonsenseIn(bar, window.secType)
    if (nonsense) {
      faults.add(nonsense, bar)
      continue
    }
    if (timeMs < latestMs) faults.add('came out of order and are sorted', bar)
    if (byTime.has(timeMs)) faults.add('have a time that another has too: the last one is kept', bar)
    if (!isOnGrid(timeMs, window))
      faults.add('do not begin at a full step of the exchange’s clock, but are kept', bar)
    latestMs = Math.max(latestMs, timeMs)
    const { open, high, low, close, volume } = bar
    byTime.set(timeMs, { timeMs, open, high, low, close, volume })
  }
  return { bars: [...byTime.values()].sort((a, b) => a.timeMs - b.timeMs), problems: faults.sentences() }
}

function nonsenseIn({ open, high, low, close, volume }: IbBar, secType: string): string | undefined {
  if (![open, high, low, close].every(Number.isFinite)) return 'lack a price and are left out'
  if (high < Math.max(open, close) || low > Math.min(open, close))
    return 'have a high or low that others exceed and are left out'
  if (low <= 0 && alwaysPositive.has(secType)) return 'have a price of zero or less and are left out'
  if (!Number.isFinite(volume) || (volume < 0 && volume !== -1))
    return 'have a volume that is none and are left out'
  return undefined
}

/** By its slot, which a close cuts short; a bar outside of all sessions is taken to be a step long. */
function isComplete(timeMs: number, { timeframe, times, nowMs }: BarWindow): boolean {
  const { stepMs } = timeframeFacts[timeframe]
  if (timeframe !== '1d' && timeMs + stepMs <= nowMs) return true
  // Long past, for any trading day.
  if (timeMs + 3 * dayMs <= nowMs) return true
  const fromMs = timeframe === '1d' ? timeMs - dayMs + 1 : timeMs - stepMs
  for (const slots of slotsBetween(timeframe, times, fromMs, timeMs + 1)) {
    const index = slots.indexAt(timeMs)
    if (index >= 0 && index < slots.count) return slots.slot(index).closeMs <= nowMs
  }
  return timeMs + stepMs <= nowMs
}

function isOnGrid(timeMs: number, { timeframe, times }: BarWindow): boolean {
  const { stepMs } = timeframeFacts[timeframe]
  if (timeframe === '1d') return timeMs % dayMs === 0
  if ((timeMs + offsetMs(times.timeZone, timeMs)) % stepMs === 0) return true
  return times.sessions(timeMs, timeMs + 1)[0]?.openMs === timeMs
}

/** Faults by kind, so that an answer with thousands of bad bars is told in one line. */
class Faults {
  readonly #kinds = new Map<string, { count: number; readonly first: IbBar }>()

  add(kind: string, bar: IbBar): void {
    const known = this.#kinds.get(kind)
    if (known) known.count++
    else this.#kinds.set(kind, { count: 1, first: bar })
  }

  sentences(): string[] {
    return [...this.#kinds].map(
      ([kind, { count, first }]) => `${count} of IB's bars ${kind}; the first: ${inWords(first)}.`,
    )
  }
}

function inWords({ timeMs, open, high, low, close, volume }: IbBar): string {
  const time = Number.isFinite(timeMs) ? new Date(timeMs).toISOString() : 'no time'
  return `${time} O ${open} H ${high} L ${low} C ${close} V ${volume}`
}
