// What the bot's orders are, folded from what happened to them: no disk, no clock, no gateway.
import type { IbContract, IbExecution, IbOrder } from '../ports/ib.ts'
import { contractKey } from './exposure.ts'

/**
 * `intended`: on disk, not written to the gateway. `sent`: written, never acknowledged: in doubt. `working`: IB has it. `filled`, `ended`
 * (cancelled, rejected or never arrived; maybe filled in part) and `unsent` (certainly never written): over. `dry-run`: never meant to be sent.
 */
export type BotOrderState = 'intended' | 'sent' | 'working' | 'filled' | 'ended' | 'unsent' | 'dry-run'

/** One order of this bot. */
export interface BotOrder {
  readonly orderRef: string
  /** 0 for a dry run. */
  readonly orderId: number
  readonly clientId: number
  readonly account: string
  readonly contract: IbContract
  readonly action: IbOrder['action']
  readonly quantity: number
  readonly orderType: IbOrder['orderType']
  readonly lmtPrice?: number
  readonly auxPrice?: number
  readonly tif: NonNullable<IbOrder['tif']>
  readonly effect: 'open' | 'close'
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** When something last became known of it. */
  readonly changedAt: number
  readonly state: BotOrderState
  /** 0 until IB has given one. */
  readonly permId: number
  /** Units, by its executions. */
  readonly filled: number
  /** The last word of it: a status of IB, a refusal, or why it was not sent. */
  readonly said?: string
}

/** What is known of an order the moment it is thought of. */
export type NewOrder = Omit<BotOrder, 'state' | 'permId' | 'filled' | 'said' | 'changedAt'>

export type OrderState = 'working' | 'filled' | 'ended'

/** What happens to orders; also what stands in the journal, a line each. */
export type OrderEntry =
  | ({ readonly kind: 'intent'; readonly dryRun: boolean } & NewOrder)
  | { readonly kind: 'unsent'; readonly orderRef: string; readonly at: number; readonly said: string }
  | {
      readonly kind: 'state'
      readonly orderRef: string
      readonly at: number
      readonly state: OrderState
      readonly permId: number
      readonly said: string
    }
  | ({ readonly kind: 'execution'; readonly at: number } & IbExecution)
  /** Units that orders long forgotten have opened. */
  | {
      readonly kind: 'position'
      readonly account: string
      readonly contract: IbContract
      readonly units: number
    }

type ExecutionEntry = Extract<OrderEntry, { kind: 'execution' }>
type PositionEntry = Extract<OrderEntry, { kind: 'position' }>

export class OrderBook {
  readonly #orders = new Map<string, BotOrder>()
  /** Those that may still trade, or whose fills are not all known. */
  readonly #active = new Set<string>()
  /** By order, and by execId without the number of its correction. */
  readonly #executions = new Map<string, Map<string, ExecutionEntry>>()
  /** What all fills have made, also those of orders forgotten. */
  readonly #positions = new Map<string, PositionEntry>()

  /** Whether it changed anything: what is repeated does not, nor what is said of orders unknown. */
  apply(entry: OrderEntry): boolean {
    switch (entry.kind) {
      case 'intent': {
        if (this.#orders.has(entry.orderRef)) return false
        const { kind, dryRun, ...order } = entry
        const state = dryRun ? 'dry-run' : 'intended'
        this.#orders.set(order.orderRef, {
          ...order,
          state,
          permId: 0,
          filled: 0,
          changedAt: order.createdAt,
        })
        return true
      }
      case 'unsent':
        return this.#change(entry.orderRef, entry.at, { state: 'unsent', said: entry.said })
      case 'state':
        return this.#said(entry)
      case 'execution':
        return this.#execute(entry)
      case 'position':
        addUnits(this.#positions, entry.account, entry.contract, entry.units)
        return true
    }
  }

