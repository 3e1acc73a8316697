// What became of the orders that were in doubt: asked of the gateway after each connection, before anything else is sent.
import type { Clock } from '../ports/clock.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type { IbOpenOrder } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import type { IbSession } from '../session/session.ts'
import { isUnresolved } from './order-book.ts'
import { stateOf } from './order-events.ts'
import type { BotOrder, OrderJournal } from './order-journal.ts'

export interface ReconciliationDeps {
  readonly session: IbSession
  readonly journal: OrderJournal
  readonly clock: Clock
  readonly log: Log
  /** For each of the two questions [10 s]. */
  readonly timeoutMs?: number
  /** After which an order that IB does not show is asked for once more, and then is not there: it may still be on its way [5 s]. */
  readonly graceMs?: number
}

/** The orders that had been in doubt, by what became of them. */
export interface Reconciliation {
  readonly working: readonly BotOrder[]
  readonly filled: readonly BotOrder[]
  /** Cancelled, rejected, or never arrived. */
  readonly ended: readonly BotOrder[]
  /** Everything that works in the account, of whomever. */
  readonly open: readonly IbOpenOrder[]
}

/**
 * Resolves when no order is in doubt any more. Rejects with CONNECTION_CLOSED, CONNECTION_TIMEOUT or REQUEST_REJECTED when the gateway does
 * not tell, or with the reason of `signal`; what is in doubt stays so. The journal must be following the session.
 */
export async function reconcileOrders(
  deps: ReconciliationDeps,
  signal?: AbortSignal,
): Promise<Reconciliation> {
  const { session, journal, clock, log, graceMs = 5_000 } = deps
  const { connectionId } = session.orders
  const doubtful = unresolved(journal)
  let open = await look(deps, signal)
  let missing = notShown(journal, open)
  if (missing.length > 0) {
    await clock.sleep(graceMs, signal)
    open = await look(deps, signal)
    missing = notShown(journal, open)
  }
  if (session.orders.connectionId !== connectionId)
    throw new FleetError('CONNECTION_CLOSED', 'The connection changed while orders were being reconciled.')
  for (const { orderRef, permId, state } of missing)
    journal.state(orderRef, 'ended', permId, state === 'working' ? 'no longer there' : 'never arrived')
  const now = doubtful.map(({ orderRef }) => journal.order(orderRef)).filter((order) => order !== undefined)
  if (doubtful.length > 0)
    log.info(
      { orders: now.map(({ orderRef, state, said }) => ({ orderRef, state, said })) },
      'orders reconciled',
    )
  return {
    working: now.filter(({ state }) => state === 'working'),
    filled: now.filter(({ state }) => state === 'filled'),
    ended: now.filter(({ state }) => state === 'ended'),
    open,
  }
}

/** Open orders first: what is filled between the two questions then shows in the second. */
async function look(deps: ReconciliationDeps, signal?: AbortSignal): Promise<readonly IbOpenOrder[]> {
  const { session, journal, log, timeoutMs = 10_000 } = deps
  const options = { timeoutMs, ...(signal && { signal }) }
  const open = await session.request('openOrders', { all: true }, options)
  for (const { order, status, permId } of open) journal.state(order.orderRef, stateOf(status), permId, status)
  try {
    for (const fill of await session.request('executions', { all: true }, options)) journal.execution(fill)
  } catch (error) {
    // Gateways are known that never end an empty list; fills that they did send came as events.
    if (!isFleetError(error, 'CONNECTION_TIMEOUT') || !session.isConnected()) throw error
    log.warn({ timeoutMs }, 'the gateway did not end its list of executions')
  }
  return open
}

function unresolved(journal: OrderJournal): BotOrder[] {
  return journal.active().filter(isUnresolved)
}

/** Orders that IB ought to have and does not list; journal.state has taken in those that it does. */
function notShown(journal: OrderJournal, open: readonly IbOpenOrder[]): BotOrder[] {
  const shown = new Set(open.map(({ order }) => order.orderRef))
  return unresolved(journal).filter(({ orderRef }) => !shown.has(orderRef))
}
