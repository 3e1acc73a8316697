// The demo's series of bars, tracked as anybody would: over HTTP; and a day of one that may be deleted.
import type { SeriesCreate } from '../../schemas/market-data.ts'
import { dayMs, isoDate } from '../calendar/days.ts'
import { nyseDay } from '../calendar/nyse.ts'
import { type ApiClient, ApiProblem } from '../cli/client.ts'

const demoSeries: readonly SeriesCreate[] = [
  { symbol: 'SPY', timeframe: '1h' },
  { symbol: 'AAPL', timeframe: '15m' },
]

/** Those of an earlier demo in the same DATA_DIR stay as they are. */
export async function trackSeries(client: ApiClient): Promise<void> {
  for (const body of demoSeries) {
    try {
      await client.send('POST', '/series', { body })
    } catch (error) {
      if (!(error instanceof ApiProblem && error.problem.code === 'SERIES_EXISTS')) throw error
    }
  }
}

/** A whole trading day of US stocks, `YYYY-MM-DD`: the last one that was over two days before `nowMs`. */
export function dayToDelete(nowMs: number): string {
  let day = Math.floor(nowMs / dayMs) - 2
  while (nyseDay(day).kind !== 'full') day--
  return isoDate(day)
}
