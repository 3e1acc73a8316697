// IBKR behind the gateway: orders, fills and accounts. They outlive connections and gateways, and go on while nobody is there.
import { fnv1a, type Position } from './accounts.ts'
import { priceAt } from './bars.ts'
import type { Instrument } from './catalogue.ts'
import type { SimulatorClock } from './clock.ts'
import { Ledger, type Margins } from './ledger.ts'
import {
  type BrokerEvent,
  isActive,
  type OrderTerms,
  type SimulatedExecution,
  type SimulatedOrder,
} from './order.ts'
import { nextMoment, type OrderMoment } from './order-moments.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface BrokerDeps {
  readonly clock: SimulatorClock
  readonly accounts: readonly string[]
  readonly positions: readonly Position[]
}

/** Answers to placing and cancelling; `undefined` is yes. */
export interface Refusal {
  readonly code: number
  readonly text: string
}

export class Broker {
  readonly ledger: Ledger
  readonly executions: SimulatedExecution[] = []
  /** Markets never close. */
  anyHour = false
  readonly #clock: SimulatorClock
  /** In the order of their permIds. */
  readonly #orders: Array<Mutable<SimulatedOrder>> = []
  readonly #timers = new Map<number, () => void>()
  readonly #listeners = new Set<(event: BrokerEvent) => void>()
  readonly #nextIds = new Map<number, number>()
  readonly #firstPermId: number

  constructor({ clock, accounts, positions }: BrokerDeps) {
    this.#clock = clock
    this.ledger = new Ledger(accounts, positions, clock.now())
    this.#firstPermId = 1_200_000_000 + (fnv1a(accounts.join()) % 100_000_000)
  }

  /** Oldest first. */
  get orders(): readonly SimulatedOrder[] {
    return this.#orders
  }

  /** Returns how to stop. */
  listen(listener: (event: BrokerEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  nextOrderId(clientId: number): number {
    return this.#nextIds.get(clientId) ?? 1
  }

  /** A new order, or new terms for one that works. The owner's order ids rise, as IBKR demands. */
  place(owner: number, orderId: number, terms: OrderTerms): Refusal | undefined {
    const known = this.#orders.find((order) => order.owner === owner && order.orderId === orderId)
    if (known?.status === 'Filled') return { code: 104, text: 'Cannot modify a filled order.' }
    if (known ? !isActive(known) : orderId < this.nextOrderId(owner))
      return { code: 103, text: 'Duplicate order id' }
    if (known && known.terms.instrument.conId !== terms.instrument.conId)
      return { code: 105, text: 'Order being modified does not match original order' }
    const refusal = this.#refusesFunds(terms)
    if (refusal) return refusal
    this.#nextIds.set(owner, Math.max(this.nextOrderId(owner), orderId + 1))
    const order = known ?? this.#create(owner, orderId)
    order.terms = terms
    this.#tell({ kind: 'order', order: { ...order } })
    this.#advance(order, this.#clock.now())
    return undefined
  }

  /** `canceller` is shown as the order's client from then on. Another client's order is found when the canceller has none of that id. */
  cancel(canceller: number, orderId: number): Refusal | undefined {
    const found =
      this.#orders.find((order) => order.owner === canceller && order.orderId === orderId) ??
      this.#orders.findLast((order) => order.orderId === orderId && isActive(order))
    if (!found) return { code: 10_147, text: `OrderId ${orderId} that needs to be cancelled is not found.` }
    if (!isActive(found))
      return {
        code: 10_148,
        text: `OrderId ${orderId} that needs to be cancelled cannot be cancelled, state: ${found.status}.`,
      }
    this.#cancel(found, canceller)
    return undefined
  }

  cancelAll(canceller: number): void {
    for (const order of this.#orders) if (isActive(order)) this.#cancel(order, canceller)
  }

  /** What the order would do to its account, filled at its own price or that of the moment. */
  margins(terms: OrderTerms): Margins {
    const now = this.#clock.now()
    const price = terms.limitPrice || terms.stopPrice || priceAt(terms.instrument, now)
    return this.ledger.margins(terms, price, now)
  }

  /** Markets open or keep their hours; orders that wait look again. */
  setAnyHour(anyHour: boolean): void {
    if (anyHour === this.anyHour) return
    this.anyHour = anyHour
    for (const order of this.#orders) if (isActive(order)) this.#advance(order, this.#clock.now())
  }

  /** Nothing moves any more. */
  stop(): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  #create(owner: number, orderId: number): Mutable<SimulatedOrder> {
    const order = {
      orderId,
      owner,
      clientId: owner,
      permId: this.#firstPermId + this.#orders.length,
      status: 'PreSubmitted',
      filled: 0,
      averagePrice: 0,
      commission: undefined,
      triggered: false,
      endedMs: undefined,
    } as unknown as Mutable<SimulatedOrder>
    this.#orders.push(order)
    return order
  }

  #refusesFunds(terms: OrderTerms): Refusal | undefined {
    const { equity, after, more } = this.margins(terms)
    if (!more || after <= equity) return undefined
    const [have, need] = [equity, after].map((amount) => amount.toFixed(2))
    const text = `YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE [${have} USD] MUST EXCEED THE INITIAL MARGIN [${need} USD]`
    return { code: 201, text: `Order rejected - reason:${text}` }
  }

  /** Lets happen what is due by now, and waits for what comes next. */
  #advance(order: Mutable<SimulatedOrder>, fromMs: number): void {
    this.#timers.get(order.permId)?.()
    this.#timers.delete(order.permId)
    const moment = nextMoment(order.terms, order.triggered, fromMs, this.anyHour)
    const waitMs = moment.atMs - this.#clock.now()
    if (moment.inMarket && (waitMs > 0 || moment.what === 'wait')) this.#submit(order)
    if (waitMs > 0)
      this.#timers.set(
        order.permId,
        this.#clock.schedule(() => this.#happen(order, moment), waitMs),
      )
    else this.#happen(order, moment)
  }

