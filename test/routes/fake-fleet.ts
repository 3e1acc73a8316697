// A manager core in memory, for tests of the HTTP layer: real state and the port's promises, without gateways. Tests move it by its own methods.
import type { Alert } from '../../schemas/alert.ts'
import type { FleetEvent } from '../../schemas/event.ts'
import type { Follower, FollowerCreate, FollowerPatch } from '../../schemas/follower.ts'
import type { Gateway, GatewayScreen, GatewayStatus } from '../../schemas/gateway.ts'
import type { Lease, LeaseBody } from '../../schemas/lease.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { eventId } from '../../src/fleet/history/event-id.ts'
import { LiveFeed } from '../../src/fleet/history/live-feed.ts'
import { FleetError } from '../../src/ports/errors.ts'
import type {
  BulkOutcome,
  Caller,
  FleetControl,
  FollowQuery,
  VerbOptions,
  VerbOutcome,
} from '../../src/ports/fleet.ts'
import type { GatewayCredentials, LogLine } from '../../src/ports/runtime.ts'

const epoch = '2026-01-05T14:30:00.000Z'

export class FakeFleet implements FleetControl {
  readonly followers = new Map<string, Follower>()
  readonly statuses = new Map<string, GatewayStatus>()
  readonly credentials = new Map<string, GatewayCredentials & { store?: string }>()
  readonly leases = new Map<string, Lease & { purpose: string }>()
  readonly alerts = new Map<string, Alert>()
  readonly events: FleetEvent[] = []
  /** The real one: what happens here is followed there. */
  readonly feed = new LiveFeed({
    clock: systemClock(),
    stored: (query) => this.listEvents(query),
    followerIds: () => [...this.followers.keys()],
    view: (id) => (this.statuses.has(id) ? this.getGateway(id) : null),
    openAlerts: () => [...this.alerts.values()],
    signal: new AbortController().signal,
    eventsKept: 1_000,
  })
  readonly faults: Array<{ id: string; fault: string; value?: string }> = []
  /** What each gateway's log holds. */
  readonly logs = new Map<string, string[]>()
  /** The screens of those gateways that have one. */
  readonly screens = new Map<string, GatewayScreen>()
  /** How many log readers are open. */
  readers = 0
  /** How many callers are being held. */
  held = 0
  /** While set, whatever needs the engine, or the whole fleet, fails with it. */
  outage: Error | null = null
  readiness: FleetControl['readiness'] = async () => ({ ready: true })
  isSimulated = true

  #changed = new Set<() => void>()
  #isShuttingDown = false

  /** A gateway settles, as the reconciler would see it. */
  settle(id: string, status: GatewayStatus): void {
    this.statuses.set(id, status)
    this.feed.touch(id)
    this.#wake()
  }

  /** A line more in a gateway's log. */
  print(id: string, text: string): void {
    this.logs.set(id, [...(this.logs.get(id) ?? []), text])
    this.#wake()
  }

  /** What main does before it closes the app. */
  shutDown(): void {
    this.#isShuttingDown = true
    this.#wake()
  }

  async listFollowers({ limit, cursor }: { limit: number; cursor?: string }) {
    return pageOf([...this.followers.values()], (follower) => follower.id, limit, cursor)
  }

  async getFollower(id: string): Promise<Follower> {
    if (this.outage) throw this.outage
    const follower = this.followers.get(id)
    if (!follower) throw new FleetError('FOLLOWER_NOT_FOUND', `There is no follower ${id}.`)
    return follower
  }

  async createFollower(body: FollowerCreate, caller: Caller): Promise<Follower> {
    if (this.followers.has(body.id)) throw new FleetError('FOLLOWER_EXISTS', `${body.id} exists.`)
    const defaults = { enabled: true, state: 'ACTIVE', tradingMode: 'paper' } as const
    const follower: Follower = { ...defaults, ...body, createdAt: epoch, updatedAt: epoch, revision: 1 }
    this.followers.set(body.id, follower)
    this.statuses.set(body.id, 'STOPPED')
    this.#audit('follower.changed', body.id, caller)
    return follower
  }

