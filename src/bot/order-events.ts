// What IB tells of orders, translated into the journal: statuses, fills, refusals.
import type { IbExecution, IbNotice, IbOrderEvent } from '../ports/ib.ts'
import { classifyIbCode } from '../session/codes.ts'
import type { IbSession } from '../session/session.ts'
import type { OrderState } from './order-book.ts'
import type { BotOrder, OrderJournal } from './order-journal.ts'

/** Follows the session's orders into the journal until the returned function is called. `onFill` sees each fill once, of whomever. */
export function followOrders(
  session: IbSession,
  journal: OrderJournal,
  onFill: (fill: IbExecution) => void,
): () => void {
  const stops = [
    session.orders.onEvent((event) => noteEvent(journal, event, onFill)),
    session.orders.onNotice((notice) => noteRefusal(journal, session.snapshot().clientId, notice)),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** An order is known by our own reference; a status has none, so by IB's number, or by ours for this client. */
function noteEvent(journal: OrderJournal, event: IbOrderEvent, onFill: (fill: IbExecution) => void): void {
  const order = find(journal, event)
  if (event.kind === 'execution') {
    const { kind, ...fill } = event
    const known = order && !journal.execution({ ...fill, orderRef: order.orderRef })
    if (!known) onFill(fill)
    return
  }
  if (order) journal.state(order.orderRef, stateOf(event.status), event.permId, event.status)
}

function find(journal: OrderJournal, event: IbOrderEvent): BotOrder | undefined {
  const orderRef =
    event.kind === 'open-order' ? event.order.orderRef : event.kind === 'execution' ? event.orderRef : ''
  return orderRef ? journal.order(orderRef) : journal.orderOf(event.permId, event.orderId, event.clientId)
}

/** IB's words for an order's state; a status that is not known means that IB has the order. */
export function stateOf(status: string): OrderState {
  if (status === 'Filled') return 'filled'
  return ['Cancelled', 'ApiCancelled', 'Inactive'].includes(status) ? 'ended' : 'working'
}

/** Refusals of cancellations and changes say nothing of the order itself. */
const notOfTheOrder = new Set([104, 105, 135, 136, 161, 10_147, 10_148])
/** The only errors that end an order which IB has taken: rejected, cancelled, held back. */
const endsWorking = new Set([201, 202, 203])

function noteRefusal(journal: OrderJournal, clientId: number, { id, code, text }: IbNotice): void {
  if (id <= 0 || notOfTheOrder.has(code) || classifyIbCode(code, text).kind === 'informational') return
  const order = journal.active().find((known) => known.orderId === id && known.clientId === clientId)
  if (order?.state !== 'sent' && !(order?.state === 'working' && endsWorking.has(code))) return
  journal.state(order.orderRef, 'ended', order.permId, `[${code}] ${text}`)
}
