// What the outside (HTTP, CLI) may ask of the market data side. The driving port: DataManager implements it.
import type {
  BarOrigin,
  Gap,
  GapClass,
  GapFillerStatus,
  Series,
  SeriesCreate,
  Timeframe,
} from '../../schemas/market-data.ts'
import type { IbStatus } from '../../schemas/system.ts'
import type { Caller } from './fleet.ts'

export interface SeriesName {
  readonly symbol: string
  readonly timeframe: Timeframe
}

/** One bar; times are its start, epoch milliseconds, for 1d the midnight UTC of the trading day. */
export interface Bar {
  readonly timeMs: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  /** -1 where IB has none. */
  readonly volume: number
}

export interface BarsRequest extends SeriesName {
  readonly startMs?: number
  /** Not included. */
  readonly endMs?: number
  /** Whether missing parts may be asked of IB, if the connection is up. */
  readonly fetch: boolean
}

export interface BarsAnswer extends SeriesName {
  readonly source: BarOrigin
  readonly complete: boolean
  readonly gaps: readonly Gap[]
  /** Why parts are missing, in words. */
  readonly note?: string
  /** Ascending, in portions, read from the file as the caller takes them; fails with BAR_FILE_DAMAGED. */
  readonly bars: AsyncIterable<readonly Bar[]>
}

/** All methods fail with FleetError. None opens a connection; reads but `bars` come from memory. */
export interface MarketData {
  listSeries(query: { limit: number; cursor?: string; symbol?: string; timeframe?: Timeframe }): {
    items: Series[]
    nextCursor?: string
  }
  /** SERIES_EXISTS. A series found as a file becomes a tracked one. */
  trackSeries(series: SeriesCreate, caller: Caller): Promise<Series>
  /** SERIES_NOT_FOUND. Ends a fill of it; its file stays, and is left alone from now on. */
  untrackSeries(name: SeriesName, caller: Caller): Promise<void>
  listGaps(query: {
    limit: number
    cursor?: string
    symbol?: string
    timeframe?: Timeframe
    class?: GapClass
  }): { items: Gap[]; nextCursor?: string }
  gapFillerStatus(): GapFillerStatus
  /** SCAN_RUNNING while one runs. Resolves when it has begun. */
  forceScan(caller: Caller): { scanId: string }
  /**
   * Local bars and, with `fetch`, the missing ones from IB as far as the connection is up and IB is quick enough. INVALID_REQUEST,
   * CONTRACT_UNKNOWN, CONTRACT_AMBIGUOUS (when there are no local bars either), BAR_FILE_DAMAGED.
   */
  bars(request: BarsRequest, signal: AbortSignal): Promise<BarsAnswer>
  /** 5-second bars as they come, until `signal` aborts; subscriptions are restored after a reconnect. DATA_CONNECTION_DOWN, CONTRACT_UNKNOWN, CONTRACT_AMBIGUOUS. */
  streamBars(symbol: string, signal: AbortSignal): Promise<AsyncIterable<Bar>>
  dataConnection(): IbStatus['dataConnection']
}
