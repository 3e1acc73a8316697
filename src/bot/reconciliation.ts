// What became of the orders that were in doubt: asked of the gateway after each connection, before anything else is sent.
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { IbSession } from '../session/session.ts'
import type { BotOrder, OrderJournal } from './order-journal.ts'

export interface ReconciliationDeps {
  readonly session: IbSession
  readonly journal: OrderJournal
  readonly clock: Clock
  readonly log: Log
}

/** The orders that had been in doubt, by what became of them. */
export interface Reconciliation {
  readonly working: readonly BotOrder[]
  readonly filled: readonly BotOrder[]
  /** Cancelled, rejected, or never arrived. */
  readonly ended: readonly BotOrder[]
}

/** Resolves when no order is in doubt any more; CONNECTION_CLOSED or CONNECTION_TIMEOUT when the gateway does not tell. */
export async function reconcileOrders(
  _deps: ReconciliationDeps,
  _signal?: AbortSignal,
): Promise<Reconciliation> {
  throw new Error('not written yet')
}
