// What each account holds and has: money and positions, as fills change them.
import type { Position } from './accounts.ts'
import { priceAt } from './bars.ts'
import { findInstruments, type Instrument } from './catalogue.ts'
import type { OrderTerms } from './order.ts'

const openingCash = 1_000_000
/** Of a position's value, as margin: what a Reg T account has for stocks, and round numbers. */
const marginRates: Readonly<Record<Instrument['secType'], number>> = {
  STK: 0.25,
  FUT: 0.1,
  CASH: 0.03,
  IND: 1,
}
/** Of one unit, in US dollars; the simulated world's rates never change. */
const dollars: Readonly<Record<string, number>> = { USD: 1, JPY: 1 / 150, AUD: 0.66 }

export interface Holding {
  readonly instrument: Instrument
  /** Negative when short, 0 after it was closed. */
  readonly quantity: number
  /** Of one unit of the price. */
  readonly averagePrice: number
}

export interface Margins {
  readonly equity: number
  readonly before: number
  readonly after: number
  /** Whether the position would be larger. */
  readonly more: boolean
}

interface Account {
  cash: number
  realized: number
  readonly holdings: Map<number, Holding>
}

export class Ledger {
  readonly #accounts = new Map<string, Account>()

  /** Every account begins with the same positions, which its opening cash has paid. */
  constructor(accounts: readonly string[], positions: readonly Position[], nowMs: number) {
    for (const name of accounts) {
      const account: Account = { cash: openingCash, realized: 0, holdings: new Map() }
      for (const { symbol, quantity, averageCost } of positions) {
        const [instrument] = findInstruments({ ...anything, symbol }, nowMs)
        if (!instrument) continue
        const averagePrice = averageCost / multiplierOf(instrument)
        account.holdings.set(instrument.conId, { instrument, quantity, averagePrice })
        if (instrument.secType === 'STK') account.cash -= quantity * averageCost * rateOf(instrument)
      }
      this.#accounts.set(name, account)
    }
  }

  /** In the order in which they were first traded, closed ones too. */
  holdings(account: string): Holding[] {
    return [...(this.#accounts.get(account)?.holdings.values() ?? [])]
  }

  /** Money, and what positions gave when they were closed, in US dollars. */
  money(account: string): { cash: number; realized: number } {
    const { cash = 0, realized = 0 } = this.#accounts.get(account) ?? {}
    return { cash, realized }
  }

  /** Equity, and the margin it has to exceed before and after `terms` were filled at `price`, in US dollars. */
  margins(terms: OrderTerms, price: number, nowMs: number): Margins {
    const { account, instrument } = terms
    let equity = this.money(account).cash
    let others = 0
    for (const { instrument: item, quantity, averagePrice } of this.holdings(account)) {
      const now = priceAt(item, nowMs)
      equity += worth(item, quantity, averagePrice, now)
      if (item.conId !== instrument.conId) others += marginOf(item, quantity, now)
    }
    const held = this.#accounts.get(account)?.holdings.get(instrument.conId)?.quantity ?? 0
    const after = held + signed(terms)
    return {
      equity,
      before: others + marginOf(instrument, held, price),
      after: others + marginOf(instrument, after, price),
      more: Math.abs(after) > Math.abs(held),
    }
  }

  /** Books a fill of the whole order; returns what it realized, undefined when it only opened. */
  book(terms: OrderTerms, price: number, commission: number): number | undefined {
    const { instrument } = terms
    const account = this.#accounts.get(terms.account)
    if (!account) return undefined
    const change = signed(terms)
    const held = account.holdings.get(instrument.conId)
    const before = held?.quantity ?? 0
    const basis = held?.averagePrice ?? 0
    const after = before + change
    const closed = before * change < 0 ? Math.min(Math.abs(before), Math.abs(change)) * Math.sign(before) : 0
    const scale = multiplierOf(instrument) * rateOf(instrument)
    const gain = closed * (price - basis) * scale
    const turned = before * after < 0
    const averagePrice =
      closed === 0 && after !== 0
        ? (before * basis + change * price) / after
        : turned
          ? price
          : after === 0
            ? 0
            : basis
    account.holdings.set(instrument.conId, { instrument, quantity: after, averagePrice })
    account.cash -= commission + (instrument.secType === 'STK' ? change * price * scale : -gain)
    account.realized += gain
    return closed === 0 ? undefined : gain - commission
  }
}

/** What a holding adds to the account: all of a stock, of the rest only what it has gained. */
export function worth(instrument: Instrument, quantity: number, averagePrice: number, price: number): number {
  const scale = multiplierOf(instrument) * rateOf(instrument)
  return instrument.secType === 'STK' ? quantity * price * scale : quantity * (price - averagePrice) * scale
}

export function multiplierOf({ multiplier }: Instrument): number {
  return Number(multiplier) || 1
}

/** US dollars for one unit of its currency. */
export function rateOf({ currency }: Instrument): number {
  return dollars[currency] ?? 1
}

function marginOf(instrument: Instrument, quantity: number, price: number): number {
  const value = Math.abs(quantity) * price * multiplierOf(instrument) * rateOf(instrument)
  return value * marginRates[instrument.secType]
}

function signed({ action, quantity }: OrderTerms): number {
  return action === 'BUY' ? quantity : -quantity
}

const anything = {
  conId: 0,
  symbol: '',
  secType: '',
  expiry: '',
  exchange: '',
  currency: '',
  localSymbol: '',
  tradingClass: '',
  includeExpired: false,
}
