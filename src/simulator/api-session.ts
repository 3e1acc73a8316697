// What a message handler sees of one API client: its negotiated version, its answers, its subscriptions, its world.
import type { TradingMode } from './accounts.ts'
import type { Broker } from './broker.ts'
import type { SimulatorClock } from './clock.ts'
import type { HistoricalPacing } from './historical-pacing.ts'
import type { OrderDesk } from './order-desk.ts'
import type { Violations } from './violations.ts'
import type { Field } from './wire.ts'

/** What all clients of one gateway share. */
export interface World {
  readonly clock: SimulatorClock
  readonly accounts: readonly string[]
  /** IBKR, where orders, fills and accounts live. */
  readonly broker: Broker
  readonly desk: OrderDesk
  /** Of the gateway; its days end at this zone's midnight. */
  readonly timeZone: string
  readonly tradingMode: TradingMode
  readonly readOnly: boolean
  readonly pacing: HistoricalPacing
  readonly violations: Violations
  /** Whether IBKR answers behind the gateway; without it, data requests stay unanswered. */
  upstream: boolean
  farms: boolean
}

export interface ApiSession {
  readonly world: World
  readonly clientId: number
  /** False once the client has gone. */
  readonly open: boolean
  readonly version: number
  /** 1 live, 2 frozen, 3 delayed, 4 delayed-frozen, as the client last asked. */
  marketDataType: number
  send(...fields: Field[]): void
  /** `send` for messages of any length. */
  sendFields(fields: readonly Field[]): void
  /** Runs `task` once all that was sent so far has left: at once, unless answers are late. Never while they are not sent at all. */
  afterSent(task: () => void): void
  /** Message 4; `id` is a request id, an order id or -1. */
  error(id: number, code: number, text: string): void
  /**
   * Calls `tick` every `everyMs` until cancelled or the client leaves; data subscriptions pause while the upstream is
   * lost and end with 1101. False when the key is taken.
   */
  subscribe(key: string, everyMs: number, tick: () => void, kind?: 'data' | 'account'): boolean
  /** Sends what is subscribed of accounts and positions anew. */
  refreshAccounts(): void
  /** False when there was no such subscription. */
  unsubscribe(key: string): boolean
}

export interface MessageSpec {
  readonly name: string
  /** Where the request id stands in the fields, for messages that have one; a function where that depends on the version. */
  readonly requestIdAt?: number | ((version: number) => number)
  /** Served by IBKR, not by the gateway itself: no answer while the upstream is lost. */
  readonly upstream?: true
  handle(session: ApiSession, fields: readonly string[]): void
}

/** Handlers by message id. */
export type MessageTable = Readonly<Record<number, MessageSpec>>

/** An unset number comes as an empty field, or as the largest double or int of the client's language. */
export function numberField(fields: readonly string[], index: number): number {
  const value = Number(fields[index] ?? '')
  return Number.isFinite(value) && value < 1e300 && value !== 2_147_483_647 ? value : 0
}

export function flagField(fields: readonly string[], index: number): boolean {
  return /^(1|true)$/i.test(fields[index] ?? '')
}
