// An order and its fills as IBKR keeps them. Snapshots are handed out; only the broker changes the originals.
import type { Instrument } from './catalogue.ts'

export type OrderType = 'MKT' | 'LMT' | 'STP' | 'STP LMT'
export type TimeInForce = 'DAY' | 'GTC' | 'IOC' | 'FOK'
export type OrderStatus = 'PreSubmitted' | 'Submitted' | 'PendingCancel' | 'Cancelled' | 'Filled'

/** What a client asks for, checked. */
export interface OrderTerms {
  readonly instrument: Instrument
  /** As the client named it: SMART, mostly. */
  readonly exchange: string
  readonly action: 'BUY' | 'SELL'
  readonly quantity: number
  readonly type: OrderType
  /** 0 where the type has none. */
  readonly limitPrice: number
  readonly stopPrice: number
  readonly timeInForce: TimeInForce
  readonly account: string
  readonly orderRef: string
  readonly outsideRth: boolean
}

export interface SimulatedOrder {
  readonly orderId: number
  /** Who placed it; order ids are counted by client. */
  readonly owner: number
  /** Shown as the order's client: the owner, or who cancelled it. */
  readonly clientId: number
  /** One count for all clients. */
  readonly permId: number
  readonly terms: OrderTerms
  readonly status: OrderStatus
  readonly filled: number
  readonly averagePrice: number
  /** Known after the fill. */
  readonly commission: number | undefined
  /** A stop whose price has come. */
  readonly triggered: boolean
  /** Milliseconds since the epoch; undefined while it works. */
  readonly endedMs: number | undefined
}

export interface SimulatedExecution {
  readonly execId: string
  readonly order: SimulatedOrder
  /** Milliseconds since the epoch. */
  readonly atMs: number
  readonly price: number
  readonly shares: number
  readonly commission: number
  /** Undefined when the fill opened a position. */
  readonly realized: number | undefined
}

/** What IBKR tells the gateway without being asked, of one order. */
export type BrokerEvent =
  | { kind: 'order'; order: SimulatedOrder }
  /** The order alone, without its status: what follows a fill. */
  | { kind: 'commission-known'; order: SimulatedOrder }
  | { kind: 'status'; order: SimulatedOrder }
  | { kind: 'execution'; order: SimulatedOrder; execution: SimulatedExecution }
  | { kind: 'commission'; order: SimulatedOrder; execution: SimulatedExecution }
  | { kind: 'notice'; order: SimulatedOrder; code: number; text: string }

export function isActive({ status }: SimulatedOrder): boolean {
  return status !== 'Filled' && status !== 'Cancelled'
}
