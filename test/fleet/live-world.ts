// A live feed over a fleet that a test makes up: gateways with a phase, alerts, a store in memory; and readers that say what they were told.
import type { Alert } from '../../schemas/alert.ts'
import type { FleetEvent, StreamPart } from '../../schemas/event.ts'
import type { Gateway } from '../../schemas/gateway.ts'
import { Audit } from '../../src/fleet/history/audit.ts'
import { LiveFeed, type LiveFeedDeps } from '../../src/fleet/history/live-feed.ts'
import { FleetError } from '../../src/ports/errors.ts'
import type { FollowQuery, StreamItem } from '../../src/ports/fleet.ts'
import type { EventStore } from '../../src/ports/stores.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { silent } from './looks.ts'

type Phase = Gateway['phase']

interface FakeStore {
  readonly list: EventStore['list']
  readonly append: EventStore['append']
  away: boolean
}

export function store({ latency = async () => {} } = {}): FakeStore {
  const events: FleetEvent[] = []
  const fake: FakeStore = {
    away: false,
    async append(event) {
      if (fake.away) throw away()
      events.push(event)
    },
    async list({ since, followerId, limit }) {
      const found = events.filter(
        (event) => event.id > String(since ?? '') && (!followerId || event.followerId === followerId),
      )
      await latency()
      if (fake.away) throw away()
      return found.slice(0, limit)
    },
  }
  return fake
}

const away = () => new FleetError('STORE_UNAVAILABLE', 'MongoDB does not answer.')

export function feed({
  clock = new FakeClock(),
  stored = store(),
  ...deps
}: Partial<Omit<LiveFeedDeps, 'stored' | 'clock'>> & { clock?: FakeClock; stored?: FakeStore } = {}) {
  const gateways = new Map<string, Phase>()
  const alerts: Alert[] = []
  const fleet = {
    gateways,
    alerts,
    views: 0,
    feed: new LiveFeed({
      clock,
      stored: async (query) => {
        await audit.flush()
        return stored.list(query)
      },
      followerIds: () => [...gateways.keys()],
      view(followerId) {
        fleet.views++
        const phase = gateways.get(followerId)
        return phase ? ({ followerId, phase } as Gateway) : null
      },
      openAlerts: () => alerts,
      signal: new AbortController().signal,
      ...deps,
    }),
    set(id: string, phase: Phase) {
      gateways.set(id, phase)
      fleet.feed.touch(id)
    },
  }
  let lastId = ''
  const audit = new Audit({
    events: stored as unknown as EventStore,
    clock,
    log: silent,
    tell: (event) => {
      lastId = event.id
      fleet.feed.noted(event)
    },
  })
  return {
    clock,
    fleet,
    audit,
    stored,
    /** Returns the event's id. */
    note(type: string, followerId?: string): string {
      audit.note({ type, message: type, ...(followerId !== undefined && { followerId }) })
      return lastId
    },
    follow(parts: StreamPart[], query: Omit<FollowQuery, 'parts'> = {}, signal?: AbortSignal) {
      const own = new AbortController()
      const any = signal ? AbortSignal.any([signal, own.signal]) : own.signal
      return new Reader(fleet.feed.follow({ parts: new Set(parts), ...query }, any), own)
    },
  }
}

/** Takes what there is, turn after turn, until nothing comes. */
class Reader {
  readonly #iterator: AsyncIterator<readonly StreamItem[]>
  readonly #own: AbortController
  #next: Promise<IteratorResult<readonly StreamItem[]>> | undefined

  constructor(items: AsyncIterable<readonly StreamItem[]>, own: AbortController) {
    this.#iterator = items[Symbol.asyncIterator]()
    this.#own = own
  }

  async batches(): Promise<Array<readonly StreamItem[]>> {
    const found: Array<readonly StreamItem[]> = []
    for (;;) {
      this.#next ??= this.#iterator.next()
      const quiet = settle().then(settle).then(settle)
      const result = await Promise.race([this.#next, quiet])
      if (!result || result.done) return found
      this.#next = undefined
      found.push(result.value)
    }
  }

  async items(): Promise<StreamItem[]> {
    return (await this.batches()).flat()
  }

  async news(): Promise<string[]> {
    return (await this.items()).map(told)
  }

  async one(): Promise<string[]> {
    const result = await this.#iterator.next()
    return (result.done ? [] : result.value).map(told)
  }

  get over(): Promise<boolean | undefined> {
    return (this.#next ?? this.#iterator.next()).then(({ done }) => done)
  }

  async leave(): Promise<void> {
    this.#own.abort()
    await this.over
  }
}

function told(item: StreamItem): string {
  switch (item.kind) {
    case 'event':
      return `${item.event.type} ${item.event.followerId ?? ''}`.trim()
    case 'gateway':
      return `${item.gateway.followerId} ${item.gateway.phase}`
    case 'gateway-removed':
      return `${item.followerId} removed`
    case 'alert':
      return `alert ${item.alert.id}${item.alert.count > 1 ? ` × ${item.alert.count}` : ''}`
    case 'gap':
      return `gap ${item.error.code}`
    default:
      return item.kind
  }
}

export function alert(id: string, followerId?: string): Alert {
  const at = '2026-01-05T12:00:00.000Z'
  return {
    id,
    key: id,
    level: 'WARNING',
    code: 'X',
    title: id,
    message: id,
    count: 1,
    raisedAt: at,
    lastRaisedAt: at,
    ...(followerId !== undefined && { followerId }),
  }
}
