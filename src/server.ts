// The composition root as a function: config, adapters, core, app, listening; unwinds in reverse, also when the start fails half-way.
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { alertLog } from './adapters/alert-log.ts'
import { askBotHealth } from './adapters/bot-health.ts'
import { readProcesses } from './adapters/embedded/processes.ts'
import { ibConnector } from './adapters/ib/connector.ts'
import { createMetrics } from './adapters/prometheus/metrics.ts'
import { createStoredCredentials } from './adapters/stored-credentials/credentials.ts'
import { loadCredentialsKey } from './adapters/stored-credentials/key-file.ts'
import { systemClock } from './adapters/system-clock.ts'
import { createDiscordSink } from './adapters/webhook/discord.ts'
import { createJsonSink } from './adapters/webhook/json.ts'
import { type Listening, runbookLink, urlOf } from './addresses.ts'
import { buildApp } from './app.ts'
import type { DataManager } from './bars/data-manager.ts'
import { type Config, parseConfig, type Secrets } from './config.ts'
import { TokenBook } from './doors/token-book.ts'
import { GatewayManager } from './fleet/manager.ts'
import type { FleetSettings } from './fleet/settings.ts'
import { createLogger } from './logger.ts'
import { openMarketData } from './open-market-data.ts'
import { openStores } from './open-stores.ts'
import type { AlertSink } from './ports/alerts.ts'
import type { Clock } from './ports/clock.ts'
import type { CredentialStore } from './ports/credentials.ts'
import type { FleetControl } from './ports/fleet.ts'
import type { Log } from './ports/log.ts'
import type { GatewayRuntime } from './ports/runtime.ts'
import type { Stores } from './ports/stores.ts'
import { sendMetrics } from './send-metrics.ts'
import { Pacers } from './session/pacing/pacers.ts'
import type { Tracer } from './telemetry/tracer.ts'

/** Records in a database may be changed by anyone and take effect within seconds; in the embedded store only by this manager. */
const recordIntervalMs = { mongodb: 2_000, embedded: 60_000 }

export interface RunningServer {
  readonly url: string
  readonly fleet: FleetControl
  /** Ordered shutdown; closing twice is closing once. */
  close(): Promise<void>
}

export interface ServerOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where log lines go; standard output when absent. */
  readonly log?: Logger
  /** The engine, closed with the server; that of `env` when absent. */
  readonly runtime?: GatewayRuntime
  /** Nobody wants it any more: a start under way is given up at its next step. A server that is up is ended by `close`. */
  readonly signal?: AbortSignal
  /** The manager must end at once, for example because another has taken its lock. */
  readonly onFatal?: (error: Error) => void
}

