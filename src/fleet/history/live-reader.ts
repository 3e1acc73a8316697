// One follower of what happens: where in the history it is, and which states it has not been told yet. Takes some at a time, when it can.
import type { Alert } from '../../../schemas/alert.ts'
import type { FleetEvent } from '../../../schemas/event.ts'
import { FleetError, isFleetError } from '../../ports/errors.ts'
import type { FollowQuery, StreamItem } from '../../ports/fleet.ts'
import type { LiveFeed } from './live-feed.ts'

/** Handed over at a time: whoever stops reading holds no more than that. */
const batchSize = 100
const pageSize = 200
/** States coalesce by gateway, so there are no more of them than gateways; alerts come and go. */
const alertLimit = 1_000

interface States {
  readonly gateways: Set<string>
  readonly alerts: readonly Alert[]
}

export class LiveReader {
  readonly #feed: LiveFeed
  readonly #query: FollowQuery
  /** What is, to be told first; null once it has been. */
  #first: States | null
  readonly #gateways = new Set<string>()
  readonly #alerts = new Map<string, Alert>()
  #place: string
  /** It has come to where everything later is in memory. */
  #isLive = false
  #isReading = false
  #read: StreamItem[] = []
  #failure: unknown = null
  #wake: () => void = () => {}

  /** `place`: of the history only what happened after it is told. */
  constructor(feed: LiveFeed, query: FollowQuery, place: string) {
    this.#feed = feed
    this.#query = query
    this.#place = place
    const { parts } = query
    this.#first = {
      gateways: new Set(parts.has('gateways') ? feed.followerIds().filter((id) => this.#concerns(id)) : []),
      alerts: parts.has('alerts')
        ? feed.openAlerts().filter((alert) => this.#concerns(alert.followerId))
        : [],
    }
  }

  gatewayChanged(followerId: string): void {
    if (!this.#query.parts.has('gateways') || !this.#concerns(followerId)) return
    if (!this.#first?.gateways.has(followerId)) this.#gateways.add(followerId)
  }

  alertChanged(alert: Alert): void {
    if (!this.#query.parts.has('alerts') || !this.#concerns(alert.followerId)) return
    this.#alerts.set(alert.id, alert)
    if (this.#alerts.size > alertLimit) this.#failure ??= tooSlow('alerts')
  }

  /** There may be something to take. */
  wake(): void {
    this.#wake()
  }

  /** Resolves at the next `wake`. */
  woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** What is to be told now; empty when there is nothing. TOO_SLOW when more has happened than is kept for a reader. */
  take(): StreamItem[] {
    if (this.#failure) throw this.#failure
    if (this.#first) return this.#takeFirst(this.#first)
    return [...this.#takeHistory(), ...this.#takeGateways(this.#gateways), ...this.#takeAlerts()]
  }

  #takeFirst({ gateways, alerts }: States): StreamItem[] {
    const items = this.#takeGateways(gateways)
    if (gateways.size > 0) return items
    this.#first = null
    const synced: StreamItem = { kind: 'synced', asOf: this.#feed.now() }
    return [...items, ...alerts.map((alert) => ({ kind: 'alert', alert }) as const), synced]
  }

  #takeGateways(ids: Set<string>): StreamItem[] {
    const some = firstOf(ids)
    for (const id of some) ids.delete(id)
    return some.map((id) => this.#feed.gatewayItem(id))
  }

  #takeAlerts(): StreamItem[] {
    const some = firstOf(this.#alerts.values())
    for (const { id } of some) this.#alerts.delete(id)
    return some.map((alert) => ({ kind: 'alert', alert }))
  }

  #takeHistory(): StreamItem[] {
    if (!this.#query.parts.has('history')) return []
    if (this.#read.length > 0) return this.#read.splice(0, batchSize)
    const { recent } = this.#feed
    if (this.#place < recent.coveredFrom) {
      if (this.#isLive) throw tooSlow('events')
      if (!this.#isReading) void this.#readPage()
      return []
    }
    this.#isLive = true
    for (;;) {
      const events = recent.after(this.#place, batchSize)
      this.#place = events.at(-1)?.id ?? this.#place
      const chosen = this.#chosen(events)
      if (chosen.length > 0 || events.length === 0) return chosen
    }
  }

  /** One page of what is not in memory any more; the last one ends where memory begins. */
  async #readPage(): Promise<void> {
    this.#isReading = true
    const { coveredFrom } = this.#feed.recent
    const { followerId } = this.#query
    const of = followerId === undefined ? {} : { followerId }
    try {
      const page = await this.#feed.stored({ since: this.#place, limit: pageSize, ...of })
      const older = page.filter(({ id }) => id <= coveredFrom)
      this.#place = (older.length === pageSize ? older.at(-1)?.id : undefined) ?? coveredFrom
      this.#read = this.#chosen(older)
    } catch (err) {
      if (isFleetError(err, 'STORE_UNAVAILABLE')) {
        this.#place = coveredFrom
        this.#read = [{ kind: 'gap', error: unread(err) }]
      } else this.#failure = err
    }
    this.#isReading = false
    this.wake()
  }

  #chosen(events: readonly FleetEvent[]): StreamItem[] {
    const { type } = this.#query
    return events
      .filter((event) => this.#concerns(event.followerId) && (type === undefined || fits(event.type, type)))
      .map((event) => ({ kind: 'event', event }))
  }

  #concerns(followerId: string | undefined): boolean {
    return this.#query.followerId === undefined || this.#query.followerId === followerId
  }
}

function firstOf<T>(all: Iterable<T>): T[] {
  const some: T[] = []
  for (const one of all) {
    if (some.length === batchSize) break
    some.push(one)
  }
  return some
}

/** `gateway.*` is everything that begins with `gateway.`. */
function fits(type: string, wanted: string): boolean {
  return wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted
}

function tooSlow(what: string): FleetError {
  return new FleetError(
    'TOO_SLOW',
    `More ${what} came than are kept for a reader that takes so few. Connect again: the history goes on after the last event id.`,
  )
}

function unread(cause: FleetError): FleetError {
  return new FleetError(
    'STORE_UNAVAILABLE',
    'The store cannot be read now, so part of the history is missing here; what happens from now on is not. GET /api/v1/events has the rest once the store is back.',
    { cause },
  )
}
