// The market data side as it is in production, files and sockets included, before a simulated gateway; both on one fast clock.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { SeriesCreate } from '../../schemas/market-data.ts'
import { createBarFiles } from '../../src/adapters/csv/bar-files.ts'
import { folderOf } from '../../src/adapters/csv/names.ts'
import { readProcesses } from '../../src/adapters/embedded/processes.ts'
import { ibConnector } from '../../src/adapters/ib/connector.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { DataConnection } from '../../src/bars/data-connection.ts'
import { DataManager } from '../../src/bars/data-manager.ts'
import { type DataSource, fixedSource } from '../../src/bars/data-source.ts'
import type { BarFiles } from '../../src/ports/bar-files.ts'
import type { SeriesName } from '../../src/ports/market-data.ts'
import type { Stores } from '../../src/ports/stores.ts'
import { Pacers } from '../../src/session/pacing/pacers.ts'
import type { SimulatedGatewayOptions } from '../../src/simulator/gateway.ts'
import { FastClock, simulatorClock } from '../fast-clock.ts'
import { until } from '../fleet/world.ts'
import { silent } from '../session/harness.ts'
import { type StartedGateway, startLoggedIn } from '../simulator/harness.ts'
import { testFolder } from '../test-folder.ts'
import { local, MemoryStores, OpenAlerts } from './world.ts'

/** Noon of Saturday, 21 November 2026, UTC: every market is closed, so that two fills at different moments find the same bars. */
export const saturday = Date.UTC(2026, 10, 21, 12)

/** Of all kinds of lengths and prices. */
export const several: readonly SeriesCreate[] = [
  { symbol: 'SPY', timeframe: '1m' },
  { symbol: 'AAPL', timeframe: '5m' },
  { symbol: 'EUR', timeframe: '15m', secType: 'CASH', exchange: 'IDEALPRO', whatToShow: 'MIDPOINT' },
  { symbol: 'MSFT', timeframe: '1h', useRth: true },
  { symbol: 'QQQ', timeframe: '4h' },
  { symbol: 'SPY', timeframe: '1d' },
]

type GatewayOptions = Partial<SimulatedGatewayOptions>

/** One gateway after the other on the same port, and what clients did to all of them. */
export class Market {
  readonly clock: FastClock
  gateway!: StartedGateway
  readonly #t: Test
  readonly #options: GatewayOptions
  readonly #gateways: StartedGateway[] = []

  constructor(t: Test, clock: FastClock, options: GatewayOptions) {
    this.#t = t
    // Made here, so that it is taken away with the test.
    testFolder(t)
    this.clock = clock
    this.#options = { pacing: 'relaxed', clock: simulatorClock(clock), ...options }
  }

