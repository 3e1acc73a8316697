// What a strategy may wish for and what it is told: plain values, so that they can cross to a worker thread and back.
import type { IbContract, IbOrder } from '../ports/ib.ts'

/** A wish to trade. Only the broker makes an order of it, and only through the gate. */
export interface OrderIntent {
  /** IB's symbol. */
  readonly symbol: string
  readonly secType?: string
  readonly exchange?: string
  readonly currency?: string
  readonly action: IbOrder['action']
  /** Units, more than 0. */
  readonly quantity: number
  readonly orderType: IbOrder['orderType']
  readonly lmtPrice?: number
  readonly auxPrice?: number
  readonly tif?: 'DAY' | 'GTC' | 'IOC'
  /** `close` may only make a position smaller; that is held against the position at the moment of sending. */
  readonly effect: 'open' | 'close'
  /** For the log: why. */
  readonly note?: string
}

/** A position of the account, with the part of it that this bot has opened. */
export interface BotPosition {
  readonly account: string
  readonly contract: IbContract
  /** Negative when short. */
  readonly position: number
  /** Opened by this bot, by its own orders' fills; never more than `position`, of the same sign. */
  readonly own: number
}

/** What became of an intent. */
export type Placement =
  /** Written to the gateway; what follows comes by its order's state. */
  | { readonly outcome: 'sent'; readonly orderId: number; readonly orderRef: string }
  /** DRY_RUN: everything was checked, nothing left. */
  | { readonly outcome: 'dry-run'; readonly orderRef: string }
