// GatewayManager: the core's face. Records what people wish, wakes the reconciler, answers from memory; never acts on the engine itself.
import type { Follower, FollowerCreate, FollowerPatch } from '../../schemas/follower.ts'
import type {
  Gateway,
  GatewayHealth,
  GatewayScreen,
  GatewayStatus,
  GatewayStatusView,
  GatewayTimeline,
  Lease,
  LeaseBody,
  StatusCounts,
} from '../../schemas/gateway.ts'
import type { Alert, FleetEvent, IbStatus, SystemStatus } from '../../schemas/system.ts'
import type { AlertDesk } from '../ports/alerts.ts'
import type { AuditTrail } from '../ports/audit.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type {
  BulkOutcome,
  Caller,
  FleetControl,
  FollowQuery,
  StreamItem,
  VerbOptions,
  VerbOutcome,
} from '../ports/fleet.ts'
import type { FleetLevels } from '../ports/levels.ts'
import type { GatewayCredentials, LogLine } from '../ports/runtime.ts'
import type { IbSession } from '../session/session.ts'
import { placeOf } from './event-id.ts'
import { Fleet } from './fleet.ts'
import { countStatuses, EventLoopWatch, ibStatus } from './fleet-status.ts'
import { FollowerDesk, followerNotFound, page } from './follower-desk.ts'
import type { Keeper } from './keeper.ts'
import { LeaseDesk } from './lease-desk.ts'
import { fleetLevels } from './levels.ts'
import { review } from './records.ts'
import { retireFollower } from './retire.ts'
import { gatewayScreen } from './screen.ts'
import { scrubLine } from './scrub.ts'
import type { FleetDeps } from './settings.ts'
import { shutDown } from './shutdown.ts'
import { readiness, systemStatus } from './surroundings.ts'
import { readTimeline } from './timeline.ts'
import { GatewayVerbs } from './verbs.ts'
import { answers, gatewayView, healthView, statusView, toldStatus } from './view.ts'

/** A gateway that a session may be opened to. */
export interface GatewayEndpoint {
  readonly host: string
  readonly port: number
  readonly takenClientIds: ReadonlySet<number>
  readonly containerId: string
}

/** In-process callers need not say who they are. */
const local: Caller = { actor: 'local' }

export class GatewayManager implements FleetControl {
  readonly #deps: FleetDeps
  readonly #fleet: Fleet
  readonly #followers: FollowerDesk
  readonly #leases: LeaseDesk
  readonly #verbs: GatewayVerbs
  readonly #eventLoop = new EventLoopWatch()
  readonly #startedAt: number
  #stopping: Promise<void> | null = null

  constructor(deps: FleetDeps) {
    const { stores, clock, settings, random = Math.random } = deps
    this.#deps = deps
    this.#startedAt = clock.now()
    this.#fleet = new Fleet(deps)
    const { audit } = this.#fleet
    this.#leases = new LeaseDesk({ store: stores.leases, clock, audit, range: settings.clientIds, random })
    this.#verbs = new GatewayVerbs(this.#fleet)
    this.#followers = new FollowerDesk({
      stores,
      credentials: this.#fleet.credentials,
      clock,
      audit,
      changing: (followerId, change) => this.#fleet.ownChanges.during(followerId, change),
      review: async (follower) => {
        await review(this.#fleet, follower)
      },
      retire: (follower, signal) => retireFollower(this.#fleet, follower, signal),
      renewed: (followerId) => this.#fleet.secretWatch.renewed(followerId, this.#fleet.signal),
    })
  }

  /** Reads what is stored, so that every follower is known before anyone may ask. Acts on nothing. */
  load(): Promise<void> {
    return this.#fleet.load()
  }

  /** Loads (if that is not done), adopts what runs, launches what is wanted. Resolves once the engine was asked for the first time; the rest goes on by itself. */
  async start(): Promise<void> {
    this.#eventLoop.start()
    await this.#fleet.start()
  }

  /** Ordered shutdown within SHUTDOWN_TIMEOUT; stopping twice is stopping once. Stores and engine stay open: whoever opened them closes them. */
  stop(): Promise<void> {
    this.#eventLoop.stop()
    this.#stopping ??= shutDown(this.#fleet)
    return this.#stopping
  }

  /** The ready session of a follower's gateway, or null; never opens one. */
  getClient(followerId: string): IbSession | null {
    const session = this.#fleet.keepers.get(followerId)?.session
    return session?.isHealthy() ? session : null
  }

