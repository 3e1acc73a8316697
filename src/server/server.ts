// The composition root as a function: config, adapters, core, app, listening; unwinds in reverse, also when the start fails half-way.
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { askBotHealth } from '../adapters/bot-health.ts'
import { readProcesses } from '../adapters/embedded/processes.ts'
import { ibConnector } from '../adapters/ib/connector.ts'
import { createMetrics } from '../adapters/prometheus/metrics.ts'
import { systemClock } from '../adapters/system-clock.ts'
import { buildApp } from '../app.ts'
import type { DataManager } from '../bars/data-manager.ts'
import { parseConfig } from '../config.ts'
import { TokenBook } from '../doors/token-book.ts'
import { GatewayManager } from '../fleet/manager.ts'
import type { FleetControl } from '../ports/fleet.ts'
import type { Log } from '../ports/log.ts'
import type { GatewayRuntime } from '../ports/runtime.ts'
import { Pacers } from '../session/pacing/pacers.ts'
import { type Listening, runbookLink, urlOf } from './addresses.ts'
import { fleetSettings } from './fleet-settings.ts'
import { createLogger } from './logger.ts'
import { openAlertSinks } from './open-alert-sinks.ts'
import { openCredentials } from './open-credentials.ts'
import { openMarketData } from './open-market-data.ts'
import { openRuntime } from './open-runtime.ts'
import { openStores } from './open-stores.ts'
import { openTraces } from './open-traces.ts'
import { sendMetrics } from './send-metrics.ts'

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
    const { tracer, close: closeTraces } = await openTraces(
      config,
      secrets,
      { version: productVersion, managerId },
      clock,
      log,
    )
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
      sinks: openAlertSinks(secrets, clock, log),
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
      const { startForwarder } = await import('../forwarder/forwarder.ts')
      const { tellLog } = await import('../forwarder/events.ts')
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
      webDir: fileURLToPath(new URL('../../dashboard', import.meta.url)),
      docsDir: fileURLToPath(new URL('../../../docs', import.meta.url)),
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
  return import.meta.url.includes('/dist/') ? '../../../package.json' : '../../package.json'
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