  async patchFollower(id: string, patch: FollowerPatch, options: Caller & { ifMatch?: number }) {
    const before = await this.#current(id, options.ifMatch)
    const entries = Object.entries({ ...before, ...patch, revision: before.revision + 1 })
    const after = Object.fromEntries(entries.filter(([, value]) => value !== null)) as unknown as Follower
    this.followers.set(id, after)
    return after
  }

  async deleteFollower(id: string, options: Caller & { ifMatch?: number }): Promise<void> {
    await this.#current(id, options.ifMatch)
    this.followers.delete(id)
    this.statuses.delete(id)
    this.feed.touch(id)
  }

  async putCredentials(id: string, credentials: GatewayCredentials, caller: Caller & { store?: 'embedded' }) {
    await this.getFollower(id)
    this.credentials.set(id, { ...credentials, ...(caller.store && { store: caller.store }) })
  }

  listGateways(query: { status?: GatewayStatus; limit: number; cursor?: string }) {
    const all = [...this.followers.keys()].map((id) => this.getGateway(id))
    const counts = { STARTING: 0, RUNNING: 0, STOPPED: 0, FAILED: 0 }
    for (const { status } of all) counts[status] += 1
    const wanted = all.filter(({ status }) => query.status === undefined || status === query.status)
    return { ...pageOf(wanted, (gateway) => gateway.followerId, query.limit, query.cursor), counts }
  }

  getGateway(id: string): Gateway {
    const status = this.statuses.get(id)
    if (!status) throw new FleetError('FOLLOWER_NOT_FOUND', `There is no follower ${id}.`)
    const isUp = status === 'RUNNING'
    const phases = {
      RUNNING: 'ready',
      STARTING: 'booting',
      STOPPED: 'stopped',
      FAILED: 'backing-off',
    } as const
    return {
      followerId: id,
      tradingMode: 'paper' as const,
      status,
      phase: phases[status],
      healthy: isUp,
      connected: isUp,
      since: epoch,
      desired: status === 'STOPPED' ? 'stopped' : 'running',
      ...(status === 'FAILED' && { reason: { code: 'CREDENTIALS_MISSING', message: 'No credentials.' } }),
      accounts: isUp ? ['DU1234567'] : [],
      reconnects: 0,
      restarts: 0,
      connectionFailures: 0,
      conditions: [],
      drift: false,
    }
  }

  gatewayStatus(id: string) {
    return this.getGateway(id)
  }

  gatewayHealth(id: string) {
    const { followerId, healthy, status } = this.getGateway(id)
    const layer = { name: 'container', status: healthy ? 'ok' : 'failing', since: epoch } as const
    return {
      followerId,
      healthy,
      status,
      ...(!healthy && { failing: 'container' as const }),
      layers: [layer],
    }
  }

  async gatewayTimeline(id: string, hours: number) {
    this.getGateway(id)
    const to = new Date()
    const from = new Date(to.getTime() - hours * 3_600_000)
    return {
      followerId: id,
      from: from.toISOString(),
      to: to.toISOString(),
      spans: [{ phase: 'stopped' as const, status: 'STOPPED' as const, from: from.toISOString() }],
      heartbeats: [],
      outages: 0,
      outageSeconds: 0,
    }
  }

  async *gatewayLogs(id: string, options: { tail?: number; follow?: boolean }, signal: AbortSignal) {
    this.readers += 1
    try {
      const tail = options.tail ?? Number.POSITIVE_INFINITY
      let next = Math.max(0, (this.logs.get(id)?.length ?? 0) - tail)
      while (!signal.aborted) {
        for (const text of this.logs.get(id)?.slice(next) ?? []) {
          next += 1
          if (text === 'BREAK') throw this.outage ?? new Error('a secret detail')
          yield { at: 0, stream: 'stdout', text } satisfies LogLine
        }
        if (!options.follow) return
        await this.#change(signal)
      }
    } finally {
      this.readers -= 1
    }
  }

