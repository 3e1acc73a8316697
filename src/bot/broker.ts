// The only place that makes orders of intents: limits, journal, gate, in this order, and the line to the gateway last.
import type { Clock } from '../ports/clock.ts'
import { FleetError, isFleetError, messageOf } from '../ports/errors.ts'
import type { IbContract, IbOrder } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import type { IbSession } from '../session/session.ts'
import { AccountDesk, type AccountState } from './account-desk.ts'
import { contractKey } from './exposure.ts'
import type { BotPosition, OrderIntent, Placement } from './intents.ts'
import { type HardLimits, whyMalformed, whyRefused } from './limits.ts'
import type { NewOrder } from './order-book.ts'
import { followOrders } from './order-events.ts'
import type { GatePass, OrderGate } from './order-gate.ts'
import type { BotOrder, OrderJournal } from './order-journal.ts'
import { type Reconciliation, reconcileOrders } from './reconciliation.ts'

export type { AccountState } from './account-desk.ts'

export interface BrokerDeps {
  readonly session: IbSession
  readonly clock: Clock
  readonly log: Log
  readonly journal: OrderJournal
  /** Of today's gameplan, asked for each order; undefined when there is none: then only closing is allowed. */
  readonly limits: () => HardLimits | undefined
  /** Everything is checked and journaled, nothing is written. */
  readonly dryRun: boolean
  /** How long reconciliation looks for orders that IB does not show [5 s]. */
  readonly graceMs?: number
}

/** What is known of the account may be so old when an order is checked against it. */
const accountFreshMs = 5_000

export class Broker {
  readonly #gate: OrderGate
  readonly #deps: BrokerDeps
  readonly #desk: AccountDesk
  readonly #stop: () => void

  constructor(gate: OrderGate, deps: BrokerDeps) {
    this.#gate = gate
    this.#deps = deps
    this.#desk = new AccountDesk(deps)
    this.#stop = followOrders(deps.session, deps.journal, (fill) => this.#desk.filled(fill))
  }

  /**
   * Makes an order of an intent. ORDER_REFUSED (limits, doubt, a disk that takes nothing), ORDER_GATE_CLOSED, CONNECTION_CLOSED and the
   * reason of `signal` mean that nothing was written.
   */
  async place(pass: GatePass, intent: OrderIntent, signal?: AbortSignal): Promise<Placement> {
    const { session, journal, log, dryRun } = this.#deps
    this.#gate.admit(pass)
    refuse(whyMalformed(intent))
    await this.#desk.ensure(pass.account, accountFreshMs, signal)
    this.#gate.admit(pass)
    this.#check(pass, intent)
    const order = this.#newOrder(pass, intent)
    const { orderRef, orderId, contract } = order
    await journal.intend(order, dryRun)
    let attempted = false
    const admit = () => {
      signal?.throwIfAborted()
      this.#gate.admit(pass)
      this.#check(pass, intent, orderRef)
    }
    try {
      if (dryRun) {
        admit()
        log.info({ orderRef, intent }, 'dry run: order checked and not sent')
        return { outcome: 'dry-run', orderRef }
      }
      const send = { orderId, contract, order: ibOrder(order) }
      const admitAndCount = () => {
        admit()
        attempted = true
        journal.written(orderRef)
      }
      await session.orders.place(pass.connectionId, send, admitAndCount, signal)
    } catch (error) {
      // Once the writing had begun, only the gateway can say; but for these two nothing is written.
      if (!attempted || isFleetError(error, 'CONNECTION_CLOSED', 'INVALID_REQUEST'))
        journal.unsent(orderRef, messageOf(error))
      throw error
    }
    log.info({ orderRef, orderId, intent }, 'order sent')
    return { outcome: 'sent', orderId, orderRef }
  }

