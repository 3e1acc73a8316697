// Market data in memory, for tests of the HTTP layer: the port's promises, without files or IB. Tests move it by its own fields and methods.
import type { Gap, GapFillerStatus, Series, SeriesCreate } from '../../schemas/market-data.ts'
import { FleetError } from '../../src/ports/errors.ts'
import type { Caller } from '../../src/ports/fleet.ts'
import type { Bar, BarsAnswer, BarsRequest, MarketData, SeriesName } from '../../src/ports/market-data.ts'

export const firstBarMs = Date.UTC(2026, 10, 20, 14, 30)

/** The bar of minute `n`; its prices tell which it is. */
export function minuteBar(n: number): Bar {
  const close = 100 + n / 100
  return { timeMs: firstBarMs + n * 60_000, open: 100, high: close, low: 99.5, close, volume: n }
}

type Page = { limit: number; cursor?: string; symbol?: string; timeframe?: string }

export class FakeMarketData implements MarketData {
  readonly series = new Map<string, Series>()
  gaps: Gap[] = []
  filler: GapFillerStatus = {
    enabled: true,
    running: false,
    series: 0,
    gapsFound: 0,
    gapsFilled: 0,
    barsWritten: 0,
    failed: 0,
    pacingWaits: 0,
    pacingErrors: 0,
  }
  /** Who asked for what, besides reading. */
  readonly callers: Caller[] = []
  /** What `bars` was asked for. */
  readonly requests: BarsRequest[] = []
  /** What `bars` answers besides the bars. */
  answer: Pick<BarsAnswer, 'source' | 'complete' | 'gaps' | 'note'> = {
    source: 'local',
    complete: true,
    gaps: [],
  }
  /** How many bars there are, and how many come in a portion. */
  count = 3
  portion = 1_000
  /** After so many bars reading fails with this. */
  damage: { readonly after: number; readonly error: Error } | null = null
  /** Bars that have been taken. */
  taken = 0
  /** Iterations of bars that have not ended. */
  readers = 0
  /** Subscriptions of streams that nobody has given up. */
  subscriptions = 0
  /** While set, `bars` waits until its signal aborts. */
  isHolding = false
  held = 0
  /** While set, whatever reaches for IB or a file fails with it. */
  outage: Error | null = null

  #coming: Bar[] = []
  #wake: () => void = () => {}

  /** A bar for the streams. */
  publish(bar: Bar): void {
    this.#coming.push(bar)
    this.#wake()
  }

  listSeries(query: Page) {
    return pageOf([...this.series.values()].sort(bySymbol), query)
  }

  async trackSeries(series: SeriesCreate, caller: Caller): Promise<Series> {
    const key = keyOf(series)
    if (this.series.get(key)?.origin === 'tracked')
      throw new FleetError('SERIES_EXISTS', `${key} is tracked already.`)
    const stock = { secType: 'STK', exchange: 'SMART', currency: 'USD', whatToShow: 'TRADES', useRth: false }
    const tracked = {
      ...(stock as Omit<Series, 'symbol' | 'timeframe'>),
      ...series,
      origin: 'tracked',
    } as const
    this.series.set(key, tracked)
    this.callers.push(caller)
    return tracked
  }

  async untrackSeries(name: SeriesName, caller: Caller): Promise<void> {
    if (!this.series.delete(keyOf(name)))
      throw new FleetError('SERIES_NOT_FOUND', `${keyOf(name)} is not tracked.`)
    this.callers.push(caller)
  }

  listGaps(query: Page & { class?: string }) {
    const ofClass = this.gaps.filter((gap) => query.class === undefined || gap.class === query.class)
    return pageOf(ofClass, query)
  }

  gapFillerStatus(): GapFillerStatus {
    return this.filler
  }

  forceScan(caller: Caller): { scanId: string } {
    if (this.filler.running) throw new FleetError('SCAN_RUNNING', `Scan ${this.filler.scanId} is running.`)
    this.callers.push(caller)
    this.filler = { ...this.filler, running: true, scanId: 'scan-1' }
    return { scanId: 'scan-1' }
  }

  async bars(request: BarsRequest, signal: AbortSignal): Promise<BarsAnswer> {
    this.requests.push(request)
    if (this.outage) throw this.outage
    if (this.isHolding) await this.#hold(signal)
    const { symbol, timeframe } = request
    return { symbol, timeframe, ...this.answer, bars: this.#read() }
  }

  async streamBars(_symbol: string, signal: AbortSignal): Promise<AsyncIterable<Bar>> {
    if (this.outage) throw this.outage
    this.subscriptions += 1
    signal.addEventListener(
      'abort',
      () => {
        this.subscriptions -= 1
      },
      { once: true },
    )
    return this.#follow(signal)
  }

  dataConnection() {
    return { state: 'connected' as const, host: '127.0.0.1', port: 4002, clientId: 1, reconnects: 0 }
  }

  async *#read(): AsyncGenerator<readonly Bar[]> {
    this.readers += 1
    try {
      for (let from = 0; from < this.count; from += this.portion) {
        if (this.damage && from >= this.damage.after) throw this.damage.error
        const length = Math.min(this.portion, this.count - from)
        this.taken += length
        yield Array.from({ length }, (_, n) => minuteBar(from + n))
      }
    } finally {
      this.readers -= 1
    }
  }

  async *#follow(signal: AbortSignal): AsyncGenerator<Bar> {
    this.readers += 1
    try {
      for (let next = 0; ; ) {
        for (const bar of this.#coming.slice(next)) {
          if (bar.volume < -1) throw new Error('a secret detail')
          next += 1
          yield bar
        }
        if (signal.aborted) return
        await new Promise<void>((resolve) => {
          this.#wake = resolve
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
      }
    } finally {
      this.readers -= 1
    }
  }

  async #hold(signal: AbortSignal): Promise<never> {
    this.held += 1
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    this.held -= 1
    throw signal.reason
  }
}

function keyOf({ symbol, timeframe }: SeriesName): string {
  return `${symbol} ${timeframe}`
}

function bySymbol(a: SeriesName, b: SeriesName): number {
  return keyOf(a) < keyOf(b) ? -1 : 1
}

/** The cursor has the form of a real one, and begins with how many came before. */
function pageOf<T extends SeriesName>(all: readonly T[], { limit, cursor, symbol, timeframe }: Page) {
  const wanted = all.filter(
    (item) =>
      (symbol === undefined || item.symbol === symbol) &&
      (timeframe === undefined || item.timeframe === timeframe),
  )
  const from = Number.parseInt(cursor ?? '0', 10)
  const next = from + limit
  return {
    items: wanted.slice(from, next),
    ...(next < wanted.length && { nextCursor: `${next}/1m/X` }),
  }
}
