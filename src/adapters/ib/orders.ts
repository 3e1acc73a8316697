// Orders in the words of the port and in those of the vendor. Whoever sends numbers that are none, where money hangs on them, is not listened to any longer.
import { type Contract, EventName, type Execution, type IBApi, type Order, type OrderState } from '@stoqey/ib'
import { FleetError } from '../../ports/errors.ts'
import type { IbContract, IbExecution, IbOpenOrder, IbOrder, IbOrderEvent } from '../../ports/ib.ts'
import { contractOf } from './contracts.ts'

/** `transmit` is always set: the vendor sends nothing for a missing one, and IB would keep the order back. */
export function toVendorOrder(order: IbOrder): Order {
  return { ...order, tif: order.tif ?? 'DAY', transmit: true } as Order
}

/**
 * Throws INVALID_REQUEST for what the wire would turn into another order than the one meant: a NUL moves all fields
 * behind it, and a price that is missing or no number is read as none, or as 0.
 */
export function refuseUnsendable(orderId: number, contract: IbContract, order: IbOrder): void {
  const refuse = (what: string) => {
    throw new FleetError('INVALID_REQUEST', `Order ${orderId} was not sent: ${what}.`)
  }
  if (!Number.isInteger(orderId) || orderId < 1) refuse('its id is no whole number from 1 on')
  if (!(order.totalQuantity > 0 && Number.isFinite(order.totalQuantity)))
    refuse(`its quantity is ${order.totalQuantity}`)
  if (/LMT/.test(order.orderType) && !Number.isFinite(order.lmtPrice)) refuse('it has no limit price')
  if (/STP/.test(order.orderType) && !Number.isFinite(order.auxPrice)) refuse('it has no stop price')
  for (const [field, value] of Object.entries({ ...contract, ...order }))
    if (typeof value === 'string' && value.includes('\0')) refuse(`its ${field} holds a NUL`)
}

/** Tells everything that the gateway says of orders, asked for or not. Throws, out of the decoder, on a message whose numbers are none. */
export function listenForOrders(api: IBApi, tell: (event: IbOrderEvent) => void): void {
  api.on(
    EventName.orderStatus,
    (orderId, status, filled, remaining, avgFillPrice, permId, _parent, _last, clientId) => {
      tell({
        kind: 'status',
        orderId: whole('order id', orderId),
        clientId: whole('client id', clientId),
        permId: whole('permanent id', permId),
        status,
        filled: given('filled quantity', filled),
        remaining: given('remaining quantity', remaining),
        avgFillPrice: finite('average price', avgFillPrice),
      })
    },
  )
  api.on(EventName.openOrder, (orderId, contract, order, state) =>
    tell({ kind: 'open-order', ...openOrder(orderId, contract, order, state) }),
  )
  api.on(EventName.execDetails, (_requestId, contract, found) =>
    tell({ kind: 'execution', ...execution(contract, found) }),
  )
}

function openOrder(orderId: number, contract: Contract, order: Order, state: OrderState): IbOpenOrder {
  return {
    orderId: whole('order id', orderId),
    clientId: whole('client id', order.clientId),
    permId: whole('permanent id', order.permId),
    contract: contractOf(contract),
    order: {
      action: oneOf('action', order.action, ['BUY', 'SELL']),
      totalQuantity: finite('quantity', order.totalQuantity),
      orderType: String(order.orderType),
      account: order.account ?? '',
      orderRef: order.orderRef ?? '',
    },
    status: String(state.status ?? ''),
  }
}

export function execution(contract: Contract, found: Execution): IbExecution {
  return {
    execId: found.execId ?? '',
    orderId: whole('order id', found.orderId),
    clientId: whole('client id', found.clientId),
    permId: whole('permanent id', found.permId),
    orderRef: found.orderRef ?? '',
    account: found.acctNumber ?? '',
    contract: contractOf(contract),
    side: oneOf('side', found.side, ['BOT', 'SLD']),
    shares: given('shares', found.shares),
    price: given('price', found.price),
  }
}

/** A number that means nothing when it is missing. */
export function given(name: string, value: number | undefined): number {
  return finite(name, value ?? Number.NaN)
}

/** The vendor gives undefined for what IB leaves empty or marks as unset. */
export function finite(name: string, value: number | undefined): number {
  if (value === undefined) return 0
  if (Number.isFinite(value)) return value
  throw new Error(`it sent a message about orders or positions whose ${name} is no number`)
}

function whole(name: string, value: number | undefined): number {
  return Math.trunc(finite(name, value))
}

function oneOf<Word extends string>(name: string, value: unknown, words: readonly Word[]): Word {
  const found = words.find((word) => word === value)
  if (found) return found
  throw new Error(`it sent a message about orders whose ${name} is none of ${words.join(', ')}`)
}
