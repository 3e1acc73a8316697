// What an account holds and is worth: account updates, summaries, positions, profit and loss.
import { type ApiSession, flagField, type MessageTable, numberField } from '../api-session.ts'
import { priceAt } from '../bars.ts'
import { findInstruments, type Instrument } from '../catalogue.ts'
import { contractFields } from '../contract-fields.ts'
import { clockTime, wallClock } from '../zones.ts'

const repeatMs = 180_000
const cash = 1_000_000

interface Holding {
  instrument: Instrument
  quantity: number
  averageCost: number
  price: number
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
      for (const account of session.world.accounts) {
        for (const { instrument, quantity, averageCost } of holdings(session)) {
          const contract = contractFields(instrument, '')
          session.send(61, 3, account, ...contract, quantity, averageCost)
        }
      }
      session.send(62, 1)
    },
  },
  62: { name: 'reqAccountSummary', requestIdAt: 2, handle: summary },
  63: {
    name: 'cancelAccountSummary',
    requestIdAt: 2,
    handle: (session, fields) => void session.unsubscribe(`summary ${numberField(fields, 2)}`),
  },
  64: { name: 'cancelPositions', handle() {} },
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
    handle: (session, [, reqId = '']) => session.send(94, reqId, 0, unrealized(session), 0),
  },
  93: { name: 'cancelPnL', requestIdAt: 1, handle() {} },
  94: {
    name: 'reqPnLSingle',
    requestIdAt: 1,
    handle(session, [, reqId = '', , , conId = '']) {
      const held = holdings(session).find(({ instrument }) => instrument.conId === Number(conId))
      const { quantity, price, averageCost } = held ?? { quantity: 0, price: 0, averageCost: 0 }
      const gain = money(quantity * (price - averageCost))
      session.send(95, reqId, quantity, 0, gain, 0, money(quantity * price))
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

function holdings({ world }: ApiSession): Holding[] {
  const now = world.clock.now()
  return world.positions.flatMap(({ symbol, quantity, averageCost }) => {
    const query = {
      conId: 0,
      secType: '',
      expiry: '',
      exchange: '',
      currency: '',
      localSymbol: '',
      tradingClass: '',
      includeExpired: false,
    }
    const [instrument] = findInstruments({ ...query, symbol }, now)
    return instrument ? [{ instrument, quantity, averageCost, price: priceAt(instrument, now) }] : []
  })
}

function unrealized(session: ApiSession): number {
  return money(
    holdings(session).reduce((sum, item) => sum + item.quantity * (item.price - item.averageCost), 0),
  )
}

function values(session: ApiSession, account: string): Array<[key: string, value: string, currency: string]> {
  const held = holdings(session)
  const stock = held.reduce((sum, { quantity, price }) => sum + quantity * price, 0)
  const spent = held.reduce((sum, { quantity, averageCost }) => sum + quantity * averageCost, 0)
  const left = cash - spent
  const worth = (amount: number) => amount.toFixed(2)
  return [
    ['AccountCode', account, ''],
    ['AccountOrGroup', account, 'USD'],
    ['AccountReady', 'true', ''],
    ['AccountType', 'INDIVIDUAL', ''],
    ['AvailableFunds', worth(left), 'USD'],
    ['BuyingPower', worth(4 * left), 'USD'],
    ['CashBalance', worth(left), 'USD'],
    ['Cushion', '1', ''],
    ['EquityWithLoanValue', worth(left + stock), 'USD'],
    ['ExcessLiquidity', worth(left), 'USD'],
    ['FullInitMarginReq', '0.00', 'USD'],
    ['FullMaintMarginReq', '0.00', 'USD'],
    ['GrossPositionValue', worth(Math.abs(stock)), 'USD'],
    ['InitMarginReq', '0.00', 'USD'],
    ['MaintMarginReq', '0.00', 'USD'],
    ['NetLiquidation', worth(left + stock), 'USD'],
    ['RealizedPnL', '0.00', 'USD'],
    ['StockMarketValue', worth(stock), 'USD'],
    ['TotalCashValue', worth(left), 'USD'],
    ['UnrealizedPnL', worth(stock - spent), 'USD'],
  ]
}

function sendUpdates(session: ApiSession, account: string): void {
  for (const [key, value, currency] of values(session, account)) {
    session.send(6, 2, key, value, currency, account)
  }
  for (const { instrument, quantity, averageCost, price } of holdings(session)) {
    const { primaryExchange } = instrument
    const contract = contractFields(instrument, primaryExchange)
    const gain = money(quantity * (price - averageCost))
    session.send(7, 8, ...contract, quantity, price, money(quantity * price), averageCost, gain, 0, account)
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
