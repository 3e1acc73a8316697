// The requests of one connection that wait for answers, and the table of how each kind is asked, gathered and cancelled.
import { type Contract, EventName, type IBApi, isNonFatalError } from '@stoqey/ib'
import { FleetError } from '../../ports/errors.ts'
import type {
  IbContract,
  IbContractDetails,
  IbNotice,
  IbQuote,
  IbRequestKind,
  IbRequests,
  IbStreamKind,
  IbStreamListener,
  IbStreams,
  IbTick,
} from '../../ports/ib.ts'

/** Request ids and order ids share one field in error messages, so ours start where no order id comes. */
const FIRST_REQUEST_ID = 1_000_000_000

interface RequestRow<Params, Item, Answer> {
  send(api: IBApi, id: number, params: Params): void
  cancel?(api: IBApi, id: number): void
  answer(items: Item[]): Answer
}

interface StreamRow<Params> {
  send(api: IBApi, id: number, params: Params): void
  cancel(api: IBApi, id: number): void
}

const requestTable: {
  contractDetails: RequestRow<IbContract, IbContractDetails, readonly IbContractDetails[]>
  quote: RequestRow<IbContract, IbTick, IbQuote>
} = {
  contractDetails: {
    send: (api, id, contract) => api.reqContractDetails(id, toVendor(contract)),
    answer: (items) => items,
  },
  quote: {
    send: (api, id, contract) => api.reqMktData(id, toVendor(contract), '', true, false),
    cancel: (api, id) => api.cancelMktData(id),
    answer: (ticks) => new Map(ticks.map((tick) => [tick.type, tick.value])),
  },
}

const streamTable: { [K in IbStreamKind]: StreamRow<IbStreams[K]['params']> } = {
  marketData: {
    send: (api, id, contract) => api.reqMktData(id, toVendor(contract), '', false, false),
    cancel: (api, id) => api.cancelMktData(id),
  },
}

interface Exchange {
  onItem(item: unknown): void
  onEnd(): void
  onError(error: FleetError): void
}

export class OpenRequests {
  readonly #api: IBApi
  readonly #open = new Map<number, Exchange>()
  #nextId = FIRST_REQUEST_ID

  constructor(api: IBApi) {
    this.#api = api
  }

  request<K extends IbRequestKind>(
    kind: K,
    params: IbRequests[K]['params'],
    signal: AbortSignal | undefined,
  ): Promise<IbRequests[K]['answer']> {
    const row: RequestRow<IbRequests[K]['params'], never, IbRequests[K]['answer']> = requestTable[kind]
    return new Promise((resolve, reject) => {
      const items: unknown[] = []
      const id = this.#begin({
        onItem: (item) => items.push(item),
        onEnd: () => finish(() => resolve(row.answer(items as never[]))),
        onError: (error) => finish(() => reject(error)),
      })
      const onAbort = () =>
        finish(() => {
          row.cancel?.(this.#api, id)
          reject(signal?.reason)
        })
      const finish = (settle: () => void) => {
        this.#open.delete(id)
        signal?.removeEventListener('abort', onAbort)
        settle()
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      row.send(this.#api, id, params)
    })
  }

  stream<K extends IbStreamKind>(
    kind: K,
    params: IbStreams[K]['params'],
    listener: IbStreamListener<IbStreams[K]['item']>,
  ): () => void {
    const row: StreamRow<IbStreams[K]['params']> = streamTable[kind]
    const end = (error: FleetError) => {
      this.#open.delete(id)
      listener.onEnd(error)
    }
    const id = this.#begin({
      onItem: (item) => listener.onItem(item as IbStreams[K]['item']),
      onEnd: () => end(new FleetError('REQUEST_REJECTED', `IB ended the ${kind} stream.`)),
      onError: end,
    })
    row.send(this.#api, id, params)
    return () => {
      if (this.#open.delete(id)) row.cancel(this.#api, id)
    }
  }

  /** Fails the request that an error is about, if it is one of ours and no mere warning. */
  onNotice(notice: IbNotice): void {
    const exchange = this.#open.get(notice.id)
    if (!exchange || isNonFatalError(notice.code, new Error(notice.text))) return
    exchange.onError(
      new FleetError('REQUEST_REJECTED', `IB refused the request: [${notice.code}] ${notice.text}`, {
        cause: notice,
      }),
    )
  }

  failAll(error: FleetError): void {
    for (const exchange of [...this.#open.values()]) exchange.onError(error)
  }

  #begin(exchange: Exchange): number {
    if (this.#nextId === FIRST_REQUEST_ID) this.#listen()
    const id = this.#nextId++
    this.#open.set(id, exchange)
    return id
  }

  /** With the first request, as most connections only ever carry heartbeats. */
  #listen(): void {
    const onItem = (id: number, item: unknown) => this.#open.get(id)?.onItem(item)
    const onEnd = (id: number) => this.#open.get(id)?.onEnd()
    const onTick = (id: number, type: number | undefined, value: number | undefined) => {
      if (type !== undefined && value !== undefined) onItem(id, { type, value } satisfies IbTick)
    }
    this.#api.on(EventName.contractDetails, (id, details) => onItem(id, fromVendor(details)))
    this.#api.on(EventName.contractDetailsEnd, onEnd)
    this.#api.on(EventName.tickPrice, onTick)
    this.#api.on(EventName.tickSize, onTick)
    this.#api.on(EventName.tickGeneric, onTick)
    this.#api.on(EventName.tickSnapshotEnd, onEnd)
  }
}

function toVendor({ primaryExchange, ...contract }: IbContract): Contract {
  return { ...contract, ...(primaryExchange !== undefined && { primaryExch: primaryExchange }) } as Contract
}

function fromVendor(details: { contract: Contract } & Omit<IbContractDetails, keyof IbContract>) {
  const { primaryExch, ...contract } = details.contract
  const { longName, timeZoneId, tradingHours, liquidHours, minTick } = details
  return {
    ...contract,
    primaryExchange: primaryExch,
    longName,
    timeZoneId,
    tradingHours,
    liquidHours,
    minTick,
  }
}
