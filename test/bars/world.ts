// The market data side on a clock that stands still: made-up market, files in memory, records in memory, alerts kept for a look.
import type { Test } from 'tap'
import type { Timeframe } from '../../schemas/market-data.ts'
import { DataManager, type DataManagerDeps } from '../../src/bars/data-manager.ts'
import type { AlertDesk, AlertDraft } from '../../src/ports/alerts.ts'
import type { Bar } from '../../src/ports/market-data.ts'
import type { OutageRecord, OutageStore, SeriesRecord, SeriesStore } from '../../src/ports/stores.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { silent } from '../session/harness.ts'
import { FakeBarFiles } from './fake-bar-files.ts'
import { FakeMarket } from './fake-market.ts'

export const dayMs = 86_400_000
export const local = { actor: 'local' }

/** Records as a store keeps them. */
export class MemoryStores {
  readonly seriesRecords = new Map<string, SeriesRecord>()
  readonly outageRecords = new Map<string, OutageRecord>()
  readonly series: SeriesStore = {
    list: async () => [...this.seriesRecords.values()],
    put: async (record) => void this.seriesRecords.set(`${record.symbol} ${record.timeframe}`, record),
    delete: async (symbol, timeframe) => void this.seriesRecords.delete(`${symbol} ${timeframe}`),
  }
  readonly outages: OutageStore = {
    list: async (sinceMs) =>
      [...this.outageRecords.values()].filter(({ toMs }) => toMs === undefined || toMs > sinceMs),
    put: async (outage) => void this.outageRecords.set(outage.id, outage),
    sweep: async () => 0,
  }
}

export class OpenAlerts implements AlertDesk {
  readonly open = new Map<string, AlertDraft>()
  raise(draft: AlertDraft): void {
    this.open.set(draft.key, draft)
  }
  resolve(key: string): void {
    this.open.delete(key)
  }
  settle(prefix: string, drafts: readonly AlertDraft[]): void {
    for (const key of [...this.open.keys()]) if (key.startsWith(prefix)) this.open.delete(key)
    for (const draft of drafts) this.raise(draft)
  }
}

/** Wednesday, 18 March 2026, 16:00 in New York. */
export const wednesday = Date.UTC(2026, 2, 18, 20)

export function makeBars(t: Test, changes: Partial<DataManagerDeps> = {}, nowMs = wednesday) {
  const clock = new FakeClock(nowMs)
  const market = new FakeMarket(clock)
  const files = new FakeBarFiles()
  const stores = new MemoryStores()
  const alerts = new OpenAlerts()
  const manager = new DataManager({
    connection: market,
    files,
    stores,
    clock,
    log: silent,
    alerts,
    audit: { note() {} },
    scanIntervalMs: 300_000,
    maxGapAgeDays: 30,
    batchSize: 5,
    ...changes,
  })
  t.teardown(() => manager.stop())
  const track = (symbol: string, timeframe: Timeframe) => manager.trackSeries({ symbol, timeframe }, local)
  const idle = () => until(() => !manager.gapFillerStatus().running)
  return { clock, market, files, stores, alerts, manager, track, idle }
}

/** Lets things settle until `holds`; fails when that takes for ever. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000; turn++) {
    if (holds()) return
    await settle()
  }
  throw new Error('it never came to that')
}

export async function allOf(bars: AsyncIterable<readonly Bar[]>): Promise<Bar[]> {
  const all: Bar[] = []
  for await (const some of bars) all.push(...some)
  return all
}