  /** Where another session of ours may reach the gateway, and the client ids that it must not use; null unless RUNNING. STORE_UNAVAILABLE. */
  async endpoint(followerId: string): Promise<GatewayEndpoint | null> {
    const keeper = this.#fleet.keepers.get(followerId)
    if (!keeper?.container || toldStatus(keeper) !== 'RUNNING') return null
    const { container } = keeper
    const leases = await this.#deps.stores.leases.list(followerId)
    return {
      host: '127.0.0.1',
      port: container.hostPort,
      // 0 is for orders made by hand.
      takenClientIds: new Set([0, container.clientId, ...leases.map(({ clientId }) => clientId)]),
      containerId: container.id,
    }
  }

  /** Calls `listener` with a follower's id after each change of its gateway's state; returns how to stop. */
  onGatewayChange(listener: (followerId: string) => void): () => void {
    return this.#fleet.changes.listen(listener)
  }

  /** Where the other parts of the product raise their alerts. */
  get alerts(): AlertDesk {
    return this.#fleet.alerts
  }

  /** Where they note what happened, for the history. */
  get audit(): AuditTrail {
    return this.#fleet.audit
  }

  /** RUNNING, and its session has answered in time. */
  isHealthy(followerId: string): boolean {
    const keeper = this.#fleet.keepers.get(followerId)
    return keeper !== undefined && toldStatus(keeper) === 'RUNNING' && answers(keeper)
  }

  /** Drops and reopens the API session; true when it answers again within the reconnect window. */
  async reconnect(followerId: string): Promise<boolean> {
    const { outcome } = await this.reconnectGateway(followerId, {
      ...local,
      waitMs: this.#deps.settings.session.reconnectWindowMs,
    })
    return outcome === 'done'
  }

  listFollowers(query: {
    limit: number
    cursor?: string
  }): Promise<{ items: Follower[]; nextCursor?: string }> {
    return this.#followers.list(query)
  }
  getFollower(id: string): Promise<Follower> {
    return this.#followers.get(id)
  }
  async createFollower(body: FollowerCreate, caller: Caller = local): Promise<Follower> {
    this.#verbs.mustBeOpen()
    return this.#followers.create(body, caller)
  }
  async patchFollower(
    id: string,
    patch: FollowerPatch,
    options: Caller & { ifMatch?: number } = local,
  ): Promise<Follower> {
    this.#verbs.mustBeOpen()
    return this.#followers.patch(id, patch, options)
  }
  async deleteFollower(id: string, caller: Caller & { ifMatch?: number } = local): Promise<void> {
    this.#verbs.mustBeOpen()
    return this.#followers.delete(id, caller)
  }
  async putCredentials(
    id: string,
    credentials: GatewayCredentials,
    caller: Caller & { store?: 'embedded' } = local,
  ): Promise<void> {
    this.#verbs.mustBeOpen()
    return this.#followers.putCredentials(id, credentials, caller)
  }

