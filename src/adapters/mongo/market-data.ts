// The series that are kept and the outages that put holes into them.
import type { OutageRecord, OutageStore, SeriesRecord, SeriesStore } from '../../ports/stores.ts'
import { collections } from './collections.ts'
import type { Connection } from './connection.ts'
import { createTable, sweep } from './table.ts'

export function createSeriesStore(connection: Connection): SeriesStore {
  // No timeframe has a slash.
  const idOf = ({ symbol, timeframe }: Pick<SeriesRecord, 'symbol' | 'timeframe'>) => `${timeframe}/${symbol}`
  const series = createTable<SeriesRecord>(connection, collections.series, { idOf })
  return {
    list: () => series.find(),
    put: (record) => series.put(record),
    delete: (symbol, timeframe) => series.delete(idOf({ symbol, timeframe })),
  }
}

export function createOutageStore(connection: Connection): OutageStore {
  const outages = createTable<OutageRecord>(connection, collections.outages, { idOf: ({ id }) => id })
  return {
    list: (sinceMs) =>
      outages.find(
        { $or: [{ toMs: { $exists: false } }, { toMs: { $gt: Number(sinceMs) } }] },
        { sort: { fromMs: 1 } },
      ),
    put: (outage) => outages.put(outage),
    sweep: (before) => sweep(connection, collections.outages, { toMs: { $lt: Number(before) } }),
  }
}
