// The way of orders over one session: paced as messages, admitted at the last moment, written to the connection they were meant for or not at all.
import { FleetError } from '../ports/errors.ts'
import type { IbConnection, IbContract, IbNotice, IbOrder, IbOrderEvent, IbWelcome } from '../ports/ib.ts'
import type { Pacer } from './pacing/pacer.ts'

interface Line {
  readonly id: number
  readonly connection: IbConnection
  readonly welcome: IbWelcome
}

export interface OrderToPlace {
  readonly orderId: number
  readonly contract: IbContract
  readonly order: IbOrder
}

export class OrderLine {
  readonly #pacer: Pacer
  readonly #eventListeners = new Set<(event: IbOrderEvent) => void>()
  readonly #noticeListeners = new Set<(notice: IbNotice) => void>()
  readonly #closingListeners = new Set<() => void>()
  #line: Line | undefined
  #connections = 0

  constructor(pacer: Pacer) {
    this.#pacer = pacer
  }

  /** Number of the present connection; 0 without one, never the same twice. */
  get connectionId(): number {
    return this.#line?.id ?? 0
  }

  /** The first order id that the present connection may use; 0 without one. */
  get firstOrderId(): number {
    return this.#line?.welcome.nextOrderId ?? 0
  }

  /**
   * Waits for the message rate, then calls `admit` and writes, both in one turn: whatever `admit` throws keeps the order from being sent.
   * CONNECTION_CLOSED when the connection `connectionId` is not the present one any more; then nothing was written.
   */
  place(connectionId: number, order: OrderToPlace, admit: () => void, signal?: AbortSignal): Promise<void> {
    return this.#send(
      connectionId,
      (connection) => {
        admit()
        connection.placeOrder(order.orderId, order.contract, order.order)
      },
      signal,
    )
  }

  /** The same for a cancellation. */
  cancel(connectionId: number, orderId: number, admit: () => void, signal?: AbortSignal): Promise<void> {
    return this.#send(
      connectionId,
      (connection) => {
        admit()
        connection.cancelOrder(orderId)
      },
      signal,
    )
  }

  /** Leaves a mark in the gateway's record on the present connection; at once, and nothing without one. */
  mark(): void {
    if (!this.#line) return
    this.#pacer.record()
    this.#line.connection.mark()
  }

  /** What IB tells of orders, also while it is asked for them. Returns how to stop. */
  onEvent(listener: (event: IbOrderEvent) => void): () => void {
    this.#eventListeners.add(listener)
    return () => this.#eventListeners.delete(listener)
  }

  /** Every notice of the session; refusals of orders carry the order's id. Returns how to stop. */
  onNotice(listener: (notice: IbNotice) => void): () => void {
    this.#noticeListeners.add(listener)
    return () => this.#noticeListeners.delete(listener)
  }

  /**
   * Called in the very turn in which a connection ends, before it is forgotten: `connectionId` is still its own, and a mark reaches it if it
   * is us who end it. Must not throw. Returns how to stop.
   */
  onClosing(listener: () => void): () => void {
    this.#closingListeners.add(listener)
    return () => this.#closingListeners.delete(listener)
  }

  /** For the session: a connection is open. */
  opened(connection: IbConnection, welcome: IbWelcome): void {
    this.#line = { id: ++this.#connections, connection, welcome }
  }

  /** For the session: it is over, or about to be. */
  closed(): void {
    if (this.#line) for (const listener of [...this.#closingListeners]) listener()
    this.#line = undefined
  }

  tellEvent(event: IbOrderEvent): void {
    for (const listener of [...this.#eventListeners]) listener(event)
  }

  tellNotice(notice: IbNotice): void {
    for (const listener of [...this.#noticeListeners]) listener(notice)
  }

  async #send(
    connectionId: number,
    write: (connection: IbConnection) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await this.#pacer.take({ kind: 'message', priority: 'interactive' }, signal)
    if (!this.#line || this.#line.id !== connectionId)
      throw new FleetError(
        'CONNECTION_CLOSED',
        'The connection that the order was meant for is gone; it was not sent.',
      )
    write(this.#line.connection)
  }
}
