// When an order comes to something: prices are a function of time, so that the moment is known beforehand.
import { priceAt } from './bars.ts'
import type { OrderTerms } from './order.ts'
import { type TradingDay, tradingDay } from './trading-hours.ts'

/** `wait` is only a moment to look again. Times are milliseconds since the epoch. */
export interface OrderMoment {
  readonly what: 'fill' | 'trigger' | 'expire' | 'wait'
  readonly atMs: number
  /** Whether its market is open before that moment. */
  readonly inMarket: boolean
}

const stepMs = 1_000
/** As far as one search goes. */
const reachMs = 3_600_000
/** Longer than any holiday. */
const maxDaysAway = 14
const always: TradingDay = {
  date: '',
  openMs: Number.NEGATIVE_INFINITY,
  closeMs: Number.POSITIVE_INFINITY,
}

/** What happens next to an order that works at `fromMs`; with `anyHour` markets never close. */
export function nextMoment(
  terms: OrderTerms,
  triggered: boolean,
  fromMs: number,
  anyHour: boolean,
): OrderMoment {
  const { timeInForce } = terms
  const atOnce = timeInForce === 'IOC' || timeInForce === 'FOK'
  const day = anyHour ? always : nextDay(terms, fromMs)
  if (!day) return { what: 'expire', atMs: fromMs, inMarket: false }
  if (day.openMs > fromMs)
    return { what: atOnce ? 'expire' : 'wait', atMs: atOnce ? fromMs : day.openMs, inMarket: false }
  const working = triggered || !terms.type.startsWith('STP')
  const untilMs = atOnce ? fromMs + 1 : Math.min(day.closeMs, fromMs + reachMs)
  for (let atMs = fromMs; atMs < untilMs; atMs = (Math.floor(atMs / stepMs) + 1) * stepMs) {
    const price = priceAt(terms.instrument, atMs)
    if (working ? fills(terms, price) : triggers(terms, price))
      return { what: working ? 'fill' : 'trigger', atMs, inMarket: true }
  }
  if (atOnce) return { what: 'expire', atMs: fromMs, inMarket: true }
  const closes = untilMs === day.closeMs && timeInForce === 'DAY'
  return { what: closes ? 'expire' : 'wait', atMs: untilMs, inMarket: true }
}

/** Stocks trade in regular hours unless the order says otherwise, everything else around the clock. */
function nextDay({ instrument, outsideRth }: OrderTerms, fromMs: number): TradingDay | undefined {
  const regularOnly = instrument.secType === 'STK' && !outsideRth
  for (let daysAway = 0; daysAway <= maxDaysAway; daysAway++) {
    const day = tradingDay(instrument.hours, regularOnly, fromMs, daysAway)
    if (!day || day.closeMs <= fromMs) continue
    return instrument.expiry !== '' && day.date > instrument.expiry ? undefined : day
  }
  return undefined
}

function fills({ type, action, limitPrice }: OrderTerms, price: number): boolean {
  if (!type.endsWith('LMT')) return true
  return action === 'BUY' ? price <= limitPrice : price >= limitPrice
}

function triggers({ action, stopPrice }: OrderTerms, price: number): boolean {
  return action === 'BUY' ? price >= stopPrice : price <= stopPrice
}
