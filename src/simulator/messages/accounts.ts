// What an account holds and is worth: account updates, summaries, positions, profit and loss.
import { type ApiSession, flagField, type MessageTable, numberField } from '../api-session.ts'
import { priceAt } from '../bars.ts'
import { contractFields } from '../contract-fields.ts'
import { type Holding, multiplierOf, rateOf, worth } from '../ledger.ts'
import { clockTime, wallClock } from '../zones.ts'

const repeatMs = 180_000
/** As long as timers go: positions are told anew by fills, not by time. */
const neverMs = 2 ** 31 - 1

/** A holding at the price of the moment. */
interface Valued extends Holding {
  price: number
  /** What a unit cost, with the contract's multiplier, as IBKR counts. */
  averageCost: number
  /** In the instrument's currency. */
  value: number
  gain: number
}

export const accountMessages: MessageTable = {
  6: {
    name: 'reqAccountUpdates',
    handle(session, fields) {
      session.unsubscribe('account')
      if (!flagField(fields, 2)) return
      const account = fields[3] || firstAccount(session)
      repeatedly(session, 'account', () => sendUpdates(session, account))
    },
  },
  61: {
    name: 'reqPositions',
    handle(session) {
      session.unsubscribe('positions')
      session.subscribe('positions', neverMs, () => sendPositions(session, true), 'account')
      sendPositions(session, false)
      session.send(62, 1)
    },
  },
  62: { name: 'reqAccountSummary', requestIdAt: 2, handle: summary },
  63: {
    name: 'cancelAccountSummary',
    requestIdAt: 2,
    handle: (session, fields) => void session.unsubscribe(`summary ${numberField(fields, 2)}`),
  },
  64: { name: 'cancelPositions', handle: (session) => void session.unsubscribe('positions') },
  76: {
    name: 'reqAccountUpdatesMulti',
    requestIdAt: 2,
    handle(session, fields) {
      const [, , reqId = '', account = '', model = ''] = fields
      const shown = account || firstAccount(session)
      const key = `multi ${reqId}`
      session.unsubscribe(key)
      repeatedly(session, key, () => {
        for (const [name, value, currency] of values(session, shown)) {
          session.send(73, 1, reqId, shown, model, name, value, currency)
        }
        session.send(74, 1, reqId)
      })
    },
  },
  77: {
    name: 'cancelAccountUpdatesMulti',
    requestIdAt: 2,
    handle: (session, fields) => void session.unsubscribe(`multi ${fields[2]}`),
  },
  92: {
    name: 'reqPnL',
    requestIdAt: 1,
    handle(session, [, reqId = '', account = '']) {
      const shown = knownAccount(session, account)
      const { realized } = session.world.broker.ledger.money(shown)
      const gain = sum(valued(session, shown), ({ gain }) => gain)
      session.send(94, reqId, 0, money(gain), money(realized))
    },
  },
  93: { name: 'cancelPnL', requestIdAt: 1, handle() {} },
  94: {
    name: 'reqPnLSingle',
    requestIdAt: 1,
    handle(session, [, reqId = '', account = '', , conId = '']) {
      const held = valued(session, knownAccount(session, account)).find(
        ({ instrument }) => instrument.conId === Number(conId),
      )
      const { quantity, gain, value } = held ?? { quantity: 0, gain: 0, value: 0 }
      session.send(95, reqId, quantity, 0, money(gain), 0, money(value))
    },
  },
  95: { name: 'cancelPnLSingle', requestIdAt: 1, handle() {} },
}

function firstAccount({ world }: ApiSession): string {
  return world.accounts[0] ?? ''
}

/** Now, and again every three minutes until cancelled. */
function repeatedly(session: ApiSession, key: string, task: () => void): void {
  if (session.subscribe(key, repeatMs, task, 'account')) task()
}

/** PnL requests name accounts that nobody checks; the first stands for one that we do not know. */
function knownAccount(session: ApiSession, account: string): string {
  return session.world.accounts.includes(account) ? account : firstAccount(session)
}

