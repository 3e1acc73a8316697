// Connections that do what a test says, at the moment it says, for everything about state and time.
import { FleetError } from '../../src/ports/errors.ts'
import type {
  IbConnection,
  IbConnectionListener,
  IbConnector,
  IbContract,
  IbNotice,
  IbOrder,
  IbOrderEvent,
  IbRequestKind,
  IbRequests,
  IbStep,
  IbStreamListener,
  IbTarget,
  IbTick,
} from '../../src/ports/ib.ts'

const answers: { [K in IbRequestKind]: IbRequests[K]['answer'] } = {
  contractDetails: [],
  quote: new Map([[4, 1]]),
  historicalBars: [],
  schedule: { timeZone: 'UTC', sessions: [] },
  headTimestamp: 0,
  openOrders: [],
  executions: [],
  positions: [],
  accountSummary: [],
}

export class FakeConnection implements IbConnection {
  readonly target: IbTarget
  readonly #listener: IbConnectionListener
  /** False: questions stay open, as with a mute gateway. */
  answering = true
  closed = false
  asked = 0
  readonly sent: string[] = []
  #unanswered: Array<{ resolve(epochSeconds: number): void; reject(error: unknown): void }> = []
  #openRequests: Array<{ resolve(): void; reject(error: unknown): void }> = []
  #streams: Array<IbStreamListener<never>> = []

  constructor(target: IbTarget, listener: IbConnectionListener) {
    this.target = target
    this.#listener = listener
  }

  reach(step: IbStep): void {
    if (!this.closed) this.#listener.onStep(step)
  }

  welcome(accounts: readonly string[] = ['DU1234567'], nextOrderId = 1): void {
    for (const step of ['handshake', 'accounts', 'order-id'] as const) this.reach(step)
    if (!this.closed) this.#listener.onReady({ serverVersion: 193, accounts, nextOrderId })
  }

  notice(code: number, text = '', id = -1): void {
    if (!this.closed) this.#listener.onNotice({ id, code, text })
  }

  refuse(): void {
    this.#fail(new FleetError('CONNECTION_REFUSED', 'nothing listens'))
  }

  drop(): void {
    this.#fail(new FleetError('CONNECTION_CLOSED', 'the gateway closed it'))
  }

  tick(item: IbTick): void {
    for (const { onItem } of [...this.#streams]) (onItem as (item: IbTick) => void)(item)
  }

  /** Answers what it left open, late. */
  answer(): void {
    this.answering = true
    for (const { resolve } of this.#unanswered.splice(0)) resolve(1_700_000_000)
    for (const { resolve } of this.#openRequests.splice(0)) resolve()
  }

  /** Refuses the requests it left open, as IB does: a notice, and a rejection with it as cause. */
  refuseRequests(code: number, text: string): void {
    for (const { reject } of this.#openRequests.splice(0)) {
      const cause: IbNotice = { id: 1_000_000_000, code, text }
      if (!this.closed) this.#listener.onNotice(cause)
      reject(new FleetError('REQUEST_REJECTED', `[${code}] ${text}`, { cause }))
    }
  }

  currentTime(): Promise<number> {
    this.asked++
    if (this.closed) return Promise.reject(new FleetError('CONNECTION_CLOSED', 'closed'))
    if (this.answering) return Promise.resolve(1_700_000_000)
    return new Promise((resolve, reject) => this.#unanswered.push({ resolve, reject }))
  }

  request<K extends IbRequestKind>(
    kind: K,
    _params: IbRequests[K]['params'],
    signal?: AbortSignal,
  ): Promise<IbRequests[K]['answer']> {
    this.sent.push(kind)
    if (this.closed) return Promise.reject(new FleetError('CONNECTION_CLOSED', 'closed'))
    const answer: IbRequests[K]['answer'] = answers[kind]
    if (this.answering) return Promise.resolve(answer)
    return new Promise((resolve, reject) => {
      const open = { resolve: () => resolve(answer), reject }
      this.#openRequests.push(open)
      signal?.addEventListener('abort', () => {
        this.sent.push(`cancel ${kind}`)
        this.#openRequests = this.#openRequests.filter((other) => other !== open)
        reject(signal.reason)
      })
    })
  }

  stream(kind: string, _params: unknown, listener: IbStreamListener<never>): () => void {
    this.sent.push(kind)
    this.#streams.push(listener)
    return () => {
      this.sent.push(`cancel ${kind}`)
      this.#streams = this.#streams.filter((other) => other !== listener)
    }
  }

  placeOrder(orderId: number, _contract: IbContract, order: IbOrder): void {
    if (this.closed) throw new FleetError('CONNECTION_CLOSED', 'closed')
    this.sent.push(`place ${orderId} ${order.action} ${order.totalQuantity}`)
  }

  cancelOrder(orderId: number): void {
    if (this.closed) throw new FleetError('CONNECTION_CLOSED', 'closed')
    this.sent.push(`cancel ${orderId}`)
  }

  mark(): void {
    if (!this.closed) this.sent.push('mark')
  }

  orderEvent(event: IbOrderEvent): void {
    if (!this.closed) this.#listener.onOrderEvent?.(event)
  }

  close(): Promise<void> {
    this.#end(new FleetError('CONNECTION_CLOSED', 'closed by us'))
    return Promise.resolve()
  }

  #fail(error: FleetError): void {
    if (this.closed) return
    this.#end(error)
    this.#listener.onClosed(error)
  }

  #end(error: FleetError): void {
    this.closed = true
    for (const { reject } of this.#unanswered.splice(0)) reject(error)
    for (const { reject } of this.#openRequests.splice(0)) reject(error)
    for (const { onEnd } of this.#streams.splice(0)) onEnd(error)
  }
}

export class FakeConnector implements IbConnector {
  readonly connections: FakeConnection[] = []
  /** What a new connection does once it has been returned. */
  behave: (connection: FakeConnection) => void = (connection) => connection.welcome()

  get last(): FakeConnection {
    const last = this.connections.at(-1)
    if (!last) throw new Error('nothing was opened')
    return last
  }

  get openConnections(): number {
    return this.connections.filter(({ closed }) => !closed).length
  }

  open(target: IbTarget, listener: IbConnectionListener): FakeConnection {
    const connection = new FakeConnection(target, listener)
    this.connections.push(connection)
    queueMicrotask(() => this.behave(connection))
    return connection
  }
}
