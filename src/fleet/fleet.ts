// The moving parts of the core, wired: keepers, queue, reconciler, engine watch, monitor, alerts. The manager is its face.
import { setMaxListeners } from 'node:events'
import type { ReasonCode } from '../../schemas/reason.ts'
import { AlertBook } from '../alerts/alert-book.ts'
import { type FleetError, isFleetError } from '../ports/errors.ts'
import { noMeasures } from '../ports/measures.ts'
import { adopt } from './adoption.ts'
import { Audit } from './audit.ts'
import { BotWatch } from './bot-watch.ts'
import { Charge } from './charge.ts'
import { GatewayCourse } from './course.ts'
import { CredentialSources } from './credential-sources.ts'
import { engineDown, networkUnsafe, storeDown } from './dependency-alerts.ts'
import { Digests } from './digests.ts'
import { EngineWatch } from './engine-watch.ts'
import { alertsDueAt, settleAlerts } from './fleet-alerts.ts'
import { GatewayTraces } from './gateway-traces.ts'
import { assertRecord } from './hands.ts'
import { HeartbeatHistory } from './heartbeat-history.ts'
import { ImagePuller } from './image-puller.ts'
import { alertPrefix } from './judged.ts'
import type { Keeper } from './keeper.ts'
import { recall, replaceRecalled } from './last-known.ts'
import { LiveFeed } from './live-feed.ts'
import { LoginBudget } from './login-budget.ts'
import { Monitor } from './monitor.ts'
import { OwnChanges } from './own-changes.ts'
import { PortPool, UsernamePool } from './pools.ts'
import { KeyedQueue } from './queue.ts'
import { publish, type ReconcilerDeps, reconcile } from './reconciler.ts'
import { readRecords, storedGateways } from './records.ts'
import { SecretWatch } from './secret-watch.ts'
import type { FleetDeps } from './settings.ts'
import { type GatewayState, gatewayStatus } from './state.ts'
import { Strays } from './strays.ts'
import { sweep } from './sweep.ts'
import { released } from './transitions.ts'
import { gatewayView } from './view.ts'
import { Waiting } from './waiting.ts'
import { eyesOf, handsOf } from './wiring.ts'

const secretIntervalMs = 60_000

export class Fleet {
  readonly deps: FleetDeps
  readonly keepers = new Map<string, Keeper>()
  readonly alerts: AlertBook
  readonly audit: Audit
  /** For whoever follows what happens. */
  readonly feed: LiveFeed
  readonly heartbeats = new HeartbeatHistory()
  readonly ownChanges = new OwnChanges()
  readonly credentials: CredentialSources
  readonly secretWatch: SecretWatch
  readonly engine: EngineWatch
  readonly strays: Strays
  readonly waiting: Waiting
  readonly ports: PortPool
  readonly usernames = new UsernamePool()
  readonly digests: Digests
  readonly budget: LoginBudget
  readonly monitor: Monitor
  readonly queue: KeyedQueue
  readonly charge: Charge
  readonly puller: ImagePuller
  readonly course: GatewayCourse
  readonly traces: GatewayTraces
  /** Called with a follower's id after each change of its gateway's state. */
  readonly changeListeners = new Set<(followerId: string) => void>()
  /** Absent when nobody can ask them. */
  readonly bots: BotWatch | undefined
  readonly #records: Monitor
  readonly #reconciling: ReconcilerDeps
  readonly #closing = new AbortController()
  #loaded: Promise<void> | null = null
  /** Those whose gateway this manager has told of. */
  readonly #toldOf = new Set<string>()
  #storeUp = true
  /** Nothing is looked at, let alone done, before. */
  #started = false

