// Reads a placeOrder message, and refuses with IBKR's codes what it would refuse before any market sees it.
import { type ApiSession, flagField, numberField } from './api-session.ts'
import { contractQuery, describedInstrument } from './contract-fields.ts'
import type { OrderTerms, OrderType, TimeInForce } from './order.ts'

/** Where the fields of placeOrder stand; without combo legs none of them ever moves. Source: IBKR's client library. */
const at = {
  contract: 2,
  exchange: 9,
  action: 16,
  quantity: 17,
  type: 18,
  limitPrice: 19,
  stopPrice: 20,
  timeInForce: 21,
  ocaGroup: 22,
  account: 23,
  orderRef: 26,
  transmit: 27,
  parentId: 28,
  outsideRth: 33,
} as const
/** One further down before version 177, which dropped a field ahead of it. */
const whatIfAt = 84

const orderTypes: Readonly<Record<string, OrderType>> = {
  MKT: 'MKT',
  LMT: 'LMT',
  STP: 'STP',
  'STP LMT': 'STP LMT',
}
const timesInForce: Readonly<Record<string, TimeInForce>> = {
  '': 'DAY',
  DAY: 'DAY',
  GTC: 'GTC',
  IOC: 'IOC',
  FOK: 'FOK',
}

export const orderRefAt = at.orderRef

export function isWhatIf(session: ApiSession, fields: readonly string[]): boolean {
  return flagField(fields, session.version < 177 ? whatIfAt + 1 : whatIfAt)
}

/** What is asked for, or undefined after `refuse` was told why not. */
export function readTerms(
  session: ApiSession,
  fields: readonly string[],
  refuse: (code: number, text: string) => void,
): OrderTerms | undefined {
  const text = (index: number) => (fields[index] ?? '').trim()
  const invalid = (cause: string) => {
    refuse(321, `Error validating request.-'bF' : cause - ${cause}`)
    return undefined
  }
  const query = contractQuery(fields, at.contract)
  const instrument = describedInstrument(session, 0, query, (_, code, why) => refuse(code, why))
  if (!instrument) return undefined
  const action = text(at.action)
  if (action !== 'BUY' && action !== 'SELL') return invalid('Invalid order action')
  const type = Object.hasOwn(orderTypes, text(at.type)) ? orderTypes[text(at.type)] : undefined
  if (!type) return invalid('Invalid order type was entered')
  const timeInForce = Object.hasOwn(timesInForce, text(at.timeInForce))
    ? timesInForce[text(at.timeInForce)]
    : undefined
  if (!timeInForce) return invalid('Invalid time in force')
  if (text(at.transmit) === '0') return invalid('The simulated gateway keeps no untransmitted orders')
  if (numberField(fields, at.parentId) > 0 || text(at.ocaGroup) !== '')
    return invalid('The simulated gateway knows no attached or grouped orders')
  const quantity = numberField(fields, at.quantity)
  if (!(quantity > 0)) {
    refuse(434, 'The order size cannot be zero.')
    return undefined
  }
  const limitPrice = type.endsWith('LMT') ? numberField(fields, at.limitPrice) : 0
  const stopPrice = type.startsWith('STP') ? numberField(fields, at.stopPrice) : 0
  if (type.endsWith('LMT') && limitPrice <= 0) return invalid('Missing limit price')
  if (type.startsWith('STP') && stopPrice <= 0) return invalid('Missing stop price')
  if ([limitPrice, stopPrice].some((price) => !isOnTick(price, instrument.minTick))) {
    refuse(110, 'The price does not conform to the minimum price variation for this contract.')
    return undefined
  }
  const { accounts } = session.world
  const account = text(at.account) || (accounts.length === 1 ? accounts[0] : undefined)
  if (account === undefined) {
    refuse(435, 'You must specify an account.')
    return undefined
  }
  if (!accounts.includes(account)) return invalid(`Invalid account code '${account}'`)
  if (instrument.secType === 'IND') {
    refuse(201, 'Order rejected - reason:No trading permissions.')
    return undefined
  }
  return {
    instrument,
    exchange: text(at.exchange) || (instrument.exchanges[0] ?? ''),
    action,
    quantity,
    type,
    limitPrice,
    stopPrice,
    timeInForce,
    account,
    orderRef: fields[at.orderRef] ?? '',
    outsideRth: flagField(fields, at.outsideRth),
  }
}

function isOnTick(price: number, tick: number): boolean {
  const ticks = price / tick
  return Math.abs(ticks - Math.round(ticks)) < 1e-6
}
