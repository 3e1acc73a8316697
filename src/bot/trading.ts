// All that trades, from the journal to the loop: made in order, proven before it is used, kept on the gateway wherever that goes, ended together.
import type { Cancel, Clock } from '../ports/clock.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type { IbConnector } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import type { BotAlerts } from './bot-alerts.ts'
import type { BotConfig } from './config.ts'
import { defaultingToC, type GameplanReading } from './gameplan.ts'
import { GameplanWatch } from './gameplan-watch.ts'
import type { GatewayAddress } from './gateway-check.ts'
import { GatewayKeeper } from './gateway-keeper.ts'
import type { ManagerLink } from './manager-link.ts'
import type { Notice } from './notifier.ts'
import { OrderJournal } from './order-journal.ts'
import { Protection } from './protection.ts'
import { StrategyDesk, strategyFailedEvent } from './strategies/strategy-desk.ts'
import { TradingConnection } from './trading-connection.ts'
import { TradingLoop } from './trading-loop.ts'

export interface TradingDeps {
  readonly config: BotConfig
  readonly connector: IbConnector
  readonly clock: Clock
  readonly log: Log
  readonly alerts: BotAlerts
  readonly pace?: Pace
  /** Present when the gateway is a manager's. */
  readonly link?: ManagerLink
}

/** For whoever cannot wait: demos and tests. */
export interface Pace {
  readonly checkIntervalMs?: number
  readonly turnMs?: number
}

/** A gateway may keep the client id of a connection that was lost for up to a minute. */
const idKeptMs = 60_000
const idAgainMs = 5_000
const sayGameplanBad: ReadonlySet<string> = new Set(Object.values(defaultingToC))
/** Around a planned restart, a gate that shuts has shut for it. */
const beforeRestartMs = 60_000
const afterRestartMs = 300_000

export class Trading {
  readonly #deps: TradingDeps
  readonly #keeper: GatewayKeeper
  #journal: OrderJournal | undefined
  #desk: StrategyDesk | undefined
  #gameplan: GameplanWatch | undefined
  #protection: Protection | undefined
  #connection: TradingConnection | undefined
  #loop: TradingLoop | undefined
  #plannedRestartAtMs: number | undefined
  #cancelNextPlan: Cancel = () => {}
  #isEnding = false
  /** By the manager's word, whatever the API answers. */
  #isLocked = false

