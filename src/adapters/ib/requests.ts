// The requests of one connection that carry a request id and wait for answers.
import { type IBApi, isNonFatalError } from '@stoqey/ib'
import { FleetError } from '../../ports/errors.ts'
import type { IbNotice, IbRequests, IbStreamKind, IbStreamListener, IbStreams } from '../../ports/ib.ts'
import type { Family, RequestRow, StreamRow } from './request-row.ts'
import { listenForAnswers, type NumberedKind, requestTable, streamTable } from './request-table.ts'

/** Request ids and order ids share one field in error messages, so ours start where no order id comes. */
const firstRequestId = 1_000_000_000
/** A remark of the historical data service about a request that it goes on with; the vendor takes it for an error. */
const historicalRemarkCode = 165
/** The longest answers hold some 60,000 bars. One without an end would fill the memory until its deadline. */
const maxItems = 250_000

interface Exchange {
  readonly hears: Family
  onItem(item: unknown): void
  onEnd(): void
  onError(error: FleetError): void
}

export class OpenRequests {
  readonly #api: IBApi
  readonly #clientId: number
  readonly #open = new Map<number, Exchange>()
  #nextId = firstRequestId

  constructor(api: IBApi, clientId: number) {
    this.#api = api
    this.#clientId = clientId
  }

  request<K extends NumberedKind>(
    kind: K,
    params: IbRequests[K]['params'],
    signal: AbortSignal | undefined,
  ): Promise<IbRequests[K]['answer']> {
    const row: RequestRow<IbRequests[K]['params'], never, IbRequests[K]['answer']> = requestTable[kind]
    return new Promise((resolve, reject) => {
      const items: unknown[] = []
      const id = this.#begin({
        hears: row.hears,
        onItem(item) {
          if (items.length >= maxItems)
            throw new Error(`it answered one request with more than ${maxItems} items`)
          items.push(item)
        },
        onEnd: () =>
          finish(() => {
            if (row.goesOn) row.cancel?.(this.#api, id)
            resolve(row.answer(items as never[], params, this.#clientId))
          }),
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
      try {
        row.send(this.#api, id, params, this.#clientId)
      } catch (error) {
        finish(() => reject(error))
      }
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
      hears: row.hears,
      onItem: (item) => listener.onItem(item as IbStreams[K]['item']),
      onEnd: () => end(new FleetError('REQUEST_REJECTED', `IB ended the ${kind} stream.`)),
      onError: end,
    })
    try {
      row.send(this.#api, id, params)
    } catch (error) {
      this.#open.delete(id)
      throw error
    }
    return () => {
      if (this.#open.delete(id)) row.cancel(this.#api, id)
    }
  }

  isOpen(id: number): boolean {
    return this.#open.has(id)
  }

  /** Fails the request that an error is about, if it is one of ours and no mere warning. */
  onNotice(notice: IbNotice): void {
    const exchange = this.#open.get(notice.id)
    if (!exchange || isRemark(notice)) return
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
    if (this.#nextId === firstRequestId) this.#listen()
    const id = this.#nextId++
    this.#open.set(id, exchange)
    return id
  }

  /** With the first request, as most connections only ever carry heartbeats. */
  #listen(): void {
    const waiting = (family: Family, id: number) => {
      const exchange = this.#open.get(id)
      return exchange?.hears === family ? exchange : undefined
    }
    listenForAnswers(this.#api, {
      onItem: (family, id, item) => waiting(family, id)?.onItem(item),
      onEnd: (family, id) => waiting(family, id)?.onEnd(),
    })
  }
}

function isRemark({ code, text }: IbNotice): boolean {
  return code === historicalRemarkCode || isNonFatalError(code, new Error(text))
}