  async gatewayScreen(id: string, caller: Caller): Promise<GatewayScreen> {
    this.getGateway(id)
    const screen = this.screens.get(id)
    if (!screen) throw new FleetError('NOT_FOUND', `${id} has no screen.`)
    if (this.statuses.get(id) === 'STOPPED') throw new FleetError('GATEWAY_NOT_UP', `${id} is not up.`)
    this.#audit('gateway.screen.shown', id, caller)
    return screen
  }

  async launchGateway(id: string, options: VerbOptions): Promise<VerbOutcome> {
    const { enabled } = await this.getFollower(id)
    if (!enabled) throw new FleetError('FOLLOWER_NOT_LAUNCHABLE', `${id} is disabled; enable it first.`)
    if (this.statuses.get(id) !== 'RUNNING') this.statuses.set(id, 'STARTING')
    this.#audit('gateway.launch', id, options)
    return this.#settled(id, options)
  }

  async stopGateway(id: string, options: VerbOptions): Promise<VerbOutcome> {
    await this.getFollower(id)
    this.statuses.set(id, 'STOPPED')
    return this.#settled(id, options)
  }

  async restartGateway(id: string, mode: 'soft' | 'container', options: VerbOptions): Promise<VerbOutcome> {
    await this.getFollower(id)
    if (mode === 'soft' && this.statuses.get(id) !== 'RUNNING') {
      throw new FleetError('SOFT_RESTART_UNAVAILABLE', `${id} is not logged in; restart its container.`)
    }
    this.statuses.set(id, 'STARTING')
    return this.#settled(id, options)
  }

  async reconnectGateway(id: string, options: VerbOptions): Promise<VerbOutcome> {
    await this.getFollower(id)
    if (this.statuses.get(id) !== 'RUNNING') throw new FleetError('GATEWAY_NOT_UP', `${id} is not up.`)
    return this.#settled(id, options)
  }

  async bulk(
    verb: 'launch' | 'stop',
    followerIds: readonly string[] | undefined,
    caller: Caller,
  ): Promise<BulkOutcome[]> {
    const ids = followerIds ?? [...this.followers.keys()]
    return Promise.all(
      ids.map(async (followerId) => {
        try {
          const done = await (verb === 'launch'
            ? this.launchGateway(followerId, caller)
            : this.stopGateway(followerId, caller))
          return { followerId, done }
        } catch (error) {
          return { followerId, failed: error as FleetError }
        }
      }),
    )
  }

  async lease(id: string, body: LeaseBody): Promise<Lease> {
    if (!this.getGateway(id).healthy) {
      throw new FleetError('GATEWAY_NOT_RUNNING', `${id} is not RUNNING.`, { retryAfterMs: 4200 })
    }
    const known = [...this.leases.values()].find(({ purpose }) => purpose === body.purpose)
    const lease = known ?? {
      clientId: 1000 + this.leases.size,
      host: '127.0.0.1',
      port: 4100,
      accounts: ['DU1234567'],
      readOnly: body.readOnly ?? false,
      expiresAt: epoch,
      purpose: body.purpose,
    }
    this.leases.set(`${id}/${lease.clientId}`, lease)
    return lease
  }

  async renewLease(id: string, clientId: number): Promise<Lease> {
    const lease = this.leases.get(`${id}/${clientId}`)
    if (!lease) throw new FleetError('LEASE_NOT_FOUND', `${id} has leased no client id ${clientId}.`)
    return lease
  }

  async releaseLease(id: string, clientId: number): Promise<void> {
    await this.renewLease(id, clientId)
    this.leases.delete(`${id}/${clientId}`)
  }

  ibStatus() {
    const { counts } = this.listGateways({ limit: 1 })
    return {
      connected: true,
      healthy: true,
      fleet: { total: this.followers.size, ...counts },
      dataConnection: { state: 'disabled' as const, reconnects: 0 },
      sessions: [],
      asOf: epoch,
    }
  }

  async systemStatus() {
    const dependency = { kind: 'fake', reachable: true, latencyMs: 1 }
    return {
      version: '0.0.0',
      managerId: 'fake',
      startedAt: epoch,
      uptimeSeconds: 1,
      host: { cpuCount: 1, load1: 0, memoryTotalBytes: 1, memoryFreeBytes: 1, processRssBytes: 1 },
      engine: dependency,
      store: dependency,
      credentials: dependency,
      alertSinks: [{ name: 'log', waiting: 0 }],
      monitor: { running: true, intervalSeconds: 30, runs: 1 },
      fleet: this.ibStatus().fleet,
      eventLoop: { p50Ms: 0, p99Ms: 0, maxMs: 0 },
      bots: [],
    }
  }

