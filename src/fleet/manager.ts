// GatewayManager: the core's face. Records what people wish, wakes the reconciler, answers from memory; never acts on the engine itself.
import type { FollowerCreate, FollowerPatch } from '../../schemas/follower.ts'
import type { LeaseBody } from '../../schemas/lease.ts'
import type { AlertDesk } from '../ports/alerts.ts'
import type { AuditTrail } from '../ports/audit.ts'
import type { Caller, FleetControl, VerbOptions } from '../ports/fleet.ts'
import type { FleetLevels } from '../ports/levels.ts'
import type { GatewayCredentials } from '../ports/runtime.ts'
import type { IbSession } from '../session/session.ts'
import { fleetLevels } from './figures/levels.ts'
import { Fleet } from './fleet.ts'
import { HistoryDesk } from './history/history-desk.ts'
import type { Keeper } from './reconcile/keeper.ts'
import { FollowerDesk } from './records/follower-desk.ts'
import { review } from './records/records.ts'
import { retireFollower } from './records/retire.ts'
import { inBulk } from './requests/bulk.ts'
import { injectFault } from './requests/fault-injection.ts'
import { GatewayAccess, type GatewayEndpoint } from './requests/gateway-access.ts'
import { LeaseDesk } from './requests/lease-desk.ts'
import { GatewayVerbs } from './requests/verbs.ts'
import type { FleetDeps } from './settings.ts'
import { shutDown } from './shutdown.ts'
import { EventLoopWatch, ibStatus } from './views/fleet-status.ts'
import { allKeepers, GatewayReader, keeperOf } from './views/gateway-reader.ts'
import { readiness, systemStatus } from './views/surroundings.ts'

/** In-process callers need not say who they are. */
const local: Caller = { actor: 'local' }

export class GatewayManager implements FleetControl {
  readonly #deps: FleetDeps
  readonly #fleet: Fleet
  readonly #followers: FollowerDesk
  readonly #gateways: GatewayReader
  readonly #verbs: GatewayVerbs
  readonly #access: GatewayAccess
  readonly #leases: LeaseDesk
  readonly #history: HistoryDesk
  readonly #eventLoop = new EventLoopWatch()
  readonly #startedAt: number
  #stopping: Promise<void> | null = null

