// The manager's event stream as it is, for as long as one watches: a manager that goes is told of, and waited for.
import { setTimeout as delay } from 'node:timers/promises'
import type { Alert } from '../../schemas/alert.ts'
import type { FleetEvent } from '../../schemas/event.ts'
import type { Gateway } from '../../schemas/gateway.ts'
import { type ApiClient, ApiProblem, type Query } from './client.ts'
import { CliError } from './io.ts'

export type LiveItem =
  | { readonly kind: 'event'; readonly event: FleetEvent }
  | { readonly kind: 'gateway'; readonly gateway: Gateway }
  | { readonly kind: 'gateway-removed'; readonly followerId: string }
  | { readonly kind: 'alert'; readonly alert: Alert }
  /** What is has been told; from now on come changes. */
  | { readonly kind: 'synced' }
  /** The manager could not tell all; the stream may go on or end. */
  | { readonly kind: 'gap'; readonly why: string }
  /** The stream ended, said once; it is tried again until it is back. */
  | { readonly kind: 'lost'; readonly why: string }

export interface LiveOptions {
  readonly client: ApiClient
  /** As GET /events/stream; `since` moves on with each event seen. */
  readonly query: Query
  readonly signal?: AbortSignal | undefined
}

/** Items until the signal aborts. A manager that cannot be reached at the first try, or that says no, is a failure as of any request. */
export async function* followLive({ client, query, signal }: LiveOptions): AsyncGenerator<LiveItem> {
  let retryMs = 2_000
  let since = query.since
  let connected = false
  let down = false
  while (!signal?.aborted) {
    let why = 'the manager ended the stream'
    try {
      const told = client.events('/events/stream', { ...query, since }, signal)
      for await (const { event, data, id, retryMs: wanted } of told) {
        retryMs = wanted ?? retryMs
        connected = true
        down = false
        if (id !== undefined) since = id
        const item = itemOf(event, data)
        if (item?.kind === 'gap') why = item.why
        if (item) yield item
      }
    } catch (error) {
      if (signal?.aborted) return
      const passing =
        error instanceof CliError || (error instanceof ApiProblem && error.problem.status === 503)
      if (!connected || !passing) throw error
      why = error.message
    }
    if (signal?.aborted) return
    connected = true
    if (!down) yield { kind: 'lost', why }
    down = true
    await delay(retryMs, undefined, signal ? { signal } : {}).catch(() => {})
  }
}

/** Undefined for what a later manager may tell and this client does not know. */
function itemOf(event: string, data: string): LiveItem | undefined {
  const value = JSON.parse(data)
  switch (event) {
    case 'message':
      return { kind: 'event', event: value }
    case 'gateway':
      return { kind: 'gateway', gateway: value }
    case 'gateway-removed':
      return { kind: 'gateway-removed', followerId: value.followerId }
    case 'alert':
      return { kind: 'alert', alert: value }
    case 'synced':
      return { kind: 'synced' }
    case 'error':
      return { kind: 'gap', why: value.detail }
    default:
      return undefined
  }
}
