// How one kind of request is asked, gathered and cancelled: the rows that the tables of the adapter are made of.
import type { IBApi } from '@stoqey/ib'

/** A request that is answered and over. */
export interface RequestRow<Params, Item, Answer> {
  send(api: IBApi, id: number, params: Params): void
  /** Absent where IB knows no such message. */
  cancel?(api: IBApi, id: number): void
  answer(items: Item[]): Answer
}

/** A request that goes on until cancelled. */
export interface StreamRow<Params> {
  send(api: IBApi, id: number, params: Params): void
  cancel(api: IBApi, id: number): void
}

/** Where events about requests go; ids that nobody waits for are ignored. */
export interface Answers {
  onItem(id: number, item: unknown): void
  onEnd(id: number): void
}