  /** It is being written to the gateway. */
  written(orderRef: string, at: number): void {
    if (this.#orders.get(orderRef)?.state === 'intended') this.#change(orderRef, at, { state: 'sent' })
  }

  /** Oldest first. */
  orders(): readonly BotOrder[] {
    return [...this.#orders.values()]
  }

  /** Those that may still trade, and those filled whose fills are not all known yet; oldest first. */
  active(): readonly BotOrder[] {
    return [...this.#active].map((orderRef) => this.#orders.get(orderRef) as BotOrder)
  }

  order(orderRef: string): BotOrder | undefined {
    return this.#orders.get(orderRef)
  }

  /** By IB's number where it has one, else by ours for a client. */
  orderOf(permId: number, orderId: number, clientId: number): BotOrder | undefined {
    const fits = (order: BotOrder) =>
      permId !== 0 && order.permId !== 0
        ? order.permId === permId
        : orderId !== 0 && order.orderId === orderId && order.clientId === clientId
    return this.active().find(fits) ?? this.orders().find(fits)
  }

  /** Net units that own fills have made of a contract in an account; negative when short. */
  ownPosition(account: string, contract: IbContract): number {
    return this.#positions.get(positionKey(account, contract))?.units ?? 0
  }

  executions(): readonly ExecutionEntry[] {
    return [...this.#executions.values()].flatMap((fills) => [...fills.values()])
  }

  /** Forgets orders that have been over since before `at`; the positions that they made stay. */
  forget(at: number): void {
    for (const order of this.orders()) {
      const { orderRef, changedAt } = order
      if (isUnresolved(order) || changedAt >= at) continue
      this.#executions.delete(orderRef)
      this.#active.delete(orderRef)
      this.#orders.delete(orderRef)
    }
  }

  /** As few entries as make a book like this one. */
  entries(): OrderEntry[] {
    const forgotten = new Map(this.#positions)
    for (const fill of this.executions()) addUnits(forgotten, fill.account, fill.contract, -signedUnits(fill))
    return [...forgotten.values(), ...this.orders().flatMap((order) => this.#entriesOf(order))]
  }

  #entriesOf(order: BotOrder): OrderEntry[] {
    const { state, permId, filled, said = '', changedAt: at, ...rest } = order
    const { orderRef } = order
    const entries: OrderEntry[] = [{ kind: 'intent', dryRun: state === 'dry-run', ...rest }]
    entries.push(...(this.#executions.get(orderRef)?.values() ?? []))
    if (state === 'working' || state === 'filled' || state === 'ended')
      entries.push({ kind: 'state', orderRef, at, state, permId, said })
    if (state === 'unsent') entries.push({ kind: 'unsent', orderRef, at, said })
    return entries
  }

  /** What was filled stays filled; what was thought to be over may turn out to work. */
  #said({ orderRef, at, state, permId, said }: Extract<OrderEntry, { kind: 'state' }>): boolean {
    const order = this.#orders.get(orderRef)
    if (!order || order.state === 'dry-run') return false
    const next = order.state === 'filled' ? 'filled' : state
    const known = permId || order.permId
    if (order.state === next && order.permId === known && order.said === said) return false
    return this.#change(orderRef, at, { state: next, permId: known, said })
  }

  #execute(entry: ExecutionEntry): boolean {
    const order = this.#orders.get(entry.orderRef)
    if (!order) return false
    const fills = this.#executions.get(entry.orderRef) ?? new Map<string, ExecutionEntry>()
    const { base, correction } = splitExecId(entry.execId)
    const known = fills.get(base)
    if (known && splitExecId(known.execId).correction >= correction) return false
    this.#executions.set(entry.orderRef, fills.set(base, entry))
    const correctedUnits = known ? signedUnits(known) : 0
    addUnits(this.#positions, entry.account, entry.contract, signedUnits(entry) - correctedUnits)
    const filled = [...fills.values()].reduce((total, { shares }) => total + shares, 0)
    const done = filled >= order.quantity
    const state = done ? 'filled' : order.state === 'ended' ? 'ended' : 'working'
    return this.#change(order.orderRef, entry.at, { filled, state, permId: entry.permId || order.permId })
  }

  #change(orderRef: string, at: number, changes: Partial<BotOrder>): boolean {
    const order = this.#orders.get(orderRef)
    if (!order) return false
    this.#put({ ...order, ...changes, changedAt: at })
    return true
  }

  #put(order: BotOrder): void {
    this.#orders.set(order.orderRef, order)
    if (isUnresolved(order) || (order.state === 'filled' && order.filled < order.quantity))
      this.#active.add(order.orderRef)
    else this.#active.delete(order.orderRef)
  }
}

/** It may still trade, or nobody knows. */
export function isUnresolved({ state }: BotOrder): boolean {
  return state === 'intended' || state === 'sent' || state === 'working'
}

/** Bought is positive, sold negative. */
export function signedUnits({ side, shares }: Pick<IbExecution, 'side' | 'shares'>): number {
  return side === 'BOT' ? shares : -shares
}

function addUnits(
  positions: Map<string, PositionEntry>,
  account: string,
  contract: IbContract,
  units: number,
): void {
  const key = positionKey(account, contract)
  // Sums of fractional units are not exact.
  const sum = Math.round((units + (positions.get(key)?.units ?? 0)) * 1e9) / 1e9
  if (sum === 0) positions.delete(key)
  else positions.set(key, { kind: 'position', account, contract, units: sum })
}

function positionKey(account: string, contract: IbContract): string {
  return `${account} ${contractKey(contract)}`
}

/** `0000e0d5.69dd7411.01.02` is the second word on `0000e0d5.69dd7411.01`. */
function splitExecId(execId: string): { base: string; correction: number } {
  const dot = execId.lastIndexOf('.')
  const correction = Number(execId.slice(dot + 1))
  if (dot < 0 || !Number.isInteger(correction)) return { base: execId, correction: 0 }
  return { base: execId.slice(0, dot), correction }
}