/** Starts the whole product. Rejects with ConfigError, a FleetError that says what stands in the way, or the reason of `signal`; then nothing is left open. */
export async function startServer({
  env,
  log: given,
  runtime: givenRuntime,
  signal,
  onFatal = () => {},
}: ServerOptions): Promise<RunningServer> {
  const { config, secrets, notices } = parseConfig(env)
  const log = given ?? createLogger(config.logLevel)
  for (const notice of notices) log.warn({}, notice)
  const clock = systemClock()
  const closers: Array<() => Promise<void> | void> = []
  let closing: Promise<void> | null = null
  const close = () => {
    closing ??= unwind(closers, log)
    return closing
  }
  try {
    let listening: Listening = {
      host: config.http.host,
      port: config.http.port,
      isTls: secrets.tls !== undefined,
    }
    const processes = readProcesses()
    const opened = await openStores(config, secrets, {
      clock,
      log,
      processes,
      onLockLost: onFatal,
    })
    closers.push(() => opened.close())
    signal?.throwIfAborted()
    const { stores, managerId } = opened
    const { tracer, close: closeTraces } = await openTraces(config, secrets, managerId, clock, log)
    closers.push(closeTraces)
    const runtime = givenRuntime ?? (await openRuntime(config, managerId, clock, log))
    closers.push(() => runtime.close())
    const {
      credentials,
      fallbackCredentials,
      close: closeCredentials,
    } = await openCredentials(config, secrets, stores, clock, log)
    closers.push(closeCredentials)
    signal?.throwIfAborted()
    const { minRequestDelayMs, pacing } = config.marketData
    const metrics = createMetrics({
      version: productVersion,
      runtime: runtime.kind,
      levels: () => ({
        fleet: manager.levels(),
        marketData: marketData.levels(),
        pacing: pacers.levels(),
      }),
    })
    const { measures } = metrics
    const pacers: Pacers = new Pacers(clock, { minRequestDelayMs, mode: pacing, measures })
    const connector = ibConnector()
    const manager: GatewayManager = new GatewayManager({
      settings: fleetSettings(config),
      stores,
      runtime,
      credentials,
      ...(fallbackCredentials && { fallbackCredentials }),
      connector,
      pacers,
      measures,
      ...(tracer && { tracer }),
      askBot: askBotHealth,
      dataConnection: () => marketData.dataConnection(),
      sinks: alertSinks(secrets, clock, log),
      runbook: (code) => runbookLink(code, listening, config.http.publicUrl),
      clock,
      log,
      version: productVersion,
      managerId,
      digestKey: opened.digestKey,
      takeCharge: opened.takeCharge,
      onRefused: onFatal,
      ...(opened.lastKnown && { lastKnown: opened.lastKnown }),
      dataDir: config.dataDir,
    })
    const marketData: DataManager = openMarketData({
      config,
      manager,
      stores,
      connector,
      pacers,
      measures,
      tracer,
      clock,
      log,
      processes,
    })
    // Closed after the manager, so that the last figures are of its end.
    closers.push(
      await sendMetrics({ config, secrets, metrics, version: productVersion, managerId, clock, log }),
    )
    closers.push(() => manager.stop())
    await manager.load()
    signal?.throwIfAborted()
    if (config.forwarder) {
      const { startForwarder } = await import('./forwarder/forwarder.ts')
      const { tellLog } = await import('./forwarder/events.ts')
      const forwarder = await startForwarder({ ...config.forwarder, clock, tell: tellLog(log) })
      closers.push(() => forwarder.close())
    }
    const { tokensFile, rateLimit } = config.http
    const { tokens, tls } = secrets
    const book =
      tokens && new TokenBook({ tokens, ...(tokensFile !== undefined && { file: tokensFile }), clock, log })
    const app = await buildApp({
      fleet: manager,
      marketData,
      metrics,
      version: productVersion,
      log,
      ...(tracer && { tracer }),
      doors: { clock, rateLimit, ...(book && { tokens: book }) },
      webDir: fileURLToPath(new URL('../dashboard', import.meta.url)),
      docsDir: fileURLToPath(new URL('../../docs', import.meta.url)),
      ...(tls && { tls }),
    })
    // The socket first: an address that is taken must not start a fleet.
    closers.push(() => app.close())
    await app.listen({ host: config.http.host, port: config.http.port })
    listening = { ...listening, port: (app.server.address() as AddressInfo).port }
    // Held requests are let go as the manager begins to stop, or closing the app would wait for them.
    closers.push(() => void manager.stop())
    signal?.throwIfAborted()
    await manager.start()
    closers.push(() => marketData.stop())
    marketData.start()
    const url = urlOf(listening)
    log.info({ url, managerId, runtime: runtime.kind, version: productVersion }, 'IB Gateway Manager is up')
    return { url, fleet: manager, close }
  } catch (err) {
    await close()
    throw err
  }
}

const productVersion: string = createRequire(import.meta.url)(findPackageJson()).version

/** The compiled file lies one folder deeper than its source. */
function findPackageJson(): string {
  return import.meta.url.includes('/dist/') ? '../../package.json' : '../package.json'
}

async function unwind(closers: Array<() => Promise<void> | void>, log: Log): Promise<void> {
  for (const close of closers.reverse()) {
    try {
      await close()
    } catch (err) {
      log.error({ err }, 'something did not close')
    }
  }
}

