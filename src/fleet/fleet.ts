// The moving parts of the core, wired: keepers, queue, reconciler, engine watch, monitor, alerts. The manager is its face.
import { setMaxListeners } from 'node:events'
import { AlertBook } from '../alerts/alert-book.ts'
import { noMeasures } from '../ports/measures.ts'
import { alertsDueAt } from './alerts/fleet-alerts.ts'
import { alertPrefix } from './alerts/judged.ts'
import { BotWatch } from './bot-watch.ts'
import { GatewayCourse } from './figures/course.ts'
import { Audit } from './history/audit.ts'
import { HeartbeatHistory } from './history/heartbeat-history.ts'
import type { LiveFeed } from './history/live-feed.ts'
import { type GatewayState, gatewayStatus } from './lifecycle/state.ts'
import { released } from './lifecycle/transitions.ts'
import { CredentialSources } from './logins/credential-sources.ts'
import { Digests } from './logins/digests.ts'
import { LoginBudget } from './logins/login-budget.ts'
import type { SecretWatch } from './logins/secret-watch.ts'
import { Monitor } from './monitor.ts'
import { adopt } from './reconcile/adoption.ts'
import { Dependencies } from './reconcile/dependencies.ts'
import { EngineWatch } from './reconcile/engine-watch.ts'
import { GatewayChanges } from './reconcile/gateway-changes.ts'
import { ImagePuller } from './reconcile/image-puller.ts'
import type { Keeper } from './reconcile/keeper.ts'
import { PortPool, UsernamePool } from './reconcile/pools.ts'
import { KeyedQueue } from './reconcile/queue.ts'
import { publish, type ReconcilerDeps, reconcile } from './reconcile/reconciler.ts'
import { Strays } from './reconcile/strays.ts'
import { Waiting } from './reconcile/waiting.ts'
import { Charge } from './records/charge.ts'
import { recall } from './records/last-known.ts'
import { OwnChanges } from './records/own-changes.ts'
import { RecordWatch } from './records/record-watch.ts'
import type { FleetDeps } from './settings.ts'
import { sweep } from './sweep.ts'
import { GatewayTraces } from './tracing/gateway-traces.ts'
import { eyesOf, feedOf, handsOf, secretWatchOf } from './wiring.ts'

export class Fleet {
  readonly deps: FleetDeps
  readonly keepers = new Map<string, Keeper>()
  readonly alerts: AlertBook
  readonly audit: Audit
  /** For whoever follows what happens. */
  readonly feed: LiveFeed
  readonly heartbeats = new HeartbeatHistory()
  readonly ownChanges = new OwnChanges()
  readonly changes = new GatewayChanges(this)
  readonly dependencies = new Dependencies(this)
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
  /** Absent when nobody can ask them. */
  readonly bots: BotWatch | undefined
  readonly #records: RecordWatch
  readonly #reconciling: ReconcilerDeps
  readonly #closing = new AbortController()
  #loaded: Promise<void> | null = null
  /** Nothing is looked at, let alone done, before. */
  #started = false

  constructor(deps: FleetDeps) {
    const { stores, clock, log, runtime, settings } = deps
    this.deps = deps
    this.traces = new GatewayTraces(deps.tracer)
    setMaxListeners(0, this.#closing.signal)
    this.feed = feedOf(this)
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
    this.queue = new KeyedQueue({ clock, log, work: (id, signal) => this.#work(id, signal) })
    this.strays = new Strays({ runtime, keepers: this.keepers, alerts: this.alerts })
    this.engine = new EngineWatch({
      runtime,
      clock,
      log,
      wake: (followerId) => this.wake(followerId),
      wakeAll: () => this.wakeAll(),
      adopt: (found) => adopt(this, found),
      onChange: (up) => this.dependencies.engine(up),
      onUnsafe: (detail) => this.dependencies.network(detail),
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
    this.#records = new RecordWatch(this)
    this.charge = new Charge({
      clock,
      log,
      take: deps.takeCharge ?? (async () => undefined),
      readStore: () => this.#records.readAll(),
      onTaken: () => this.#begin(),
      onUnavailable: (error) => this.dependencies.store(error),
      onRefused: deps.onRefused ?? (() => {}),
    })
    this.secretWatch = secretWatchOf(this)
    this.#reconciling = {
      eyes: eyesOf(this),
      hands: handsOf(this, {
        publish: (keeper, next) => publish(keeper, this.#reconciling, next),
        usernameFreed: () => this.dependencies.retryThose('USERNAME_IN_USE'),
      }),
      onState: (keeper, before) => this.changes.changed(keeper, before),
      alertsDueAt: (keeper) => alertsDueAt(this, keeper),
    }
  }

  /** Aborts when the manager stops. */
  get signal(): AbortSignal {
    return this.#closing.signal
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
    this.changes.forget(id)
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

  async #load(): Promise<void> {
    await this.charge.start(this.signal)
    if (!this.charge.held && this.deps.lastKnown) await recall(this, this.deps.lastKnown)
  }

  /** What the store says is known: from now on it is acted on. */
  #begin(): void {
    this.engine.tellWell()
    this.dependencies.store(null)
    if (this.#started) this.secretWatch.start()
    this.dependencies.retryThose('STORE_UNAVAILABLE')
    this.wakeAll()
  }
}
