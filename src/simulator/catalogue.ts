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
  /** Not every minute has a trade. */
  thin?: true
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
  includeExpired: boolean
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

const monthLetters: Record<number, string> = { 3: 'H', 6: 'M', 9: 'U', 12: 'Z' }

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
  stock(72063691, 'BRK B', 'BERKSHIRE HATHAWAY INC-CL B', 470, '19960509', 'NYSE'),
  stock(900000001, 'THIN', 'THINLY TRADED CORP', 12, '20150302', 'NASDAQ', { thin: true }),
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

/** Everything listed at `nowMs`: futures come and go by the quarter, and stay known for two years. */
export function listing(nowMs: number, includeExpired = false): Instrument[] {
  return [...fixed, ...indexFutures(nowMs, includeExpired)]
}

/** Instruments that fit; an exchange has to be one of theirs. Several when the description is ambiguous. */
export function findInstruments(query: ContractQuery, nowMs: number): Instrument[] {
  const known = listing(nowMs, query.includeExpired)
  if (query.conId > 0) return known.filter(({ conId }) => conId === query.conId)
  if (query.symbol === '' && query.localSymbol === '') return []
  const fits = (wanted: string, actual: string) =>
    wanted === '' || wanted.toUpperCase() === actual.toUpperCase()
  return known.filter(
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

/** The four nearest quarterly futures on the S&P 500, after those of the last two years where they are wanted. */
function indexFutures(nowMs: number, includeExpired: boolean): Instrument[] {
  const now = new Date(nowMs)
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth() + 1, now.getUTCDate()]
  const today = compactDate({ year, month, day })
  const futures = Array.from({ length: 37 }, (_, index) => indexFuture(year, month + index - 24)).flat()
  const live = futures.filter(({ expiry }) => expiry >= today).slice(0, 4)
  return includeExpired ? [...futures.filter(({ expiry }) => expiry < today), ...live] : live
}

/** That of a month, which ends on its third Friday; none in the months between the quarters. */
function indexFuture(aroundYear: number, monthOfIt: number): Instrument[] {
  const first = new Date(Date.UTC(aroundYear, monthOfIt - 1, 1))
  const [year, month] = [first.getUTCFullYear(), first.getUTCMonth() + 1]
  const letter = monthLetters[month]
  if (letter === undefined) return []
  const day = 15 + ((5 - first.getUTCDay() + 7) % 7)
  const expiry = compactDate({ year, month, day })
  const conId = 600_000_000 + (fnv1a(expiry) % 99_999_999)
  const since = compactDate({ year: year - 2, month, day: 1 })
  return [
    stock(conId, 'ES', 'E-mini S&P 500', 5810, since, 'CME', {
      secType: 'FUT',
      expiry,
      multiplier: '50',
      exchanges: ['CME'],
      localSymbol: `ES${letter}${year % 10}`,
      tradingClass: 'ES',
      minTick: 0.25,
      hours: tradingHours.usFuture,
    }),
  ]
}
