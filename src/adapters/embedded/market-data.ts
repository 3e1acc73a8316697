// The series that are kept and the outages that put holes into them. There are few of either, so lists are sorted when read.
import type { OutageRecord, OutageStore, SeriesRecord, SeriesStore } from '../../ports/stores.ts'
import type { Database } from './database.ts'

export function createSeriesStore(database: Database): SeriesStore {
  const series = database.table<SeriesRecord>('series')
  return {
    list: () => database.read(() => [...series.documents()]),
    put: (record) => database.write(() => series.put([record.symbol, record.timeframe], record)),
    delete: (symbol, timeframe) => database.write(() => void series.remove([symbol, timeframe])),
  }
}

export function createOutageStore(database: Database): OutageStore {
  const outages = database.table<OutageRecord>('outages')
  const isOver = ({ toMs }: OutageRecord, ms: number) => toMs !== undefined && toMs <= ms
  return {
    list: (sinceMs) =>
      database.read(() =>
        [...outages.documents()]
          .filter((outage) => !isOver(outage, sinceMs))
          .sort((a, b) => a.fromMs - b.fromMs),
      ),
    put: (outage) => database.write(() => outages.put(outage.id, outage)),
    sweep: (before) =>
      database.write(() => {
        const old = [...outages.documents()].filter(({ toMs }) => toMs !== undefined && toMs < before)
        for (const { id } of old) outages.remove(id)
        return old.length
      }),
  }
}
