// The order side of the API: placing, cancelling, and lists of orders and fills.
import { type ApiSession, type MessageTable, numberField } from '../api-session.ts'
import { isActive, type SimulatedExecution, type SimulatedOrder } from '../order.ts'
import {
  commissionFields,
  completedOrderFields,
  executionFields,
  openOrderFields,
  statusFields,
} from '../order-fields.ts'
import { isWhatIf, readTerms } from '../order-terms.ts'
import { instantOf, wallClock } from '../zones.ts'

const readOnlyText =
  "Error validating request.-'b7' : cause - The API interface is currently in Read-Only mode."
/** Where cancelOrder names its order: version 192 took the field before it away. */
const cancelledIdAt = (version: number) => (version >= 192 ? 1 : 2)

export const orderMessages: MessageTable = {
  3: { name: 'placeOrder', requestIdAt: 1, upstream: true, handle: placeOrder },
  4: { name: 'cancelOrder', requestIdAt: cancelledIdAt, upstream: true, handle: cancelOrder },
  5: {
    name: 'reqOpenOrders',
    handle(session) {
      const { clientId } = session
      unlessReadOnly(session, () =>
        sendOpenOrders(session, (order) => clientId === 0 || order.owner === clientId),
      )
    },
  },
  7: { name: 'reqExecutions', requestIdAt: 2, handle: sendExecutions },
  8: {
    name: 'reqIds',
    handle(session) {
      unlessReadOnly(session, () => session.send(9, 1, session.world.broker.nextOrderId(session.clientId)))
    },
  },
  15: { name: 'reqAutoOpenOrders', handle() {} },
  16: { name: 'reqAllOpenOrders', handle: (session) => sendOpenOrders(session, () => true) },
  58: {
    name: 'reqGlobalCancel',
    upstream: true,
    handle(session) {
      unlessReadOnly(session, () => session.world.broker.cancelAll(session.clientId))
    },
  },
  99: {
    name: 'reqCompletedOrders',
    handle(session) {
      unlessReadOnly(session, () => {
        for (const order of session.world.broker.orders)
          if (!isActive(order)) session.sendFields(completedOrderFields(session, order))
        session.send(102)
      })
    },
  },
}

function placeOrder(session: ApiSession, fields: readonly string[]): void {
  const { broker, desk, readOnly } = session.world
  const orderId = numberField(fields, 1)
  if (readOnly) {
    session.error(orderId, 321, readOnlyText)
    return
  }
  const no = (code: number, text: string) => refuse(session, orderId, code, text)
  const terms = readTerms(session, fields, no)
  if (!terms) return
  if (isWhatIf(session, fields)) preview(session, orderId, terms)
  else if (desk.rejection !== undefined) no(201, `Order rejected - reason:${desk.rejection}`)
  else {
    const refusal = broker.place(session.clientId, orderId, terms)
    if (refusal) no(refusal.code, refusal.text)
  }
}

function cancelOrder(session: ApiSession, fields: readonly string[]): void {
  const { world, clientId, version } = session
  const orderId = numberField(fields, cancelledIdAt(version))
  if (world.readOnly) {
    session.error(orderId, 321, readOnlyText)
    return
  }
  const refusal = world.broker.cancel(clientId, orderId)
  if (refusal) refuse(session, orderId, refusal.code, refusal.text)
}

/** A what-if order is answered with its margins and never reaches a market. */
function preview(session: ApiSession, orderId: number, terms: SimulatedOrder['terms']): void {
  const { clientId, world } = session
  const order: SimulatedOrder = {
    ...{ orderId, owner: clientId, clientId, permId: 0, terms, status: 'PreSubmitted', filled: 0 },
    ...{ averagePrice: 0, commission: undefined, triggered: false, endedMs: undefined },
  }
  world.desk.answer(session, () =>
    session.sendFields(openOrderFields(session, order, world.broker.margins(terms))),
  )
}

/** A read-only gateway refuses these without an end marker; clients that wait for one wait in vain. */
function unlessReadOnly(session: ApiSession, answer: () => void): void {
  if (session.world.readOnly) session.error(-1, 321, readOnlyText)
  else answer()
}

function refuse(session: ApiSession, orderId: number, code: number, text: string): void {
  session.world.desk.answer(session, () => session.error(orderId, code, text))
}

function sendOpenOrders(session: ApiSession, isMeant: (order: SimulatedOrder) => boolean): void {
  for (const order of session.world.broker.orders) {
    if (!isActive(order) || !isMeant(order)) continue
    session.sendFields(openOrderFields(session, order))
    session.sendFields(statusFields(order))
  }
  session.send(53, 1)
}

/** Those since the gateway's last midnight that the filter lets through; empty fields and client id 0 let everything. */
function sendExecutions(session: ApiSession, fields: readonly string[]): void {
  const { broker, clock, timeZone, desk } = session.world
  const [, , reqId = '', clientId = '', account = '', , symbol = '', secType = '', exchange = '', side = ''] =
    fields
  const { year, month, day } = wallClock(timeZone, clock.now())
  const midnightMs = instantOf(timeZone, year, month, day)
  const fits = (wanted: string, actual: string) => wanted === '' || wanted.toUpperCase() === actual
  const found = broker.executions.filter(({ atMs, order: { owner, terms } }: SimulatedExecution) => {
    const { instrument } = terms
    return (
      atMs >= midnightMs &&
      (!Number(clientId) || owner === Number(clientId)) &&
      fits(account, terms.account.toUpperCase()) &&
      fits(symbol, instrument.symbol) &&
      fits(secType, instrument.secType) &&
      fits(exchange, terms.exchange.toUpperCase()) &&
      fits(side, terms.action)
    )
  })
  for (const fill of found) {
    session.sendFields(executionFields(session, Number(reqId), fill))
    session.sendFields(commissionFields(fill))
  }
  if (found.length > 0 || !desk.endlessExecutions) session.send(55, 1, reqId)
}
