// The bot's memory of its orders: JSON lines in BOT_STATE_DIR, on disk before an order is sent, read again after a restart.
import type { Clock } from '../ports/clock.ts'
import type { IbContract, IbExecution, IbOrder } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'

/**
 * `intended`: on disk, not written to the gateway yet. `sent`: written, never acknowledged: in doubt. `working`: IB has it. `filled`, `ended`
 * (cancelled, rejected or never arrived; it may have been filled in part) and `unsent` (certainly never written): over. `dry-run`: never meant to be sent.
 */
export type BotOrderState = 'intended' | 'sent' | 'working' | 'filled' | 'ended' | 'unsent' | 'dry-run'

/** One order of this bot. */
export interface BotOrder {
  readonly orderRef: string
  readonly orderId: number
  readonly clientId: number
  readonly account: string
  readonly contract: IbContract
  readonly action: IbOrder['action']
  readonly quantity: number
  readonly orderType: IbOrder['orderType']
  readonly effect: 'open' | 'close'
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly state: BotOrderState
  /** 0 until IB has given one. */
  readonly permId: number
  /** Units, by its executions. */
  readonly filled: number
  /** IB's last word of it, a status or a refusal. */
  readonly said?: string
}

export interface OrderJournalOptions {
  /** BOT_STATE_DIR; made when absent. */
  readonly dir: string
  readonly clock: Clock
  readonly log: Log
}

export class OrderJournal {
  /** Reads what is there; a torn last line is cut off. STORE_UNAVAILABLE when the folder cannot be written. */
  static async open(_options: OrderJournalOptions): Promise<OrderJournal> {
    throw new Error('not written yet')
  }

  /** What every orderRef of this bot begins with. */
  get refPrefix(): string {
    throw new Error('not written yet')
  }

  /** Orders known, oldest first; those over for more than two days are forgotten. */
  orders(): readonly BotOrder[] {
    throw new Error('not written yet')
  }

  /** Net units that this bot's own fills have opened of a contract in an account; negative when short. */
  ownPosition(_account: string, _contract: IbContract): number {
    throw new Error('not written yet')
  }

  /** Fills in the order in which they became known. */
  executions(): readonly IbExecution[] {
    throw new Error('not written yet')
  }

  async close(): Promise<void> {}
}