  async listAlerts({ limit, open, followerId }: { limit: number; open?: boolean; followerId?: string }) {
    return [...this.alerts.values()]
      .filter((alert) => open === undefined || open === (alert.resolvedAt === undefined))
      .filter((alert) => followerId === undefined || followerId === alert.followerId)
      .slice(0, limit)
  }

  async acknowledgeAlert(id: string, caller: Caller): Promise<Alert> {
    const alert = this.alerts.get(id)
    if (!alert) throw new FleetError('ALERT_NOT_FOUND', `There is no alert ${id}.`)
    const acknowledged = { ...alert, acknowledgedAt: epoch, acknowledgedBy: caller.actor }
    this.alerts.set(id, acknowledged)
    this.feed.alertChanged(acknowledged)
    return acknowledged
  }

  async listEvents(query: { since?: string | number; followerId?: string; limit: number }) {
    return this.events
      .filter(({ id }) => query.since === undefined || id > query.since)
      .filter(({ followerId }) => query.followerId === undefined || followerId === query.followerId)
      .slice(0, query.limit)
  }

  follow(query: FollowQuery, signal: AbortSignal) {
    return this.feed.follow(query, signal)
  }

  /** Something happens. */
  note(type: string, followerId: string): FleetEvent {
    const event = { id: eventId(Date.now(), this.events.length), at: epoch, type, followerId, message: type }
    this.events.push(event)
    this.feed.noted(event)
    return event
  }

  async injectFault(id: string, fault: string, value: string | undefined): Promise<void> {
    if (!this.isSimulated) throw new FleetError('NOT_FOUND', 'These gateways are real; there are no faults.')
    this.getGateway(id)
    if (fault !== 'drop') throw new FleetError('UNKNOWN_FAULT', `${fault} is none of: drop.`)
    this.faults.push({ id, fault, ...(value !== undefined && { value }) })
  }

  /** Waits as the port promises: until settled, time, a departed client or shutdown. */
  async #settled(id: string, { waitMs = 0, signal }: VerbOptions): Promise<VerbOutcome> {
    const isSettled = () => this.statuses.get(id) !== 'STARTING'
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), waitMs)
    signal?.addEventListener('abort', () => patience.abort())
    this.held += 1
    try {
      while (waitMs > 0 && !isSettled() && !patience.signal.aborted) await this.#change(patience.signal)
    } finally {
      clearTimeout(timer)
      this.held -= 1
    }
    const gateway = this.getGateway(id)
    if (!isSettled()) return { outcome: 'pending', gateway }
    return { outcome: gateway.status === 'FAILED' ? 'failed' : 'done', gateway }
  }

  async #current(id: string, ifMatch: number | undefined): Promise<Follower> {
    const follower = await this.getFollower(id)
    if (ifMatch !== undefined && ifMatch !== follower.revision) {
      throw new FleetError('REVISION_MISMATCH', `${id} is at revision ${follower.revision}.`)
    }
    return follower
  }

  #audit(type: string, followerId: string, { actor, requestId }: Caller): void {
    const id = String(this.events.length + 1).padStart(6, '0')
    this.events.push({ id, at: epoch, type, followerId, actor, message: type, data: { requestId } })
  }

  #wake(): void {
    for (const wake of this.#changed) wake()
  }

  async #change(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#changed.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#changed.add(wake)
      signal.addEventListener('abort', wake)
    })
    if (this.#isShuttingDown) throw new FleetError('SHUTTING_DOWN', 'The manager is shutting down.')
  }
}

function pageOf<T>(all: T[], idOf: (item: T) => string, limit: number, cursor = '') {
  const rest = all.filter((item) => idOf(item) > cursor).sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  return { items, ...(last && rest.length > limit && { nextCursor: idOf(last) }) }
}
