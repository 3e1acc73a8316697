// When instruments trade, as far as rules know it: used where IB's own schedule does not reach.
//
// Hours that are too wide make gaps that nobody can fill: each costs a request until IB has said that it has nothing. Hours that are too narrow hide
// bars that are missing. So known markets have their hours, rather without the fringes that only some products trade; of other exchanges nothing
// but the weekdays is assumed, whole, as the one error that IB's answers put right by themselves.
import { type DayNumber, isWeekend } from './days.ts'
import { exchangeHours } from './exchange-hours.ts'
import { type NyseDay, nyseDay } from './nyse.ts'
import { type DayRule, type Span, timesByRule } from './rule-times.ts'
import type { TradingTimes } from './session.ts'

/** What is known of an instrument without asking IB. */
export interface Instrument {
  /** IB's words: STK (ETFs too), CASH, FUT … */
  readonly secType: string
  readonly exchange: string
  readonly currency: string
  /** Where it is listed; decides for SMART, which trades everywhere. */
  readonly primaryExchange?: string
}

const hour = 60

/** IB's names of places where US stocks trade. OVERNIGHT is left out: it has other hours. */
const usStockExchanges = new Set(
  (
    'SMART NYSE NASDAQ ISLAND ARCA AMEX BATS BYX BEX IEX EDGEA EDGX CHX DRCTEDGE NYSENAT PSX PHLX MEMX PEARL LTSE T24X TPLUS1 ' +
    'NMS PINK ARCAEDGE OTCLNKECN VALUE'
  ).split(' '),
)
const usFutureExchanges = new Set(['CME', 'GLOBEX', 'CBOT', 'ECBOT', 'NYMEX', 'COMEX', 'QBALGO'])

/** A stock of the US by IB's names, the ones that follow the days and hours of the NYSE. */
export function tradesLikeNyse({ secType, exchange, currency, primaryExchange }: Instrument): boolean {
  return secType === 'STK' && currency === 'USD' && usStockExchanges.has(primaryExchange || exchange)
}

/** One object for all instruments with the same hours, which keeps what it has worked out. */
export function builtInTimes(instrument: Instrument, useRth: boolean): TradingTimes {
  if (tradesLikeNyse(instrument)) return useRth ? usStockRegular() : usStockExtended()
  if (instrument.secType === 'CASH') return forex()
  const exchange = instrument.primaryExchange || instrument.exchange
  if (/^(FUT|CONTFUT|FOP)$/.test(instrument.secType) && usFutureExchanges.has(exchange))
    return useRth ? usFutureRegular() : usFutureExtended()
  return instrument.secType === 'CRYPTO' ? everyDay() : elsewhere(exchange)
}

const usStockRegular = once(() =>
  timesByRule(
    'America/New_York',
    nyseRule([9.5 * hour, 16 * hour], (close) => close),
  ),
)

/** NYSE Arca, "Trading Hours": early from 04:00, late until 20:00, on half days until 17:00, which is four hours after the close as ever. */
const usStockExtended = once(() =>
  timesByRule(
    'America/New_York',
    nyseRule([4 * hour, 20 * hour], (close) => close + 4 * hour),
  ),
)

/** IDEALPRO's hours (IB, "Forex trading hours"). Closed on the two days that the world keeps. */
const forex = once(() =>
  timesByRule('America/New_York', (day) =>
    isWeekend(day) || closesTheWorld(nyseDay(day)) ? [] : [[-6.75 * hour, 17 * hour]],
  ),
)

/**
 * Globex: from the evening before until 16:00 in Chicago. On US holidays (CME Group, "Holiday Calendar") most products halt at noon, and at 12:15 on
 * half days; Good Friday, Christmas and New Year's Day are closed. Days of mourning are not kept.
 */
const usFutureExtended = once(() => timesByRule('America/Chicago', futureRule([-7 * hour, 16 * hour])))
const usFutureRegular = once(() => timesByRule('America/Chicago', futureRule([8.5 * hour, 15 * hour])))

const everyDay = once(() => timesByRule('UTC', () => [[0, 24 * hour]]))

const places = new Map<string, TradingTimes>()

function elsewhere(exchange: string): TradingTimes {
  const known = exchangeHours(exchange)
  const name = known ? exchange : ''
  let times = places.get(name)
  if (!times) {
    const { timeZone, spans } = known ?? { timeZone: 'UTC', spans: [[0, 24 * hour]] as const }
    times = timesByRule(timeZone, (day) => (isWeekend(day) ? [] : spans))
    places.set(name, times)
  }
  return times
}

function nyseRule(usual: Span, closeOnHalfDay: (closeMinute: number) => number): DayRule {
  return (day) => {
    const kind = nyseDay(day)
    if (kind.kind === 'closed') return []
    return kind.kind === 'full' ? [usual] : [[usual[0], closeOnHalfDay(kind.closeMinute)]]
  }
}

function futureRule([open, close]: Span): DayRule {
  return (day: DayNumber) => {
    const kind = nyseDay(day)
    if (kind.kind === 'closed') {
      if (kind.reason === 'weekend' || kind.name === 'Good Friday' || closesTheWorld(kind)) return []
      if (kind.reason === 'holiday') return [[open, 12 * hour]]
    }
    return [[open, kind.kind === 'half' ? 12.25 * hour : close]]
  }
}

function closesTheWorld(day: NyseDay): boolean {
  return day.kind === 'closed' && (day.name === 'Christmas Day' || day.name === "New Year's Day")
}

function once(make: () => TradingTimes): () => TradingTimes {
  let made: TradingTimes | undefined
  return () => {
    made ??= make()
    return made
  }
}