/** Positions that were closed are told once more, as 0, to who has heard of them. */
function sendPositions(session: ApiSession, closedToo: boolean): void {
  for (const account of session.world.accounts) {
    for (const { instrument, quantity, averageCost } of valued(session, account)) {
      if (quantity === 0 && !closedToo) continue
      session.send(61, 3, account, ...contractFields(instrument, ''), quantity, averageCost)
    }
  }
}

function valued({ world }: ApiSession, account: string): Valued[] {
  const now = world.clock.now()
  return world.broker.ledger.holdings(account).map((holding) => {
    const { instrument, quantity, averagePrice } = holding
    const price = priceAt(instrument, now)
    const value = quantity * price * multiplierOf(instrument)
    const averageCost = Number((averagePrice * multiplierOf(instrument)).toFixed(8))
    return { ...holding, price, averageCost, value, gain: value - quantity * averageCost }
  })
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}

function values(session: ApiSession, account: string): Array<[key: string, value: string, currency: string]> {
  const held = valued(session, account)
  const { cash: left, realized } = session.world.broker.ledger.money(account)
  const stock = sum(held, ({ instrument, quantity, averagePrice, price }) =>
    worth(instrument, quantity, averagePrice, price),
  )
  const gain = sum(held, (item) => item.gain * rateOf(item.instrument))
  const gross = sum(held, (item) => Math.abs(item.value) * rateOf(item.instrument))
  const shown = (amount: number) => amount.toFixed(2)
  return [
    ['AccountCode', account, ''],
    ['AccountOrGroup', account, 'USD'],
    ['AccountReady', 'true', ''],
    ['AccountType', 'INDIVIDUAL', ''],
    ['AvailableFunds', shown(left), 'USD'],
    ['BuyingPower', shown(4 * left), 'USD'],
    ['CashBalance', shown(left), 'USD'],
    ['Cushion', '1', ''],
    ['EquityWithLoanValue', shown(left + stock), 'USD'],
    ['ExcessLiquidity', shown(left), 'USD'],
    ['FullInitMarginReq', '0.00', 'USD'],
    ['FullMaintMarginReq', '0.00', 'USD'],
    ['GrossPositionValue', shown(gross), 'USD'],
    ['InitMarginReq', '0.00', 'USD'],
    ['MaintMarginReq', '0.00', 'USD'],
    ['NetLiquidation', shown(left + stock), 'USD'],
    ['RealizedPnL', shown(realized), 'USD'],
    ['StockMarketValue', shown(stock), 'USD'],
    ['TotalCashValue', shown(left), 'USD'],
    ['UnrealizedPnL', shown(gain), 'USD'],
  ]
}

function sendUpdates(session: ApiSession, account: string): void {
  for (const [key, value, currency] of values(session, account)) {
    session.send(6, 2, key, value, currency, account)
  }
  for (const { instrument, quantity, averageCost, price, value, gain } of valued(session, account)) {
    const contract = contractFields(instrument, instrument.primaryExchange)
    const figures = [quantity, price, money(value), averageCost, money(gain), 0]
    session.send(7, 8, ...contract, ...figures, account)
  }
  session.send(8, 1, clockTime(wallClock('UTC', session.world.clock.now())).slice(0, 5))
  session.send(54, 1, account)
}

function summary(session: ApiSession, fields: readonly string[]): void {
  const [, , reqId = '', , tags = ''] = fields
  const wanted = new Set(tags.split(','))
  const key = `summary ${numberField(fields, 2)}`
  session.unsubscribe(key)
  repeatedly(session, key, () => {
    for (const account of session.world.accounts) {
      for (const [tag, value, currency] of values(session, account)) {
        if (wanted.has(tag)) session.send(63, 1, reqId, account, tag, value, currency)
      }
    }
    session.send(64, 1, reqId)
  })
}

function money(amount: number): number {
  return Number(amount.toFixed(2))
}
