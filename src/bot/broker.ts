// The only place that makes orders of intents: limits, journal, gate, in this order, and the line to the gateway last.
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { IbSession } from '../session/session.ts'
import type { BotPosition, OrderIntent, Placement } from './intents.ts'
import type { HardLimits } from './limits.ts'
import type { GatePass, OrderGate } from './order-gate.ts'
import type { BotOrder, OrderJournal } from './order-journal.ts'
import type { Reconciliation } from './reconciliation.ts'

export interface BrokerDeps {
  readonly session: IbSession
  readonly clock: Clock
  readonly log: Log
  readonly journal: OrderJournal
  /** Of today's gameplan, asked for each order; undefined when there is none: then only closing is allowed. */
  readonly limits: () => HardLimits | undefined
  /** Everything is checked and journaled, nothing is written. */
  readonly dryRun: boolean
}

/** What is known of the account, as of `at` (epoch milliseconds). */
export interface AccountState {
  readonly at: number
  readonly account: string
  readonly positions: readonly BotPosition[]
  readonly netLiquidation?: number
  /** The first seen on today's date of New York. */
  readonly openingNetLiquidation?: number
}

export class Broker {
  constructor(_gate: OrderGate, _deps: BrokerDeps) {}

  /**
   * Makes an order of an intent. ORDER_REFUSED (limits, doubt, a disk that takes nothing), ORDER_GATE_CLOSED, CONNECTION_CLOSED and the
   * reason of `signal` all mean that nothing was written.
   */
  async place(_pass: GatePass, _intent: OrderIntent, _signal?: AbortSignal): Promise<Placement> {
    throw new Error('not written yet')
  }

  /** Asks the gateway to cancel an order of this bot; what becomes of it shows in `orders`. Rejects as `place` does. */
  async cancel(_pass: GatePass, _orderRef: string, _signal?: AbortSignal): Promise<void> {
    throw new Error('not written yet')
  }

  /** Asks for positions and net liquidation; sends no order, so it needs no pass. Rejects as requests do. */
  async account(_account: string, _signal?: AbortSignal): Promise<AccountState> {
    throw new Error('not written yet')
  }

  /** What `account` last found; undefined before the first time. */
  get lastAccount(): AccountState | undefined {
    throw new Error('not written yet')
  }

  /** Positions as `account` finds them now. */
  async positions(_account: string, _signal?: AbortSignal): Promise<readonly BotPosition[]> {
    throw new Error('not written yet')
  }

  /** Orders of this bot, oldest first. */
  orders(): readonly BotOrder[] {
    throw new Error('not written yet')
  }

  /** For validateGateway. */
  async reconcile(_signal?: AbortSignal): Promise<Reconciliation> {
    throw new Error('not written yet')
  }

  /** Stops listening; the journal stays open. */
  stop(): void {}
}
