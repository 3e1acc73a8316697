// The market data side for bench/gap-fill: real files and sockets, records in memory.

import { createBarFiles } from '../src/adapters/csv/bar-files.ts'
import { readProcesses } from '../src/adapters/embedded/processes.ts'
import { ibConnector } from '../src/adapters/ib/connector.ts'
import { systemClock } from '../src/adapters/system-clock.ts'
import { DataConnection } from '../src/bars/data-connection.ts'
import type { OwnedDataLink } from '../src/bars/data-link.ts'
import { DataManager } from '../src/bars/data-manager.ts'
import { fixedSource } from '../src/bars/data-source.ts'
import type { BarFiles } from '../src/ports/bar-files.ts'
import type { Clock } from '../src/ports/clock.ts'
import type { Log } from '../src/ports/log.ts'
import type { Pacers } from '../src/session/pacing/pacers.ts'
import { local, MemoryStores, OpenAlerts } from '../test/bars/world.ts'
import type { Bench } from './bench.ts'

export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }

export interface MadeManager {
  readonly dir: string
  readonly port: number
  readonly clock: Clock
  readonly pacers: Pacers
  readonly symbols: readonly string[]
  readonly maxGapAgeDays: number
  readonly useRth?: boolean
  readonly scanIntervalMs?: number
  readonly wrapFiles?: (files: BarFiles) => BarFiles
  readonly wrapLink?: (link: OwnedDataLink) => OwnedDataLink
}

/** Has started; keeps one-minute bars of the symbols, five at a time as by default. */
export async function startManager(bench: Bench, made: MadeManager): Promise<DataManager> {
  const { dir, port, clock, pacers, symbols, maxGapAgeDays, useRth = false } = made
  const { wrapFiles = (files) => files, wrapLink = (link) => link } = made
  const connection = new DataConnection({
    source: fixedSource('127.0.0.1', port),
    connector: ibConnector(),
    clock,
    log: quiet,
    pacers,
    firstClientId: 1,
    heartbeatIntervalMs: 0,
    heartbeatTimeoutMs: 0,
  })
  const files = createBarFiles({ dir, clock: systemClock(), log: quiet, processes: readProcesses() })
  const manager = new DataManager({
    connection: wrapLink(connection),
    files: wrapFiles(files),
    stores: new MemoryStores(),
    clock,
    log: quiet,
    alerts: new OpenAlerts(),
    audit: { note() {} },
    scanIntervalMs: made.scanIntervalMs ?? 300_000,
    maxGapAgeDays,
    batchSize: 5,
  })
  bench.defer(() => manager.stop())
  for (const symbol of symbols) await manager.trackSeries({ symbol, timeframe: '1m', useRth }, local)
  manager.start()
  return manager
}
