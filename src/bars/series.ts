// A series of bars: one symbol in one timeframe, and what is asked of IB for it. Pure.
import type { SeriesCreate } from '../../schemas/market-data.ts'
import type { IbContract } from '../ports/ib.ts'
import type { SeriesName } from '../ports/market-data.ts'
import type { SeriesRecord } from '../ports/stores.ts'

/** What tells one series from another. No timeframe has a slash. */
export const seriesKey = ({ symbol, timeframe }: SeriesName) => `${timeframe}/${symbol}`

/** For people. */
export const seriesTitle = ({ symbol, timeframe }: SeriesName) => `${symbol} ${timeframe}`

/** By symbol, then from short bars to long ones. */
export function bySeriesName(a: SeriesName, b: SeriesName): number {
  if (a.symbol !== b.symbol) return a.symbol < b.symbol ? -1 : 1
  return timeframeOrder.indexOf(a.timeframe) - timeframeOrder.indexOf(b.timeframe)
}

const timeframeOrder = ['1m', '5m', '15m', '30m', '1h', '4h', '1d']

/** A US stock's, where nothing else is said. */
export function newSeries(
  { symbol, timeframe, ...given }: SeriesCreate,
  origin: SeriesRecord['origin'],
  createdAt: number,
): SeriesRecord {
  return {
    symbol,
    timeframe,
    secType: given.secType ?? 'STK',
    exchange: given.exchange ?? 'SMART',
    currency: given.currency ?? 'USD',
    whatToShow: given.whatToShow ?? 'TRADES',
    useRth: given.useRth ?? false,
    origin,
    createdAt,
    empty: [],
  }
}

/** The contract as the series describes it, before IB has said which it is. */
export function describedContract({ symbol, secType, exchange, currency }: SeriesRecord): IbContract {
  return { symbol, secType, exchange, currency }
}

/** What tells one contract from another; the timeframe does not. */
export function contractKey({ symbol, secType, exchange, currency }: SeriesRecord): string {
  return [secType, symbol, exchange, currency].join('/')
}