  #happen(order: Mutable<SimulatedOrder>, { what, atMs }: OrderMoment): void {
    if (what === 'fill') this.#fill(order, atMs)
    else if (what === 'trigger') order.triggered = true
    else if (what === 'expire') this.#cancel(order, order.clientId)
    if (isActive(order)) this.#advance(order, atMs)
  }

  /** At the market: stops only once their price has come. */
  #submit(order: Mutable<SimulatedOrder>): void {
    if (order.status !== 'PreSubmitted' || (order.terms.type.startsWith('STP') && !order.triggered)) return
    order.status = 'Submitted'
    this.#tell({ kind: 'order', order: { ...order } })
  }

  #fill(order: Mutable<SimulatedOrder>, atMs: number): void {
    const { terms } = order
    const price = priceAt(terms.instrument, atMs)
    const commission = commissionOf(terms.instrument, terms.quantity)
    order.filled = terms.quantity
    order.averagePrice = price
    order.status = 'Filled'
    order.endedMs = atMs
    const realized = this.ledger.book(terms, price, commission)
    const execution: SimulatedExecution = {
      execId: `${hex(fnv1a(terms.account))}.${hex(order.permId)}.01.01`,
      order: { ...order },
      atMs,
      price,
      shares: terms.quantity,
      commission,
      realized,
    }
    this.executions.push(execution)
    this.#tell({ kind: 'execution', order: { ...order }, execution })
    this.#tell({ kind: 'order', order: { ...order } })
    order.commission = commission
    this.#tell({ kind: 'commission-known', order: { ...order } })
    this.#tell({ kind: 'commission', order: { ...order }, execution })
  }

  #cancel(order: Mutable<SimulatedOrder>, canceller: number): void {
    order.clientId = canceller
    this.#timers.get(order.permId)?.()
    this.#timers.delete(order.permId)
    order.status = 'PendingCancel'
    this.#tell({ kind: 'status', order: { ...order } })
    order.status = 'Cancelled'
    order.endedMs = this.#clock.now()
    this.#tell({ kind: 'status', order: { ...order } })
    this.#tell({ kind: 'notice', order: { ...order }, code: 202, text: 'Order Canceled - reason:' })
  }

  #tell(event: BrokerEvent): void {
    for (const listener of [...this.#listeners]) listener(event)
  }
}

/** About what IBKR takes, in US dollars. */
function commissionOf({ secType }: Instrument, quantity: number): number {
  if (secType === 'FUT') return Math.round(quantity * 225) / 100
  if (secType === 'CASH') return 2
  return Math.max(1, Math.round(quantity * 0.5) / 100)
}

function hex(number: number): string {
  return number.toString(16).padStart(8, '0')
}