  /** Asks the gateway to cancel an order of this bot; what becomes of it shows in `orders`. Rejects as `place` does. */
  async cancel(pass: GatePass, orderRef: string, signal?: AbortSignal): Promise<void> {
    const { session, journal } = this.#deps
    const order = journal.order(orderRef)
    const { clientId } = session.snapshot()
    if (!order || order.orderId === 0 || (order.state !== 'working' && order.state !== 'sent'))
      refuse(`There is no order ${orderRef} at work that could be cancelled.`)
    else if (order.clientId !== clientId)
      refuse(
        `Order ${orderRef} was placed as client ${order.clientId}; as client ${clientId} it cannot be cancelled.`,
      )
    else await session.orders.cancel(pass.connectionId, order.orderId, () => this.#gate.admit(pass), signal)
  }

  /** Asks for positions and net liquidation; sends no order, so it needs no pass. Rejects as requests do. */
  account(account: string, signal?: AbortSignal): Promise<AccountState> {
    return this.#desk.refresh(account, signal)
  }

  /** What was last found over the present connection; undefined before the first time. */
  lastAccount(account: string): AccountState | undefined {
    return this.#desk.state(account)
  }

  /** Positions as IB tells them now. */
  async positions(account: string, signal?: AbortSignal): Promise<readonly BotPosition[]> {
    return (await this.#desk.refresh(account, signal)).positions
  }

  /** Orders of this bot, oldest first. */
  orders(): readonly BotOrder[] {
    return this.#deps.journal.orders()
  }

  /** For validateGateway: finds out what became of every order in doubt. */
  reconcile(signal?: AbortSignal): Promise<Reconciliation> {
    return reconcileOrders(this.#deps, signal)
  }

  /** Stops listening; the journal stays open. */
  stop(): void {
    this.#stop()
  }

  /** Throws ORDER_REFUSED unless the intent may become an order now; `own` is that order, once it counts itself. */
  #check(pass: GatePass, intent: OrderIntent, own?: string): void {
    const contract = contractOf(intent)
    const doubtful = this.#deps.journal
      .active()
      .find(
        (order) =>
          order.state === 'sent' &&
          order.orderRef !== own &&
          contractKey(order.contract) === contractKey(contract),
      )
    if (doubtful)
      refuse(
        `Order ${doubtful.orderRef} for ${intent.symbol} was sent and not acknowledged yet: nothing else for it until then.`,
      )
    const { netLiquidation, opening } = this.#desk.money(pass.account)
    refuse(
      whyRefused(intent, {
        limits: this.#deps.limits(),
        exposure: this.#desk.exposure(pass.account, contract, own),
        netLiquidation,
        openingNetLiquidation: opening,
      }),
    )
  }

  #newOrder(pass: GatePass, intent: OrderIntent): NewOrder {
    const { session, journal, clock, dryRun } = this.#deps
    const { action, quantity, orderType, lmtPrice, auxPrice, tif = 'DAY', effect } = intent
    return {
      ...journal.number(session.orders.firstOrderId, dryRun),
      clientId: session.snapshot().clientId,
      account: pass.account,
      contract: contractOf(intent),
      action,
      quantity,
      orderType,
      ...(orderType.endsWith('LMT') && lmtPrice !== undefined && { lmtPrice }),
      ...(orderType.startsWith('STP') && auxPrice !== undefined && { auxPrice }),
      tif,
      effect,
      createdAt: clock.now(),
    }
  }
}

function contractOf({
  symbol,
  secType = 'STK',
  exchange = 'SMART',
  currency = 'USD',
}: OrderIntent): IbContract {
  return { symbol, secType, exchange, currency }
}

function ibOrder({
  action,
  quantity,
  orderType,
  lmtPrice,
  auxPrice,
  tif,
  account,
  orderRef,
}: NewOrder): IbOrder {
  return {
    action,
    totalQuantity: quantity,
    orderType,
    ...(lmtPrice !== undefined && { lmtPrice }),
    ...(auxPrice !== undefined && { auxPrice }),
    tif,
    account,
    orderRef,
  }
}

/** Throws when there is a reason to. */
function refuse(why: string | undefined): void {
  if (why !== undefined) throw new FleetError('ORDER_REFUSED', why)
}
