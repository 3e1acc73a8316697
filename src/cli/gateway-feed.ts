// One gateway's news as it happens: from the manager's event stream, and by asking where the stream is refused, broken or silent.
import { setTimeout as delay } from 'node:timers/promises'
import type { FleetEvent } from '../../schemas/event.ts'
import type { Gateway } from '../../schemas/gateway.ts'
import { type ApiClient, segment } from './client.ts'
import { followLive, type LiveItem } from './live.ts'

/** How the gateway is, or something that the history notes of it. */
export type GatewayNews =
  | { readonly kind: 'gateway'; readonly gateway: Gateway }
  | { readonly kind: 'event'; readonly event: FleetEvent }

export interface GatewayFeedOptions {
  readonly client: ApiClient
  readonly followerId: string
  readonly signal?: AbortSignal | undefined
}

/** Without a stream one asks so often. */
const pollMs = 200
/** A stream that tells nothing for so long may be one that a proxy holds back. */
const quietMs = 1_000

export function fetchGateway(client: ApiClient, followerId: string): Promise<Gateway> {
  return client.send<Gateway>('GET', `/gateways/${segment(followerId)}`).then(({ body }) => body)
}

/** The first news is a view; after it every phase is told, however short, where the manager has a stream. */
export class GatewayFeed {
  readonly #options: GatewayFeedOptions
  readonly #closing = new AbortController()
  readonly #items: AsyncIterator<LiveItem>
  /** The stream's next item; undefined once it has been refused or has ended. */
  #coming: Promise<LiveItem | undefined> | undefined
  #isSeen = false

  constructor(options: GatewayFeedOptions) {
    this.#options = options
    const { client, followerId, signal } = options
    this.#items = followLive({
      client,
      query: { include: 'history,gateways', followerId },
      signal: signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal,
    })[Symbol.asyncIterator]()
    this.#coming = this.#take()
  }

  /** Resolves with what comes next, at the latest `withinMs` from now with a view asked for. Fails as any request. */
  async next(withinMs: number): Promise<GatewayNews> {
    const until = performance.now() + Math.min(withinMs, this.#coming ? quietMs : pollMs)
    for (;;) {
      const item = await this.#before(until)
      this.#isSeen ||= item?.kind === 'gateway'
      if (item?.kind === 'gateway' || item?.kind === 'event') return item
      // The stream passes over a follower that it does not know; the answer to the question says so.
      const isNoAnswer = item?.kind === 'gap' || (item?.kind === 'synced' && this.#isSeen)
      if (!isNoAnswer) return this.#ask()
    }
  }

  /** Nothing is read any more. */
  close(): void {
    this.#closing.abort()
  }

  async #ask(): Promise<GatewayNews> {
    const gateway = await fetchGateway(this.#options.client, this.#options.followerId)
    this.#isSeen = true
    return { kind: 'gateway', gateway }
  }

  /** The stream's next item, or undefined when there is none by then: at once when the stream has just ended. */
  async #before(until: number): Promise<LiveItem | undefined> {
    const { signal } = this.#options
    const leftMs = Math.max(0, until - performance.now())
    if (!this.#coming) return delay(leftMs, undefined, signal ? { signal } : {})
    const over = new AbortController()
    const timer = delay(leftMs, 'over' as const, { signal: over.signal }).catch(() => 'over' as const)
    const item = await Promise.race([this.#coming, timer])
    over.abort()
    if (item === 'over') return undefined
    this.#coming = item && this.#take()
    return item
  }

  #take(): Promise<LiveItem | undefined> {
    return this.#items.next().then(
      ({ done, value }) => (done || value.kind === 'lost' ? undefined : value),
      () => undefined,
    )
  }
}
