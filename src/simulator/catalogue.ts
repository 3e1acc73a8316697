// The instruments that the simulated market knows, and how a client's description is matched against them.
import { fnv1a } from './accounts.ts'
import { type TradingHours, tradingHours } from './trading-hours.ts'
import { compactDate } from './zones.ts'

export interface Instrument {
  conId: number
  symbol: string
  secType: 'STK' | 'CASH' | 'FUT' | 'IND'
  /** yyyymmdd for futures, else empty. */
  expiry: string
  multiplier: string
  exchanges: readonly string[]
  primaryExchange: string
  currency: string
  localSymbol: string
  tradingClass: string
  longName: string
  minTick: number
  hours: TradingHours
  /** Around which the made-up prices move. */
  basePrice: number
  /** The first day with data, yyyymmdd. */
  since: string
}

/** A contract as a request describes it: the twelve fields of the protocol, empty where the client left them out. */
export interface ContractQuery {
  conId: number
  symbol: string
  secType: string
  expiry: string
  exchange: string
  currency: string
  localSymbol: string
  tradingClass: string
}

const stock = (
  conId: number,
  symbol: string,
  longName: string,
  basePrice: number,
  since: string,
  primaryExchange = 'NASDAQ',
  changes: Partial<Instrument> = {},
): Instrument => ({
  conId,
  symbol,
  longName,
  basePrice,
  since,
  primaryExchange,
  secType: 'STK',
  expiry: '',
  multiplier: '',
  exchanges: ['SMART', primaryExchange],
  currency: 'USD',
  localSymbol: symbol,
  tradingClass: primaryExchange === 'NASDAQ' ? 'NMS' : symbol,
  minTick: 0.01,
  hours: tradingHours.usStock,
  ...changes,
})

const pair = (conId: number, symbol: string, currency: string, basePrice: number): Instrument =>
  stock(conId, symbol, `${symbol}.${currency} cash`, basePrice, '20050301', 'IDEALPRO', {
    secType: 'CASH',
    exchanges: ['IDEALPRO'],
    currency,
    localSymbol: `${symbol}.${currency}`,
    tradingClass: `${symbol}.${currency}`,
    minTick: 0.00005,
    hours: tradingHours.forex,
  })

const fixed: readonly Instrument[] = [
  stock(265598, 'AAPL', 'APPLE INC', 230, '19801212'),
  stock(272093, 'MSFT', 'MICROSOFT CORP', 420, '19860313'),
  stock(3691937, 'AMZN', 'AMAZON.COM INC', 190, '19970515'),
  stock(208813719, 'GOOGL', 'ALPHABET INC-CL A', 170, '20040819'),
  stock(107113386, 'META', 'META PLATFORMS INC-CLASS A', 560, '20120518'),
  stock(4815747, 'NVDA', 'NVIDIA CORP', 130, '19990122'),
  stock(76792991, 'TSLA', 'TESLA INC', 250, '20100629'),
  stock(320227571, 'QQQ', 'INVESCO QQQ TRUST SERIES 1', 500, '19990310'),
  stock(756733, 'SPY', 'SPDR S&P 500 ETF TRUST', 580, '19930129', 'ARCA'),
  stock(8314, 'IBM', 'INTL BUSINESS MACHINES CORP', 215, '19620102', 'NYSE'),
  // Two listings under one symbol: ambiguous without a currency.
  stock(4867, 'BHP', 'BHP GROUP LTD-SPON ADR', 55, '19870528', 'NYSE'),
  stock(4036812, 'BHP', 'BHP GROUP LTD', 43, '19880129', 'ASX', {
    currency: 'AUD',
    hours: tradingHours.australianStock,
  }),
  stock(416904, 'SPX', 'S&P 500 Stock Index', 5800, '19900102', 'CBOE', {
    secType: 'IND',
    exchanges: ['CBOE'],
  }),
  stock(13455763, 'VIX', 'CBOE Volatility Index', 18, '19900102', 'CBOE', {
    secType: 'IND',
    exchanges: ['CBOE'],
  }),
  pair(12087792, 'EUR', 'USD', 1.085),
  pair(12087797, 'GBP', 'USD', 1.27),
  pair(15016059, 'USD', 'JPY', 150),
]

/** Everything listed at `nowMs`: futures come and go by the quarter. */
export function listing(nowMs: number): Instrument[] {
  return [...fixed, ...indexFutures(nowMs)]
}

/** Instruments that fit; an exchange has to be one of theirs. Several when the description is ambiguous. */
export function findInstruments(query: ContractQuery, nowMs: number): Instrument[] {
  if (query.conId > 0) return listing(nowMs).filter(({ conId }) => conId === query.conId)
  if (query.symbol === '' && query.localSymbol === '') return []
  const fits = (wanted: string, actual: string) =>
    wanted === '' || wanted.toUpperCase() === actual.toUpperCase()
  return listing(nowMs).filter(
    (item) =>
      fits(query.symbol, item.symbol) &&
      fits(query.secType === 'CONTFUT' ? 'FUT' : query.secType, item.secType) &&
      fits(query.currency, item.currency) &&
      fits(query.localSymbol, item.localSymbol) &&
      fits(query.tradingClass, item.tradingClass) &&
      item.expiry.startsWith(query.expiry) &&
      (query.exchange === '' || item.exchanges.includes(query.exchange.toUpperCase())),
  )
}

/** The four nearest quarterly futures on the S&P 500, which end on the third Friday of their month. */
function indexFutures(nowMs: number): Instrument[] {
  const found: Instrument[] = []
  const now = new Date(nowMs)
  const letters: Record<number, string> = { 3: 'H', 6: 'M', 9: 'U', 12: 'Z' }
  for (let ahead = 0; found.length < 4; ahead++) {
    const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1))
    const [year, month] = [first.getUTCFullYear(), first.getUTCMonth() + 1]
    const day = 15 + ((5 - first.getUTCDay() + 7) % 7)
    if (letters[month] === undefined || Date.UTC(year, month - 1, day + 1) < nowMs) continue
    const expiry = compactDate({ year, month, day })
    const conId = 600_000_000 + (fnv1a(expiry) % 99_999_999)
    const since = compactDate({ year: year - 2, month, day: 1 })
    found.push(
      stock(conId, 'ES', 'E-mini S&P 500', 5810, since, 'CME', {
        secType: 'FUT',
        expiry,
        multiplier: '50',
        exchanges: ['CME'],
        localSymbol: `ES${letters[month]}${year % 10}`,
        tradingClass: 'ES',
        minTick: 0.25,
        hours: tradingHours.usFuture,
      }),
    )
  }
  return found
}