  constructor(deps: FleetDeps) {
    const { stores, clock, settings, random = Math.random } = deps
    this.#deps = deps
    this.#startedAt = clock.now()
    const fleet = new Fleet(deps)
    this.#fleet = fleet
    const { audit, credentials } = fleet
    this.#followers = new FollowerDesk({
      stores,
      credentials,
      clock,
      audit,
      changing: (followerId, change) => fleet.ownChanges.during(followerId, change),
      review: async (follower) => {
        await review(fleet, follower)
      },
      retire: (follower, signal) => retireFollower(fleet, follower, signal),
      renewed: (followerId) => fleet.secretWatch.renewed(followerId, fleet.signal),
    })
    this.#gateways = new GatewayReader(fleet)
    this.#verbs = new GatewayVerbs(fleet)
    this.#access = new GatewayAccess(fleet)
    this.#leases = new LeaseDesk({ store: stores.leases, clock, audit, range: settings.clientIds, random })
    this.#history = new HistoryDesk(fleet)
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

  // For the other parts of this process.

  /** The ready session of a follower's gateway, or null; never opens one. */
  getClient(followerId: string): IbSession | null {
    return this.#access.session(followerId)
  }

  /** Where another session of ours may reach the gateway, and the client ids that it must not use; null unless RUNNING. STORE_UNAVAILABLE. */
  endpoint(followerId: string): Promise<GatewayEndpoint | null> {
    return this.#access.endpoint(followerId)
  }

  /** RUNNING, and its session has answered in time. */
  isHealthy(followerId: string): boolean {
    return this.#access.isHealthy(followerId)
  }

  /** Drops and reopens the API session; true when it answers again within the reconnect window. */
  async reconnect(followerId: string): Promise<boolean> {
    const waitMs = this.#deps.settings.session.reconnectWindowMs
    const { outcome } = await this.reconnectGateway(followerId, { ...local, waitMs })
    return outcome === 'done'
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

  /** How everything stands, for the figures. */
  levels(): FleetLevels {
    return fleetLevels(this.#fleet)
  }

  // For whoever asks from outside; what each promises is in FleetControl.

  readonly listFollowers: FleetControl['listFollowers'] = (query) => this.#followers.list(query)
  readonly getFollower: FleetControl['getFollower'] = (id) => this.#followers.get(id)

  async createFollower(body: FollowerCreate, caller: Caller = local) {
    this.#verbs.mustBeOpen()
    return this.#followers.create(body, caller)
  }
  async patchFollower(id: string, patch: FollowerPatch, options: Caller & { ifMatch?: number } = local) {
    this.#verbs.mustBeOpen()
    return this.#followers.patch(id, patch, options)
  }
  async deleteFollower(id: string, caller: Caller & { ifMatch?: number } = local) {
    this.#verbs.mustBeOpen()
    return this.#followers.delete(id, caller)
  }
  async putCredentials(
    id: string,
    credentials: GatewayCredentials,
    caller: Caller & { store?: 'embedded' } = local,
  ) {
    this.#verbs.mustBeOpen()
    return this.#followers.putCredentials(id, credentials, caller)
  }

  readonly listGateways: FleetControl['listGateways'] = (query) => this.#gateways.list(query)
  readonly getGateway: FleetControl['getGateway'] = (id) => this.#gateways.get(id)
  readonly gatewayStatus: FleetControl['gatewayStatus'] = (id) => this.#gateways.status(id)
  readonly gatewayHealth: FleetControl['gatewayHealth'] = (id) => this.#gateways.health(id)
  readonly gatewayTimeline: FleetControl['gatewayTimeline'] = (...asked) => this.#gateways.timeline(...asked)
  readonly gatewayLogs: FleetControl['gatewayLogs'] = (...asked) => this.#gateways.logs(...asked)
  readonly gatewayScreen: FleetControl['gatewayScreen'] = (...asked) => this.#gateways.screen(...asked)

  async launchGateway(id: string, options: VerbOptions = local) {
    return this.#verbs.launch(this.#keeper(id), options)
  }
  async stopGateway(id: string, options: VerbOptions = local) {
    return this.#verbs.stop(this.#keeper(id), options)
  }
  async restartGateway(id: string, mode: 'soft' | 'container' = 'soft', options: VerbOptions = local) {
    const keeper = this.#keeper(id)
    return mode === 'soft'
      ? this.#verbs.restartSoftly(keeper, options)
      : this.#verbs.restartContainer(keeper, options)
  }
  async reconnectGateway(id: string, options: VerbOptions = local) {
    return this.#verbs.reconnect(this.#keeper(id), options)
  }
  async bulk(verb: 'launch' | 'stop', followerIds: readonly string[] | undefined, caller: Caller = local) {
    const ask = (id: string) =>
      verb === 'launch' ? this.launchGateway(id, caller) : this.stopGateway(id, caller)
    const ids = followerIds ?? allKeepers(this.#fleet).map(({ follower }) => follower.id)
    return inBulk(ids, ask, this.#deps.log)
  }

  async lease(id: string, body: LeaseBody, caller: Caller = local) {
    this.#verbs.mustBeOpen()
    return this.#leases.lease(this.#keeper(id), body, caller)
  }
  async renewLease(id: string, clientId: number, ttlSeconds?: number, _caller: Caller = local) {
    return this.#leases.renew(this.#keeper(id), clientId, ttlSeconds)
  }
  async releaseLease(id: string, clientId: number, caller: Caller = local) {
    return this.#leases.release(this.#keeper(id), clientId, caller)
  }

  readonly ibStatus: FleetControl['ibStatus'] = () => {
    const { clock, dataConnection } = this.#deps
    return ibStatus(this.#fleet, clock.now(), dataConnection?.())
  }
  readonly systemStatus: FleetControl['systemStatus'] = (signal) => {
    const own = { startedAt: this.#startedAt, eventLoop: this.#eventLoop.delay }
    return systemStatus(this.#fleet, own, signal)
  }
  readonly readiness: FleetControl['readiness'] = () => readiness(this.#fleet)

  readonly listAlerts: FleetControl['listAlerts'] = (query) => this.#history.listAlerts(query)
  async acknowledgeAlert(id: string, caller: Caller = local) {
    return this.#history.acknowledge(id, caller)
  }
  readonly listEvents: FleetControl['listEvents'] = (query) => this.#history.listEvents(query)
  readonly follow: FleetControl['follow'] = (query, signal) => this.#history.follow(query, signal)

  async injectFault(id: string, fault: string, value: string | undefined, caller: Caller = local) {
    return injectFault(this.#fleet, this.#keeper(id), fault, value, caller)
  }

  #keeper(id: string): Keeper {
    return keeperOf(this.#fleet, id)
  }
}
