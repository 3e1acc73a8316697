// The bot from its start to its end: gateway readiness, authentication, modules, trading. What fails before trading ends it safely, with a person told.
import type { Clock } from '../ports/clock.ts'
import { messageOf } from '../ports/errors.ts'
import type { IbConnector } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import type { BotAlerts } from './bot-alerts.ts'
import type { BotConfig, BotSecrets } from './config.ts'
import { type CheckVerdict, checkGateway, type GatewayAddress, withoutFullStop } from './gateway-check.ts'
import { type BotHealth, type HealthServer, startHealthServer } from './health-server.ts'
import { createManagerLink, healthUrlOf, type ManagerLink } from './manager-link.ts'
import { type Pace, Trading } from './trading.ts'
import { waitForGateway } from './wait-for-gateway.ts'

export interface BotDeps {
  readonly config: BotConfig
  readonly secrets: BotSecrets
  readonly connector: IbConnector
  readonly clock: Clock
  readonly log: Log
  readonly alerts: BotAlerts
  readonly pace?: Pace
  /** Makes BOT_STATE_DIR this bot's alone; absent: the caller has seen to that. STORE_LOCKED when another bot has it. */
  readonly stateLock?: StateLock
}

export interface StateLock {
  acquire(signal: AbortSignal): Promise<void>
  release(): Promise<void>
}

/** Five checks: a keeper that is stuck is not healthy, whatever the gate says. */
const staleCheckMs = 5 * 60_000
/** How long the last alerts of a start that failed are waited for. */
const lastWordsMs = 10_000
/** The same at a stop, which must not take long. */
const partingWordsMs = 2_000

export class Bot {
  readonly #deps: BotDeps
  readonly #startedAtMs: number
  #health: HealthServer | undefined
  #link: ManagerLink | undefined
  #trading: Trading | undefined
  #error: string | undefined

  constructor(deps: BotDeps) {
    this.#deps = deps
    this.#startedAtMs = deps.clock.monotonicMs()
  }

  /** Where its health is answered; undefined before it listens. */
  get healthPort(): number | undefined {
    return this.#health?.port
  }

  /** Runs until `signal` aborts (0), or until it cannot trade safely (1). Never rejects; everything it opened is closed then. */
  async run(signal: AbortSignal): Promise<0 | 1> {
    const { log, alerts } = this.#deps
    try {
      return await this.#start(signal)
    } catch (error) {
      if (!signal.aborted) {
        this.#initializationFailed(error)
        return 1
      }
      log.info(
        { positionsOpen: this.#trading?.positionsOpen ?? 0 },
        'Bot stopping, positions and working orders are left as they are',
      )
      return 0
    } finally {
      // The gate shuts first, and in this turn.
      await this.#trading?.close()
      await this.#deps.stateLock?.release()
      await this.#link?.stop()
      await alerts.flushed(signal.aborted ? partingWordsMs : lastWordsMs)
      await this.#health?.close()
      log.info({}, 'Bot stopped')
    }
  }

  health(): BotHealth {
    const trading = this.#trading
    const lastCheckAt = trading?.lastCheckAt
    return {
      gatewayConnected: trading?.gatewayConnected ?? false,
      lastGatewayCheck: lastCheckAt === undefined ? null : new Date(lastCheckAt).toISOString(),
      uptimeSeconds: Math.round((this.#deps.clock.monotonicMs() - this.#startedAtMs) / 1000),
      strategyActive: trading?.strategy ?? 'C',
      positionsOpen: trading?.positionsOpen ?? 0,
      lastError: trading?.lastError ?? this.#error ?? null,
    }
  }

  async #start(signal: AbortSignal): Promise<0 | 1> {
    const { config, connector, clock, log, alerts, pace } = this.#deps
    const { dryRun } = config
    log.info({ dryRun }, 'Bot startup initiated')
    log.info({ mode: config.orchestration }, 'Bot container started, beginning Gateway validation')
    this.#health = await startHealthServer({
      ...config.health,
      health: () => this.health(),
      healthy: ({ gatewayConnected, lastGatewayCheck }) =>
        gatewayConnected && clock.now() - Date.parse(lastGatewayCheck ?? '') < staleCheckMs,
      log,
    })
    const address = await this.#findGateway(signal)
    if (!address) return 1
    log.info({}, 'Gateway validated successfully')
    const link = this.#link
    const trading = new Trading({
      config,
      connector,
      clock,
      log,
      alerts,
      ...(pace && { pace }),
      ...(link && { link }),
    })
    this.#trading = trading
    await this.#deps.stateLock?.acquire(signal)
    await trading.open(address, signal)
    log.info({ strategy: trading.strategy, dryRun }, 'Bot operational, Gateway validated')
    alerts.notify({
      level: 'INFO',
      title: 'Bot started successfully',
      text: `The gateway is validated and strategy ${trading.strategy} is active${dryRun ? '; dry run: no order leaves' : ''}.`,
      action: 'None',
    })
    return trading.run(signal)
  }

  /** Waits until a gateway is there and authenticated; undefined when it does not come, which is logged and told. */
  async #findGateway(signal: AbortSignal): Promise<GatewayAddress | undefined> {
    const { config, clock, log, alerts } = this.#deps
    const { gateway, startup, orchestration } = config
    if (gateway.kind === 'managed') this.#link = await this.#openLink(gateway.url, gateway.followerId, signal)
    const outcome = await waitForGateway(
      { check: (until) => this.#check(until), clock, log, notifier: alerts },
      {
        gateway: gateway.kind === 'bare' ? `${gateway.host}:${gateway.port}` : gateway.followerId,
        ...startup,
        orchestration,
        ...(this.#link && { hopeless: this.#link.lockSignal() }),
      },
      signal,
    )
    if (!outcome.ready) this.#error = outcome.text
    return outcome.ready ? this.#address() : undefined
  }

  async #openLink(url: string, followerId: string, signal: AbortSignal): Promise<ManagerLink> {
    const { clock, log, secrets } = this.#deps
    const healthUrl = this.#health && healthUrlOf(this.#health.host, this.#health.port)
    const link = createManagerLink(
      { clock, log },
      {
        url,
        followerId,
        ...(secrets.apiToken !== undefined && { token: secrets.apiToken }),
        ...(healthUrl !== undefined && { healthUrl }),
      },
    )
    // Known at once, so that it is stopped even when the bot ends while it looks.
    this.#link = link
    await link.start(signal)
    return link
  }

  #address(): GatewayAddress | undefined {
    const { gateway } = this.#deps.config
    return gateway.kind === 'bare' ? gateway : this.#link?.gateway?.endpoint
  }

  async #check(signal: AbortSignal): Promise<CheckVerdict> {
    const address = this.#address()
    if (address) return checkGateway(this.#deps, address, signal)
    const { gateway, trouble } = this.#link ?? {}
    const detail = gateway
      ? `the manager says that the gateway is ${gateway.status}${gateway.reason ? `: ${gateway.reason.message}` : ''}`
      : (trouble ?? 'the manager has not answered yet')
    return { ok: false, kind: 'refused', detail }
  }

  #initializationFailed(error: unknown): void {
    const { log, alerts } = this.#deps
    const what = messageOf(error)
    this.#error = what
    log.error({ err: error }, `Failed to initialize trading modules: ${what}`)
    alerts.notify({
      level: 'CRITICAL',
      title: `Bot initialization failed: ${what}`,
      // Again, as a channel may cut a title.
      text: `The bot could not begin to trade and has ended; no order was sent. Reason: ${withoutFullStop(what)}.`,
      action: 'Mend what is named, then start the bot again.',
    })
  }
}