  async open(): Promise<this> {
    const port = this.#gateways.at(-1)?.port ?? 0
    this.gateway = await startLoggedIn(this.#t, { ...this.#options, port })
    this.#gateways.push(this.gateway)
    return this
  }

  /** A new process on the same port, which knows of nobody. */
  async restart(): Promise<void> {
    await this.gateway.terminate()
    await this.open()
  }

  get violations() {
    return this.#gateways.flatMap(({ violations }) => violations)
  }

  /** Messages of this name, oldest first. */
  asked(name: string) {
    return this.#gateways.flatMap(({ requests }) => requests).filter((request) => request.name === name)
  }
}

export function openMarket(t: Test, options: GatewayOptions = {}, nowMs = saturday): Promise<Market> {
  return new Market(t, new FastClock(nowMs), options).open()
}

export interface MadeBars {
  readonly manager: DataManager
  readonly alerts: OpenAlerts
  readonly dir: string
  fileOf(name: SeriesName): string
  track(...series: SeriesCreate[]): Promise<void>
  /** Resolves when the latest scan has found all that is to be had on disk, or named what stands in its way. */
  filled(): Promise<void>
  /** A whole scan from now on. */
  scanned(): Promise<void>
}

export interface BarsOptions {
  readonly dir?: string
  readonly stores?: Pick<Stores, 'series' | 'outages'>
  readonly source?: DataSource
  readonly pacing?: 'strict' | 'relaxed'
  readonly heartbeatMs?: number
  /** [28], so that what is looked at begins on a Saturday too. */
  readonly maxGapAgeDays?: number
  /** Called before the so-many-th write, which waits for it. */
  readonly beforeMerge?: (merges: number, name: SeriesName) => Promise<void> | void
}

let folders = 0

/** Starts it when `start` is called; the folder is the test's own. */
export function makeBars(t: Test, { clock, gateway }: Market, options: BarsOptions = {}): MadeBars {
  const { stores = new MemoryStores(), pacing: mode = 'relaxed', heartbeatMs = 30_000 } = options
  const dir = options.dir ?? join(t.testdirName, `bars-${++folders}`)
  const connection = new DataConnection({
    source: options.source ?? fixedSource('127.0.0.1', gateway.port),
    connector: ibConnector(),
    clock,
    log: silent,
    // A twentieth of a second of the fast clock.
    pacers: new Pacers(clock, { mode, minRequestDelayMs: 50 }),
    firstClientId: 1,
    heartbeatIntervalMs: heartbeatMs,
    heartbeatTimeoutMs: heartbeatMs,
  })
  // Files have times of their own, by the real clock.
  const opened = createBarFiles({ dir, clock: systemClock(), log: silent, processes: readProcesses() })
  const alerts = new OpenAlerts()
  const manager = new DataManager({
    connection,
    files: options.beforeMerge ? watched(opened, options.beforeMerge) : opened,
    stores,
    clock,
    log: silent,
    alerts,
    audit: { note() {} },
    scanIntervalMs: 20_000,
    maxGapAgeDays: options.maxGapAgeDays ?? 28,
    batchSize: 5,
  })
  t.teardown(() => manager.stop())
  const status = () => manager.gapFillerStatus()
  return {
    manager,
    alerts,
    dir,
    fileOf: ({ symbol, timeframe }) => readFileSync(join(dir, folderOf(symbol), `${timeframe}.csv`), 'utf8'),
    async track(...series) {
      for (const each of series) await manager.trackSeries(each, local)
    },
    async filled() {
      const isFull = () =>
        manager.listSeries({ limit: 100 }).items.every(({ scannedAt }) => scannedAt !== undefined) &&
        openGaps(manager).length === 0
      await until(
        () => ({ isFull: isFull(), status: status(), connection: manager.dataConnection() }),
        ({ isFull, status }) => isFull && !status.running,
        'all filled',
        30_000,
      )
    },
    async scanned() {
      await until(status, ({ running }) => !running, 'no scan running')
      const { scanId } = manager.forceScan(local)
      await until(status, (now) => now.scanId !== scanId || !now.running, 'scan is over')
    },
  }
}

/** Gaps that IB may still have something for, of series that nothing is wrong with. */
export function openGaps(manager: DataManager) {
  const sound = new Set(
    manager
      .listSeries({ limit: 100 })
      .items.filter(({ problem }) => !problem)
      .map(({ symbol, timeframe }) => `${symbol} ${timeframe}`),
  )
  return manager
    .listGaps({ limit: 10_000 })
    .items.filter((gap) => gap.class !== 'no-data' && sound.has(`${gap.symbol} ${gap.timeframe}`))
}

function watched(files: BarFiles, beforeMerge: NonNullable<BarsOptions['beforeMerge']>): BarFiles {
  let merges = 0
  return {
    list: () => files.list(),
    coverage: (name, sinceMs) => files.coverage(name, sinceMs),
    read: (name, startMs, endMs) => files.read(name, startMs, endMs),
    has: (name) => files.has(name),
    close: () => files.close(),
    async merge(name, bars) {
      await beforeMerge(++merges, name)
      return files.merge(name, bars)
    },
  }
}
