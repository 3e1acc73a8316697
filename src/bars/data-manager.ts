// The market data side's face: series, gaps and bars for whoever asks, and the parts behind them started and stopped in order.
import type { Gap, GapClass, GapFillerStatus, Series, SeriesCreate } from '../../schemas/market-data.ts'
import type { IbStatus } from '../../schemas/system.ts'
import type { AlertDesk } from '../ports/alerts.ts'
import type { AuditTrail } from '../ports/audit.ts'
import type { BarFiles } from '../ports/bar-files.ts'
import type { Clock } from '../ports/clock.ts'
import type { Caller } from '../ports/fleet.ts'
import type { MarketDataLevels } from '../ports/levels.ts'
import type { Log } from '../ports/log.ts'
import type { Bar, BarsAnswer, BarsRequest, MarketData, SeriesName } from '../ports/market-data.ts'
import type { Stores } from '../ports/stores.ts'
import { Turns } from '../ports/turns.ts'
import { type ReadingDeps, readBars } from './bar-reading.ts'
import { alertWhenDown } from './connection-alert.ts'
import { Contracts } from './contracts.ts'
import type { OwnedDataLink } from './data-link.ts'
import { GapFiller } from './gap-filler.ts'
import { History } from './history.ts'
import { LiveBars } from './live-bars.ts'
import { Outages } from './outages.ts'
import { type PageQuery, page } from './pages.ts'
import { newSeries, seriesTitle } from './series.ts'
import { SeriesBook, type SeriesState, seriesView } from './series-book.ts'
import { gapView } from './survey.ts'
import { TradingCalendar } from './trading-calendar.ts'

export interface DataManagerDeps {
  readonly connection: OwnedDataLink
  readonly files: BarFiles
  readonly stores: Pick<Stores, 'series' | 'outages'>
  readonly clock: Clock
  readonly log: Log
  readonly alerts: AlertDesk
  readonly audit: AuditTrail
  readonly scanIntervalMs: number
  readonly maxGapAgeDays: number
  readonly batchSize: number
}

export class DataManager implements MarketData {
  readonly #deps: DataManagerDeps
  readonly #book: SeriesBook
  readonly #outages: Outages
  readonly #filler: GapFiller
  readonly #live: LiveBars
  readonly #reading: ReadingDeps
  #stopWatching: Array<() => void> = []

  constructor(deps: DataManagerDeps) {
    const { connection, files, stores, clock, log, maxGapAgeDays } = deps
    this.#deps = deps
    const maxAgeMs = maxGapAgeDays * 86_400_000
    this.#book = new SeriesBook({ store: stores.series, files, clock })
    this.#outages = new Outages({ store: stores.outages, clock, log, keptMs: maxAgeMs })
    const contracts = new Contracts({ requester: connection, clock })
    this.#reading = {
      connection,
      files,
      contracts,
      calendar: new TradingCalendar({ requester: connection, clock, log, maxAgeDays: maxGapAgeDays }),
      history: new History({ requester: connection, clock, log }),
      outages: this.#outages,
      book: this.#book,
      turns: new Turns(),
      clock,
      log,
      maxAgeMs,
    }
    this.#filler = new GapFiller({
      ...this.#reading,
      connection,
      alerts: deps.alerts,
      intervalMs: deps.scanIntervalMs,
      batchSize: deps.batchSize,
    })
    this.#live = new LiveBars({ connection, contracts, clock, log })
  }

  /** Connects and scans, in the background. */
  start(): void {
    const { connection } = this.#deps
    this.#stopWatching = [this.#outages.watch(connection), alertWhenDown(connection, this.#deps)]
    connection.start()
    this.#filler.start()
  }

  /** Ends fill, streams and connection, in this order; the store may be closed afterwards. */
  async stop(): Promise<void> {
    await this.#filler.stop()
    this.#live.stop()
    for (const stop of this.#stopWatching.splice(0)) stop()
    await this.#deps.connection.stop()
    await this.#outages.flush()
    await this.#deps.files.close()
  }

  listSeries(query: PageQuery & Partial<SeriesName>): { items: Series[]; nextCursor?: string } {
    return page(this.#named(query).map(seriesView), (series) => ({ ...series, startMs: 0 }), query)
  }

  async trackSeries(body: SeriesCreate, { actor }: Caller): Promise<Series> {
    const state = await this.#book.track(body)
    this.#filler.scanSoon()
    this.#deps.audit.note({ type: 'series.tracked', actor, message: `Series tracked: ${seriesTitle(body)}` })
    return seriesView(state)
  }

  async untrackSeries(name: SeriesName, { actor }: Caller): Promise<void> {
    await this.#book.untrack(name)
    this.#filler.settleAlerts()
    this.#deps.audit.note({ type: 'series.removed', actor, message: `Series removed: ${seriesTitle(name)}` })
  }

  listGaps(query: PageQuery & Partial<SeriesName> & { class?: GapClass }): {
    items: Gap[]
    nextCursor?: string
  } {
    const { class: wanted } = query
    const gaps = this.#named(query)
      .flatMap(({ record, gaps }) => gaps.map((gap) => gapView(record, gap)))
      .filter((gap) => wanted === undefined || gap.class === wanted)
    return page(gaps, ({ start, ...gap }) => ({ ...gap, startMs: Date.parse(start) }), query)
  }

  gapFillerStatus(): GapFillerStatus {
    const { connection } = this.#deps
    return this.#filler.status.view(connection.isConfigured, this.#book.all().length, connection.pacing())
  }

  /** How everything stands, for the figures. */
  levels(): MarketDataLevels {
    const { status } = this.#filler
    const openGaps: Record<GapClass, number> = { outage: 0, missing: 0, 'no-data': 0 }
    const series = this.#book.all()
    for (const { gaps } of series) for (const gap of gaps) openGaps[gap.class] += 1
    return {
      dataConnection: this.dataConnection(),
      series: series.length,
      openGaps,
      scanning: status.stage !== undefined,
      ...(status.lastScanAt !== undefined && { lastScanAt: status.lastScanAt }),
      gapsFilled: status.ever.filled,
      barsWritten: status.barsWritten,
      failures: status.ever.failed,
    }
  }

  forceScan({ actor }: Caller): { scanId: string } {
    const started = this.#filler.forceScan()
    this.#deps.audit.note({ type: 'bars.scan', actor, message: 'Gap scan asked for', data: { ...started } })
    return started
  }

  bars(request: BarsRequest, signal: AbortSignal): Promise<BarsAnswer> {
    return readBars(this.#reading, request, signal)
  }

  streamBars(symbol: string, signal: AbortSignal): Promise<AsyncIterable<Bar>> {
    const series =
      this.#book.definitionOf(symbol) ??
      newSeries({ symbol, timeframe: '1m' }, 'file', this.#deps.clock.now())
    return this.#live.read(series, signal)
  }

  dataConnection(): IbStatus['dataConnection'] {
    return this.#deps.connection.status()
  }

  #named({ symbol, timeframe }: Partial<SeriesName>): SeriesState[] {
    return this.#book
      .all()
      .filter(({ record }) => symbol === undefined || record.symbol === symbol)
      .filter(({ record }) => timeframe === undefined || record.timeframe === timeframe)
  }
}
