// What happens in the fleet, for whoever follows it: the history, and the states of gateways and alerts, each made once for all who are told.
import type { Alert } from '../../../schemas/alert.ts'
import type { FleetEvent } from '../../../schemas/event.ts'
import type { Gateway } from '../../../schemas/gateway.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FollowQuery, StreamItem } from '../../ports/fleet.ts'
import type { EventStore } from '../../ports/stores.ts'
import { placeOf } from './event-id.ts'
import { LiveReader } from './live-reader.ts'
import { RecentEvents } from './recent-events.ts'

/** Changes are gathered for so long, then told together. */
const gatherMs = 40
/** A few megabytes; a bulk launch of 1,000 gateways notes some thousands at a stroke. */
const eventsKept = 5_000
/** Some of what a view says changes with time alone; whoever begins to follow gets none older than this. */
const viewsFreshMs = 1_000

export interface LiveFeedDeps {
  readonly clock: Clock
  /** Of the events noted by others than this manager, or long ago. STORE_UNAVAILABLE. */
  readonly stored: EventStore['list']
  readonly followerIds: () => string[]
  /** A gateway as it may be told now; null when there is none any more. */
  readonly view: (followerId: string) => Gateway | null
  readonly openAlerts: () => Alert[]
  /** Aborts when the manager stops: nobody follows any further. */
  readonly signal: AbortSignal
  /** Events kept in memory [5,000]; a reader further behind than that is too slow. */
  readonly eventsKept?: number
}

interface Told {
  readonly text: string
  readonly item: StreamItem
}

export class LiveFeed {
  readonly recent: RecentEvents
  readonly #deps: LiveFeedDeps
  readonly #readers = new Set<LiveReader>()
  /** What was last told of each gateway, while anyone follows. */
  readonly #told = new Map<string, Told>()
  readonly #touched = new Set<string>()
  #allSeenAtMs = Number.NEGATIVE_INFINITY
  #isGathering = false

  constructor(deps: LiveFeedDeps) {
    this.#deps = deps
    this.recent = new RecentEvents(deps.clock.now(), deps.eventsKept ?? eventsKept)
  }

  /** How many follow now. */
  get readers(): number {
    return this.#readers.size
  }

  /** An event was noted. */
  noted(event: FleetEvent): void {
    this.recent.add(event)
    this.#gather()
  }

  /** Something about this follower's gateway may have changed, or it is gone. */
  touch(followerId: string): void {
    if (this.#readers.size === 0) return
    this.#touched.add(followerId)
    this.#gather()
  }

  alertChanged(alert: Alert): void {
    for (const reader of this.#readers) reader.alertChanged(alert)
    this.#gather()
  }

  /** As FleetControl.follow. */
  follow(query: FollowQuery, signal: AbortSignal): AsyncIterable<readonly StreamItem[]> {
    return this.#follow(query, this.#startOf(query.since), AbortSignal.any([signal, this.#deps.signal]))
  }

  /** The latest view of a gateway, the same for all. */
  gatewayItem(followerId: string): StreamItem {
    if (!this.#told.has(followerId)) this.#see(followerId)
    return this.#told.get(followerId)?.item ?? { kind: 'gateway-removed', followerId }
  }

  followerIds(): string[] {
    return this.#deps.followerIds()
  }

  openAlerts(): Alert[] {
    return this.#deps.openAlerts()
  }

  stored(query: Parameters<EventStore['list']>[0]): Promise<FleetEvent[]> {
    return this.#deps.stored(query)
  }

  now(): string {
    return new Date(this.#deps.clock.now()).toISOString()
  }

  async *#follow(query: FollowQuery, place: string, signal: AbortSignal) {
    if (signal.aborted) return
    this.#seeAll()
    const reader = new LiveReader(this, query, place)
    const wake = () => reader.wake()
    signal.addEventListener('abort', wake)
    this.#readers.add(reader)
    try {
      while (!signal.aborted) {
        const items = reader.take()
        if (items.length > 0) yield items
        else await reader.woken()
      }
    } finally {
      signal.removeEventListener('abort', wake)
      this.#readers.delete(reader)
      if (this.#readers.size === 0) this.#forget()
    }
  }

  /** The place to go on from: now, unless the caller names an earlier one. INVALID_REQUEST. */
  #startOf(since: string | undefined): string {
    const { latest } = this.recent
    if (since === undefined) return latest
    const place = placeOf(since, 'Last-Event-ID, or since,')
    // A place beyond all that we know is of another store: nothing of ours came after it yet.
    return isBefore(place, latest) ? place : latest
  }

  #gather(): void {
    if (this.#isGathering || this.#readers.size === 0) return
    this.#isGathering = true
    this.#deps.clock.schedule(gatherMs, () => {
      this.#isGathering = false
      for (const id of this.#touched) this.#see(id)
      this.#touched.clear()
      for (const reader of this.#readers) reader.wake()
    })
  }

  /** Looks at a gateway and marks it for all readers when it is not as they were told. */
  #see(followerId: string): void {
    const gateway = this.#deps.view(followerId)
    const before = this.#told.get(followerId)
    if (gateway) {
      const text = JSON.stringify(gateway)
      if (text === before?.text) return
      this.#told.set(followerId, { text, item: { kind: 'gateway', gateway } })
    } else if (!this.#told.delete(followerId)) return
    for (const reader of this.#readers) reader.gatewayChanged(followerId)
  }

  #seeAll(): void {
    const nowMs = this.#deps.clock.monotonicMs()
    if (nowMs - this.#allSeenAtMs < viewsFreshMs) return
    this.#allSeenAtMs = nowMs
    for (const id of this.followerIds()) this.#see(id)
    this.#gather()
  }

  #forget(): void {
    this.#told.clear()
    this.#touched.clear()
    this.#allSeenAtMs = Number.NEGATIVE_INFINITY
  }
}

const isBefore = (one: string, other: string) => one < other