  listGateways({ status, limit, cursor }: { status?: GatewayStatus; limit: number; cursor?: string }): {
    items: Gateway[]
    nextCursor?: string
    counts: StatusCounts
  } {
    const keepers = [...this.#fleet.keepers.values()]
    const chosen = status === undefined ? keepers : keepers.filter((keeper) => toldStatus(keeper) === status)
    const { items, nextCursor } = page(chosen, (keeper) => keeper.follower.id, limit, cursor)
    const now = this.#deps.clock.now()
    return {
      items: items.map((keeper) => gatewayView(keeper, now)),
      ...(nextCursor !== undefined && { nextCursor }),
      counts: countStatuses(keepers),
    }
  }
  getGateway(id: string): Gateway {
    return gatewayView(this.#keeper(id), this.#deps.clock.now())
  }
  gatewayStatus(id: string): GatewayStatusView {
    return statusView(this.#keeper(id))
  }
  gatewayHealth(id: string): GatewayHealth {
    return healthView(this.#keeper(id))
  }
  gatewayTimeline(id: string, hours: number): Promise<GatewayTimeline> {
    return readTimeline(this.#fleet, this.#keeper(id), hours)
  }
  async *gatewayLogs(
    id: string,
    options: { tail?: number; follow?: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<LogLine> {
    const { container, lastWords } = this.#keeper(id)
    if (!container) {
      // Its container is gone; why, its last words may tell.
      const from = Math.max(0, lastWords.length - (options.tail ?? lastWords.length))
      yield* lastWords.slice(from)
      return
    }
    const until = AbortSignal.any([signal, this.#fleet.signal])
    for await (const line of this.#deps.runtime.logs(container.id, options, until))
      yield { ...line, text: scrubLine(line.text) }
  }

  async gatewayScreen(id: string, caller: Caller, signal: AbortSignal): Promise<GatewayScreen> {
    return gatewayScreen(this.#fleet, this.#keeper(id), caller, signal)
  }

  async launchGateway(id: string, options: VerbOptions = local): Promise<VerbOutcome> {
    return this.#verbs.launch(this.#keeper(id), options)
  }
  async stopGateway(id: string, options: VerbOptions = local): Promise<VerbOutcome> {
    return this.#verbs.stop(this.#keeper(id), options)
  }
  async restartGateway(
    id: string,
    mode: 'soft' | 'container' = 'soft',
    options: VerbOptions = local,
  ): Promise<VerbOutcome> {
    const keeper = this.#keeper(id)
    return mode === 'soft'
      ? this.#verbs.restartSoftly(keeper, options)
      : this.#verbs.restartContainer(keeper, options)
  }
  async reconnectGateway(id: string, options: VerbOptions = local): Promise<VerbOutcome> {
    return this.#verbs.reconnect(this.#keeper(id), options)
  }

  async bulk(
    verb: 'launch' | 'stop',
    followerIds: readonly string[] | undefined,
    caller: Caller = local,
  ): Promise<BulkOutcome[]> {
    const ids = new Set(followerIds ?? this.#fleet.keepers.keys())
    return Promise.all([...ids].map((id) => this.#bulkOne(verb, id, caller)))
  }

  async lease(id: string, body: LeaseBody, caller: Caller = local): Promise<Lease> {
    this.#verbs.mustBeOpen()
    return this.#leases.lease(this.#keeper(id), body, caller)
  }
  async renewLease(
    id: string,
    clientId: number,
    ttlSeconds?: number,
    _caller: Caller = local,
  ): Promise<Lease> {
    return this.#leases.renew(this.#keeper(id), clientId, ttlSeconds)
  }
  async releaseLease(id: string, clientId: number, caller: Caller = local): Promise<void> {
    return this.#leases.release(this.#keeper(id), clientId, caller)
  }

  /** How everything stands, for the figures. */
  levels(): FleetLevels {
    return fleetLevels(this.#fleet)
  }

  ibStatus(): IbStatus {
    const { clock, dataConnection } = this.#deps
    return ibStatus([...this.#fleet.keepers.values()], clock.now(), dataConnection?.())
  }
  systemStatus(signal: AbortSignal): Promise<SystemStatus> {
    return systemStatus(this.#fleet, { startedAt: this.#startedAt, eventLoop: this.#eventLoop.delay }, signal)
  }
  readiness(): ReturnType<FleetControl['readiness']> {
    return readiness(this.#fleet)
  }

  listAlerts(query: { open?: boolean; followerId?: string; limit: number }): Promise<Alert[]> {
    return this.#fleet.alerts.list(query)
  }
  async acknowledgeAlert(id: string, caller: Caller = local): Promise<Alert> {
    const alert = await this.#fleet.alerts.acknowledge(id, caller.actor)
    this.#fleet.audit.note({
      type: 'alert.acknowledged',
      actor: caller.actor,
      message: `Alert acknowledged: ${alert.title}`,
      ...(alert.followerId !== undefined && { followerId: alert.followerId }),
    })
    return alert
  }
  async listEvents({
    since,
    ...query
  }: {
    since?: string
    followerId?: string
    limit: number
  }): Promise<FleetEvent[]> {
    const after = since === undefined ? {} : { since: placeOf(since) }
    await this.#fleet.audit.flush()
    return this.#deps.stores.events.list({ ...query, ...after })
  }

  follow(query: FollowQuery, signal: AbortSignal): AsyncIterable<readonly StreamItem[]> {
    return this.#fleet.feed.follow(query, signal)
  }

  async injectFault(
    id: string,
    fault: string,
    value: string | undefined,
    caller: Caller = local,
  ): Promise<void> {
    this.#keeper(id)
    const { runtime } = this.#deps
    if (!runtime.injectFault)
      throw new FleetError(
        'NOT_FOUND',
        'Faults can only be injected into simulated gateways (RUNTIME=simulated).',
      )
    await runtime.injectFault(id, fault, value)
    this.#fleet.audit.note({
      type: 'simulator.fault',
      followerId: id,
      actor: caller.actor,
      message: `Fault injected: ${fault}`,
      ...(value !== undefined && { data: { value } }),
    })
  }

  #keeper(id: string): Keeper {
    const keeper = this.#fleet.keepers.get(id)
    if (!keeper) throw followerNotFound(id)
    return keeper
  }

  async #bulkOne(verb: 'launch' | 'stop', followerId: string, caller: Caller): Promise<BulkOutcome> {
    try {
      const verbOf = verb === 'launch' ? this.launchGateway : this.stopGateway
      return { followerId, done: await verbOf.call(this, followerId, caller) }
    } catch (err) {
      if (isFleetError(err)) return { followerId, failed: err }
      this.#deps.log.error({ followerId, verb, err }, 'one gateway of a bulk call failed')
      const what = `The ${verb} of the gateway of ${followerId} met a bug; the log has it.`
      return { followerId, failed: new FleetError('INTERNAL', what, { cause: err }) }
    }
  }
}
