// The messages about orders, field by field and version by version. Source: IBKR's client library and captures of live gateways.
import type { ApiSession } from './api-session.ts'
import { contractFields } from './contract-fields.ts'
import type { Margins } from './ledger.ts'
import type { SimulatedExecution, SimulatedOrder } from './order.ts'
import type { Field } from './wire.ts'
import { clockTime, compactDate, wallClock } from './zones.ts'

/** What unset numbers look like in messages that are written in Java. */
const unsetDouble = '1.7976931348623157E308'
const unsetInt = 2_147_483_647
const unsetLong = '9223372036854775807'

const since = (session: ApiSession, version: number, ...fields: Field[]): Field[] =>
  session.version >= version ? fields : []
const blanks = (count: number): Field[] => Array.from({ length: count }, () => '')
/** Dropped with version 177. */
const faProfile = (session: ApiSession): Field[] => (session.version < 177 ? [''] : [])
const priceField = (price: number): Field => (price === 0 ? '' : price)

/** Message 3. */
export function statusFields(order: SimulatedOrder): Field[] {
  const { orderId, status, filled, terms, averagePrice, permId, clientId } = order
  const remaining = terms.quantity - filled
  return [3, orderId, status, filled, remaining, averagePrice, permId, 0, averagePrice, clientId, '', 0]
}

/** Message 5; `whatIf` makes it the answer to a what-if order. */
export function openOrderFields(session: ApiSession, order: SimulatedOrder, whatIf?: Margins): Field[] {
  const { orderId, clientId, permId, terms, status, commission } = order
  const { instrument, exchange, account, orderRef, outsideRth } = terms
  const unset = Array.from({ length: 9 }, () => unsetDouble)
  const currency = commission === undefined ? '' : 'USD'
  return [
    ...[5, orderId, ...contractFields(instrument, exchange), ...termFields(order)],
    ...['', account, '', 0, orderRef, clientId, permId, outsideRth, 0, 0, ''],
    ...[`${permId}.0/${account}/100`, '', '', '', ...faProfile(session), '', '', '0', '', '', 0, '', -1],
    ...[0, '', '', '', '', '', unsetInt, 0, 0, 0, '', 3, 0, 0, '', 0, 0],
    ...['', 0, 'None', '', 0, '', '', '', '?', 0, 0, '', 0, 0, '', '', '', '', '', 0, 0, 0],
    ...[unsetInt, unsetInt, '', '', 0, '', 'IB', 0, 0, '', 0, whatIf !== undefined, status],
    ...(whatIf ? marginFields(whatIf) : unset),
    ...[commission ?? '', '', '', currency],
    ...since(session, 195, ...blanks(12), 0),
    ...['', 0, 0, 0, 'None', ...unset.slice(0, 6), 0, '', '', '', 0, 1, 0, 0, 0, '', '', 0],
    ...since(session, 170, ...blanks(5)),
    ...since(session, 183, ''),
    ...since(session, 184, 0),
    ...since(session, 185, ''),
    ...since(session, 189, 0),
    ...since(session, 193, '', unsetInt),
    ...since(session, 198, ''),
    ...since(session, 199, 0),
  ]
}

/** Message 101. */
export function completedOrderFields(session: ApiSession, order: SimulatedOrder): Field[] {
  const { permId, terms, status, filled, endedMs } = order
  const { instrument, exchange, account, orderRef, outsideRth } = terms
  const how = status === 'Filled' ? `Filled Size: ${filled}` : 'Cancelled by Trader'
  return [
    ...[101, ...contractFields(instrument, exchange), ...termFields(order)],
    ...['', account, '', 0, orderRef, permId, outsideRth, 0, 0, '', '', '', '', ...faProfile(session)],
    ...['', '', '0', '', '', 0, '', -1, '', '', '', '', '', unsetInt, 0, 0, '', 3, 0],
    ...['', 0, 'None', '', 0, 0, 0, '', 0, 0, '', '', '', 0, 0, 0, unsetInt, unsetInt, '', '', '', 'IB'],
    ...[0, 0, '', 0, status, 0, 0, 0, '', unsetDouble, 0, 1, 0, '', filled, unsetInt, 0],
    ...['Not an insider or substantial shareholder', 0, 0, unsetLong],
    ...[timeIn(instrument.hours.zone, endedMs ?? 0), how],
    ...since(session, 170, ...blanks(5)),
    ...since(session, 183, ''),
    ...since(session, 184, 0),
    ...since(session, 198, ''),
  ]
}

/** Message 11; `reqId` is -1 for fills as they happen. */
export function executionFields(session: ApiSession, reqId: number, fill: SimulatedExecution): Field[] {
  const { order, execId, atMs, shares, price } = fill
  const { orderId, owner, permId, terms } = order
  const { instrument, account, action, orderRef } = terms
  const exchange = instrument.primaryExchange || (instrument.exchanges[0] ?? '')
  const side = action === 'BUY' ? 'BOT' : 'SLD'
  return [
    ...[11, reqId, orderId, ...contractFields(instrument, exchange), execId],
    ...[timeIn(instrument.hours.zone, atMs), account, exchange, side, shares, price, permId, owner, 0],
    ...[shares, price, orderRef, '', '', '', 1],
    ...since(session, 178, 0),
    ...since(session, 198, ''),
  ]
}

/** Message 59. */
export function commissionFields({ execId, commission, realized }: SimulatedExecution): Field[] {
  const gain = realized === undefined ? unsetDouble : Number(realized.toFixed(2))
  return [59, 1, execId, commission, 'USD', gain, unsetDouble, '']
}

/** Initial and maintenance margin and equity: before, the change, after. */
function marginFields({ equity, before, after }: Margins): Field[] {
  const rows = [
    [before, before, equity],
    [after - before, after - before, 0],
    [after, after, equity],
  ]
  return rows.flat().map((amount) => amount.toFixed(2))
}

function termFields({ terms }: SimulatedOrder): Field[] {
  const { action, quantity, type, limitPrice, stopPrice, timeInForce } = terms
  return [action, quantity, type, priceField(limitPrice), priceField(stopPrice), timeInForce]
}

function timeIn(zone: string, ms: number): string {
  const at = wallClock(zone, ms)
  return `${compactDate(at)} ${clockTime(at)} ${zone}`
}