  constructor(deps: FleetDeps) {
    const { stores, clock, log, runtime, settings } = deps
    this.deps = deps
    this.traces = new GatewayTraces(deps.tracer)
    setMaxListeners(0, this.#closing.signal)
    this.feed = new LiveFeed({
      clock,
      stored: async (query) => {
        await this.audit.flush()
        return stores.events.list(query)
      },
      followerIds: () => [...this.keepers.keys()],
      view: (followerId) => {
        const keeper = this.keepers.get(followerId)
        return keeper ? gatewayView(keeper, clock.now()) : null
      },
      openAlerts: () => [...this.alerts.open()],
      signal: this.signal,
    })
    this.alerts = new AlertBook({
      store: stores.alerts,
      sinks: deps.sinks,
      clock,
      log,
      ...(deps.runbook && { runbook: deps.runbook }),
      onChange: (alert) => this.feed.alertChanged(alert),
    })
    this.audit = new Audit({
      events: stores.events,
      clock,
      log,
      tell: (event) => this.feed.noted(event),
    })
    this.budget = new LoginBudget({ store: stores.budgets, clock, limits: settings.budget })
    this.credentials = new CredentialSources({
      primary: deps.credentials,
      fallback: deps.fallbackCredentials,
      audit: this.audit,
      alerts: this.alerts,
    })
    this.waiting = new Waiting(clock)
    this.course = new GatewayCourse({ measures: deps.measures ?? noMeasures, clock })
    this.ports = new PortPool(settings.ports)
    this.digests = new Digests(deps.digestKey)
    this.puller = new ImagePuller(runtime)
    const wake = (followerId: string) => this.wake(followerId)
    const wakeAll = () => this.wakeAll()
    this.queue = new KeyedQueue({ clock, log, work: (id, signal) => this.#work(id, signal) })
    this.strays = new Strays({ runtime, keepers: this.keepers, alerts: this.alerts })
    this.engine = new EngineWatch({
      runtime,
      clock,
      log,
      wake,
      wakeAll,
      adopt: (found) => adopt(this, found),
      onChange: (up) => this.#onEngine(up),
      onUnsafe: (detail) => this.#onUnsafe(detail),
      mayAct: () => this.charge.held,
    })
    this.monitor = new Monitor({
      clock,
      log,
      intervalMs: settings.monitorIntervalMs,
      sweep: () => sweep(this),
    })
    this.bots =
      deps.askBot &&
      new BotWatch({ leases: stores.leases, clock, ask: deps.askBot, isUp: (id) => this.#isRunning(id) })
    this.#records = new Monitor({
      clock,
      log,
      intervalMs: settings.recordIntervalMs,
      sweep: () => this.#sweepRecords(),
    })
    this.charge = new Charge({
      clock,
      log,
      take: deps.takeCharge ?? (async () => undefined),
      readStore: () => this.#readStore(),
      onTaken: () => this.#begin(),
      onUnavailable: (error) => this.#onStore(error),
      onRefused: deps.onRefused ?? (() => {}),
    })
    this.secretWatch = new SecretWatch({
      keepers: this.keepers,
      credentials: this.credentials,
      digests: this.digests,
      stores,
      audit: this.audit,
      clock,
      log,
      intervalMs: settings.secretIntervalMs ?? secretIntervalMs,
      release: (keeper) => this.release(keeper),
    })
    this.#reconciling = {
      eyes: eyesOf(this),
      hands: handsOf(this, {
        publish: (keeper, next) => publish(keeper, this.#reconciling, next),
        usernameFreed: () => this.#retryThose('USERNAME_IN_USE'),
      }),
      onState: (keeper, before) => this.#onState(keeper, before),
      alertsDueAt: (keeper) => alertsDueAt(this, keeper),
    }
  }

  /** Aborts when the manager stops. */
  get signal(): AbortSignal {
    return this.#closing.signal
  }

  /** Whether the store answered when it was last asked for the records. */
  get storeUp(): boolean {
    return this.#storeUp
  }

  /** Takes charge and reads what is stored: followers, wishes, open alerts. With the store away, what was last known. Loading twice is loading once. */
  load(): Promise<void> {
    this.#loaded ??= this.#load()
    return this.#loaded
  }

  async start(): Promise<void> {
    await this.load()
    this.#started = true
    await this.engine.start(this.signal)
    this.monitor.start()
    this.#records.start()
    if (this.charge.held) this.secretWatch.start()
    this.wakeAll()
  }

  /** Ends everything that decides or acts; what runs in the engine stays as it is. */
  async halt(): Promise<void> {
    this.waiting.close()
    this.#closing.abort(new Error('the manager is stopping'))
    await Promise.all([
      this.monitor.stop(),
      this.#records.stop(),
      this.secretWatch.stop(),
      this.queue.stop(),
      this.puller.close(),
    ])
  }

  heartbeat(followerId: string, roundTripMs: number): void {
    this.heartbeats.note(followerId, { at: this.deps.clock.now(), roundTripMs })
    this.feed.touch(followerId)
  }

  wake(followerId: string): void {
    // Readers need not wait for the look at the engine: that a session is lost shows at once.
    this.feed.touch(followerId)
    if (this.#started && this.keepers.has(followerId)) this.queue.enqueue(followerId)
  }

  wakeAll(): void {
    if (!this.#started) return
    for (const id of this.keepers.keys()) this.queue.enqueue(id)
  }

  /** A wanted gateway that waited, was locked or failed is tried at once. */
  release(keeper: Keeper): void {
    publish(keeper, this.#reconciling, released(keeper.state, this.deps.clock.now()))
    this.queue.enqueue(keeper.follower.id)
  }

  /** Publishes a state that a person's wish has led to. */
  publish(keeper: Keeper, next: GatewayState): void {
    publish(keeper, this.#reconciling, next)
    this.queue.enqueue(keeper.follower.id)
  }

  /** Forgets a follower whose gateway is gone. */
  forget(keeper: Keeper): void {
    const id = keeper.follower.id
    this.keepers.delete(id)
    this.queue.forget(id)
    this.ports.release(id)
    this.usernames.release(id)
    this.course.forget(id)
    this.traces.forget(id)
    this.heartbeats.forget(id)
    this.#toldOf.delete(id)
    this.alerts.settle(alertPrefix(id), [])
    this.feed.touch(id)
  }

  #isRunning(id: string): boolean {
    const keeper = this.keepers.get(id)
    return keeper !== undefined && gatewayStatus(keeper.state.phase) === 'RUNNING'
  }

  async #work(id: string, signal: AbortSignal): Promise<number | undefined> {
    const keeper = this.keepers.get(id)
    return keeper && this.traces.apart(() => reconcile(keeper, this.#reconciling, signal))
  }

  #onState(keeper: Keeper, before: GatewayState): void {
    const { state, follower } = keeper
    this.course.moved(follower.id, state)
    this.traces.note(keeper, before)
    if (before.phase !== state.phase) {
      const from = gatewayStatus(before.phase)
      const diedAt = this.#toldOf.has(follower.id) ? undefined : this.charge.diedAt
      this.#toldOf.add(follower.id)
      const data = {
        from: before.phase,
        to: state.phase,
        status: gatewayStatus(state.phase),
        before: from,
        ...(state.cause && { reason: state.cause.code }),
        ...(diedAt !== undefined && { unwatchedSince: new Date(diedAt).toISOString() }),
      }
      this.audit.note({
        type: 'gateway.phase',
        followerId: follower.id,
        message: state.cause ? `Gateway ${state.phase} (${state.cause.code})` : `Gateway ${state.phase}`,
        data,
      })
    }
    settleAlerts(this, keeper)
    this.waiting.notice(keeper)
    this.feed.touch(follower.id)
    for (const listener of [...this.changeListeners]) listener(follower.id)
    if (keeper.orphaned && keeper.state.phase === 'stopped' && keeper.container === null) this.forget(keeper)
  }

  #onEngine(up: boolean): void {
    this.alerts.settle('engine:DOWN', up ? [] : [engineDown(this.engine?.detail ?? null)])
    if (up) this.#retryThose('ENGINE_UNAVAILABLE')
    else this.wakeAll()
  }

  #onUnsafe(detail: string | null): void {
    this.alerts.settle('engine:NETWORK', detail === null ? [] : [networkUnsafe(detail)])
    if (detail === null) this.#retryThose('NETWORK_UNSAFE')
    this.wakeAll()
  }

  /** What they waited for is there again: their backoff is over. */
  #retryThose(waitingFor: ReasonCode): void {
    for (const keeper of this.keepers.values()) {
      if (keeper.state.phase !== 'backing-off' || keeper.state.cause?.code !== waitingFor) continue
      keeper.state = { ...keeper.state, retryAt: this.deps.clock.now() }
      this.queue.enqueue(keeper.follower.id)
    }
  }

  async #load(): Promise<void> {
    await this.charge.start(this.signal)
    if (!this.charge.held && this.deps.lastKnown) await recall(this, this.deps.lastKnown)
  }

  /** What the store says, in place of what was last known. */
  async #readStore(): Promise<void> {
    const ahead = await this.audit.goOn()
    if (ahead !== undefined) this.feed.recent.startAfter(ahead)
    await this.alerts.load()
    if (this.keepers.size > 0) replaceRecalled(this.keepers.values(), await storedGateways(this))
    await readRecords(this)
  }

  #begin(): void {
    this.engine.tellWell()
    this.#onStore(null)
    if (this.#started) this.secretWatch.start()
    this.#retryThose('STORE_UNAVAILABLE')
    this.wakeAll()
  }

  async #sweepRecords(): Promise<void> {
    if (!this.charge.held) return
    try {
      await readRecords(this)
      this.#onStore(null)
      this.alerts.storeAgain()
      for (const keeper of this.keepers.values())
        if (keeper.isRecordUnsure) await assertRecord(keeper, this.deps)
    } catch (err) {
      if (!isFleetError(err, 'STORE_UNAVAILABLE')) throw err
      this.#onStore(err)
      return
    }
    await this.strays.lookAgain(this.signal)
  }

  /** `error` is null when the store answers. */
  #onStore(error: FleetError | null): void {
    this.#storeUp = error === null
    if (error === null) this.audit.storeAgain()
    this.alerts.settle('store:DOWN', error ? [storeDown(error.message)] : [])
  }
}