/** Where alerts go: the log always, and the webhooks that are set. */
function alertSinks({ discordWebhookUrl, alertWebhookUrl }: Secrets, clock: Clock, log: Log): AlertSink[] {
  return [
    alertLog(log),
    ...(discordWebhookUrl === undefined ? [] : [createDiscordSink({ url: discordWebhookUrl, clock })]),
    ...(alertWebhookUrl === undefined ? [] : [createJsonSink({ url: alertWebhookUrl, clock })]),
  ]
}

/** The SDK is loaded when there is somewhere to send spans: it would cost every start otherwise. */
async function openTraces(
  { telemetry }: Config,
  { collectorHeaders }: Secrets,
  managerId: string,
  clock: Clock,
  log: Log,
): Promise<{ tracer?: Tracer; close: () => Promise<void> | void }> {
  if (telemetry?.tracesUrl === undefined) return { close: () => {} }
  const { startTraces } = await import('./adapters/otel/traces.ts')
  return startTraces({
    url: telemetry.tracesUrl,
    ...(collectorHeaders && { headers: collectorHeaders }),
    serviceName: telemetry.serviceName,
    serviceVersion: productVersion,
    managerId,
    clock,
    log,
  })
}

/** Vault with the stored copies to fall back to, or the stored ones alone. */
async function openCredentials(
  config: Config,
  secrets: Secrets,
  stores: Stores,
  clock: Clock,
  log: Log,
): Promise<{
  credentials: CredentialStore
  fallbackCredentials?: CredentialStore
  close: () => void
}> {
  const key = secrets.credentialsKey ?? loadCredentialsKey({ dataDir: config.dataDir, log })
  const stored = createStoredCredentials({ secrets: stores.secrets, key, clock })
  if (config.credentials.kind === 'embedded' || !secrets.vaultLogin)
    return { credentials: stored, close: () => {} }
  const { createVaultCredentials } = await import('./adapters/vault/credentials.ts')
  const vault = createVaultCredentials({ ...config.credentials, auth: secrets.vaultLogin, clock, log })
  return { credentials: vault, fallbackCredentials: stored, close: () => vault.close() }
}

/** Engine clients are loaded when asked for: the one that is not used would cost every start a tenth of a second. */
async function openRuntime(
  config: Config,
  managerId: string,
  clock: Clock,
  log: Log,
): Promise<GatewayRuntime> {
  if (config.runtime.kind === 'simulated') {
    const { createSimulatedRuntime } = await import('./adapters/simulated/runtime.ts')
    return createSimulatedRuntime({ clock, log, pace: config.runtime.pace, pacing: config.marketData.pacing })
  }
  const { createDockerRuntime } = await import('./adapters/docker/runtime.ts')
  const { dockerHost, network, subnet } = config.runtime
  return createDockerRuntime({
    managerId,
    clock,
    log,
    network,
    ...(dockerHost !== undefined && { dockerHost }),
    ...(subnet !== undefined && { subnet }),
  })
}

/** The core's figures from the configuration. */
export function fleetSettings({
  fleet,
  monitor,
  session,
  store,
  ibRegion,
  onShutdown,
}: Config): FleetSettings {
  return {
    spec: {
      containerPrefix: fleet.containerPrefix,
      gatewayImage: fleet.gatewayImage,
      memoryMb: fleet.memoryMb,
    },
    ports: fleet.ports,
    clientIds: fleet.clientIds,
    lifecycle: {
      maxStartupMs: fleet.maxStartupMs,
      twofaTimeoutMs: fleet.twofaTimeoutMs,
      twofaMaxPushes: fleet.twofaMaxPushes,
      crashLoop: fleet.crashLoop,
    },
    budget: { rejected: fleet.loginBudgetRejected, starts: fleet.loginBudgetStarts },
    session,
    launchConcurrency: fleet.launchConcurrency,
    monitorIntervalMs: monitor.intervalMs,
    recordIntervalMs: recordIntervalMs[store.kind],
    ibRegion,
    shutdownTimeoutMs: fleet.shutdownTimeoutMs,
    onShutdown,
  }
}
