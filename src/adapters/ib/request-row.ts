// How one kind of request is asked, gathered and cancelled: the rows that the tables of the adapter are made of.
import type { IBApi } from '@stoqey/ib'

/** What the messages of an answer hold. */
export type Family =
  | 'contracts'
  | 'ticks'
  | 'bars'
  | 'schedules'
  | 'first moments'
  | 'real-time bars'
  | 'executions'
  | 'account values'

/** A request that is answered and over. */
export interface RequestRow<Params, Item, Answer> {
  /** All that can be an answer to it. */
  readonly hears: Family
  /** `clientId` is ours. */
  send(api: IBApi, id: number, params: Params, clientId: number): void
  /** Absent where IB knows no such message. */
  cancel?(api: IBApi, id: number): void
  /** IB goes on after the answer until it is cancelled. */
  readonly goesOn?: true
  answer(items: Item[], params: Params, clientId: number): Answer
}

/** A request that goes on until cancelled. */
export interface StreamRow<Params> {
  readonly hears: Family
  send(api: IBApi, id: number, params: Params): void
  cancel(api: IBApi, id: number): void
}

/** Where events about requests go; what nobody waits for, or waits for as something else, is ignored. */
export interface Answers {
  onItem(family: Family, id: number, item: unknown): void
  onEnd(family: Family, id: number): void
}