  constructor(deps: TradingDeps) {
    const { clock, log, alerts } = deps
    this.#deps = deps
    this.#keeper = new GatewayKeeper({
      clock,
      log,
      notifier: alerts,
      ...deps.pace,
      mayOpen: () => !this.#isLocked,
      onValidated: () => this.#protection?.validated(),
    })
  }

  get gatewayConnected(): boolean {
    return this.#connection?.gate.isOpen ?? false
  }

  /** Epoch milliseconds. */
  get lastCheckAt(): number | undefined {
    return this.#keeper.lastCheckAt
  }

  get lastError(): string | undefined {
    return this.#keeper.lastError
  }

  get strategy(): string {
    return this.#desk?.choice.name ?? 'C'
  }

  get positionsOpen(): number {
    return this.#loop?.positionsOpen ?? 0
  }

  /** Everything that trading needs, up to an open gate. Rejects with what failed; `close` is due in any case. */
  async open(address: GatewayAddress, signal: AbortSignal): Promise<void> {
    const { config, clock, log, alerts, link } = this.#deps
    this.#journal = await OrderJournal.open({ dir: config.stateDir, clock, log })
    const desk = await StrategyDesk.open({
      modules: config.strategyModules,
      clock,
      log,
      onChange: ({ name, why, event }) => {
        // What is wrong with a gameplan is said where it is read.
        if (!sayGameplanBad.has(event)) log.info({ strategy: name, why }, event)
        if (event === strategyFailedEvent) alerts.notify(strategyFailed(why ?? ''))
      },
    })
    this.#desk = desk
    this.#protection = new Protection({ alerts, clock, log, desk, closesAll: config.strategyCClosesAll })
    this.#gameplan = new GameplanWatch({
      path: config.gameplanPath,
      clock,
      onChange: (reading) => this.#followGameplan(reading),
    })
    this.#followGameplan(await this.#gameplan.start())
    const lease = await link?.lease(signal)
    const connection = this.#connectionTo(lease ?? address, lease?.clientId)
    link?.onNews((news) => {
      if (news.kind === 'planned-restart') this.#plan(news.atMs)
      if (news.kind === 'locked' || news.kind === 'unlocked') this.#isLocked = news.kind === 'locked'
      if (news.kind === 'locked') this.#connection?.gate.close(`the gateway is locked: ${news.why}`)
    })
    await connectPatiently(connection, clock, log, signal)
    const outcome = await connection.validate(signal)
    if (!outcome.ok) throw new FleetError('NOT_READY', `${outcome.detail}.`)
    connection.gate.open(outcome.validation)
    this.#keeper.lastCheckAt = clock.now()
  }

  /** Trades until `signal` aborts, whose reason it rejects with; a gateway that moves to another port or gets another client id is followed. */
  async run(signal: AbortSignal): Promise<never> {
    const { config, clock, log, link } = this.#deps
    const desk = this.#desk as StrategyDesk
    const loop = new TradingLoop({
      clock,
      log,
      desk,
      notifier: this.#deps.alerts,
      dryRun: config.dryRun,
      ...this.#deps.pace,
      symbols: () => this.#symbols(),
      told: () => this.#protection?.told() ?? Promise.resolve(),
      onClosedOut: () => this.#protection?.closedOut(),
    })
    this.#loop = loop
    for (;;) {
      const connection = this.#connection as TradingConnection
      const moved = new AbortController()
      const over = AbortSignal.any([signal, moved.signal])
      const stop = link?.onNews(({ kind }) => {
        if (kind === 'endpoint') this.#followEndpoint(connection, moved)
        if (kind === 'client-id') this.#followClientId(connection, moved)
      })
      // Told while the connection was being opened, when nobody listened yet.
      this.#followClientId(connection, moved)
      await Promise.all([this.#keeper.keep(connection, over), loop.run(connection, over)])
      stop?.()
      signal.throwIfAborted()
      await connection.close()
      const lease = await link?.lease(signal)
      this.#connectionTo(lease ?? connection.address, lease?.clientId)
    }
  }

  /** Shuts the gate at once and ends the rest; positions and working orders stay as they are. */
  async close(): Promise<void> {
    this.#isEnding = true
    this.#cancelNextPlan()
    this.#gameplan?.stop()
    await this.#connection?.close()
    await this.#desk?.close()
    await this.#journal?.close()
  }

  /** Not connected yet. */
  #connectionTo({ host, port }: GatewayAddress, clientId = this.#deps.config.clientId): TradingConnection {
    const { config, connector, clock, log, link } = this.#deps
    const connection = new TradingConnection(
      {
        connector,
        clock,
        log,
        journal: this.#journal as OrderJournal,
        limits: () => {
          const reading = this.#gameplan?.reading
          return reading?.ok ? reading.gameplan.hard_limits : undefined
        },
        dryRun: config.dryRun,
        ...(config.account !== undefined && { account: config.account }),
      },
      config.gateway.kind === 'managed' ? config.gateway.followerId : `${host}:${port}`,
      { host, port },
      clientId,
    )
    connection.gate.onClose((reason) => this.#gateClosed(reason))
    this.#connection = connection
    this.#plan(link?.gateway?.plannedRestartAtMs)
    return connection
  }

  /**
   * A restart that the manager plans shuts the gate before it comes. When its time has come the manager speaks of the next day's already, while
   * the gateway may take a moment yet: until it is over, it counts.
   */
  #plan(atMs: number | undefined): void {
    this.#cancelNextPlan()
    const nowMs = this.#deps.clock.now()
    const dueMs = this.#plannedRestartAtMs
    if (dueMs !== undefined && dueMs !== atMs && nowMs >= dueMs && isNear(dueMs, nowMs)) {
      const leftMs = dueMs + afterRestartMs - nowMs
      this.#cancelNextPlan = this.#deps.clock.schedule(leftMs + 1, () => this.#plan(atMs))
    } else this.#plannedRestartAtMs = atMs
    this.#connection?.gate.closeAt(this.#plannedRestartAtMs)
  }

  #gateClosed(reason: string): void {
    if (this.#isEnding) return
    const now = this.#deps.clock.now()
    const atMs = this.#plannedRestartAtMs
    const isPlanned = atMs !== undefined && isNear(atMs, now)
    this.#keeper.lastError = reason
    this.#protection?.gateClosed(reason, isPlanned)
  }

  /** Ends the work over a connection whose gateway is elsewhere now; the next one finds it there. */
  #followEndpoint({ address, gate }: TradingConnection, moved: AbortController): void {
    const endpoint = this.#deps.link?.gateway?.endpoint
    if (!endpoint || (endpoint.host === address.host && endpoint.port === address.port)) return
    this.#deps.log.warn({ ...endpoint }, 'The gateway has moved, following it')
    gate.close(`the gateway has moved to ${endpoint.host}:${endpoint.port}`)
    moved.abort(new Error('moved'))
  }

  /** Ends the work over a connection whose client id the manager may have given to another bot; the next one has the new id. */
  #followClientId({ clientId, gate }: TradingConnection, moved: AbortController): void {
    const leased = this.#deps.link?.clientId
    if (leased === undefined || leased === clientId) return
    gate.close(`the manager gave client id ${leased} instead of ${clientId}`)
    moved.abort(new Error('moved'))
  }

  #followGameplan(reading: GameplanReading): void {
    const { log } = this.#deps
    if (reading.ok) {
      const { date, strategy: planned, symbols } = reading.gameplan
      log.info({ date, strategy: planned, symbols }, 'Gameplan loaded')
      for (const warning of reading.warnings) log.warn({}, warning)
    } else log.warn({ why: reading.why }, defaultingToC[reading.kind])
    this.#desk?.follow(reading)
  }

  #symbols(): readonly string[] {
    const reading = this.#gameplan?.reading
    return reading?.ok ? reading.gameplan.symbols : []
  }
}

function strategyFailed(why: string): Notice {
  return {
    level: 'ERROR',
    title: 'Strategy failed, replaced by Strategy C',
    text: `${why} Strategy C opens nothing; positions stay as they are.`,
    action:
      'Look at the positions, mend the module, and restart the bot or wait for the gameplan of another day.',
  }
}

/** Whether a planned restart is about to come, or may be under way. */
function isNear(atMs: number, nowMs: number): boolean {
  return nowMs >= atMs - beforeRestartMs && nowMs <= atMs + afterRestartMs
}

async function connectPatiently(
  { session }: TradingConnection,
  clock: Clock,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const untilMs = clock.monotonicMs() + idKeptMs
  for (;;) {
    try {
      return await session.connectOnce(signal)
    } catch (error) {
      if (!isFleetError(error, 'CLIENT_ID_IN_USE') || clock.monotonicMs() >= untilMs) throw error
      log.warn({ reason: error.message }, 'Client id in use, trying again')
      await clock.sleep(idAgainMs, signal)
    }
  }
}
