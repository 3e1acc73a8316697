// The composition root as a function: config, adapters, core, app, listening; unwinds in reverse, also when the start fails half-way.
import { randomBytes, randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { destination, type Logger, pino } from 'pino'
import { alertLog } from './adapters/alert-log.ts'
import { createDockerRuntime } from './adapters/docker/runtime.ts'
import { createDataDirLock } from './adapters/embedded/data-dir-lock.ts'
import { readProcesses } from './adapters/embedded/processes.ts'
import { openEmbeddedStores } from './adapters/embedded/stores.ts'
import { ibConnector } from './adapters/ib/connector.ts'
import { createSimulatedRuntime } from './adapters/simulated/runtime.ts'
import { createStoredCredentials } from './adapters/stored-credentials/credentials.ts'
import { loadCredentialsKey } from './adapters/stored-credentials/key-file.ts'
import { systemClock } from './adapters/system-clock.ts'
import { buildApp } from './app.ts'
import { type Config, parseConfig } from './config.ts'
import { TokenBook } from './doors/token-book.ts'
import { GatewayManager } from './fleet/manager.ts'
import type { FleetSettings } from './fleet/settings.ts'
import type { Clock } from './ports/clock.ts'
import type { FleetControl } from './ports/fleet.ts'
import type { Log } from './ports/log.ts'
import type { GatewayRuntime } from './ports/runtime.ts'
import { managerIdConstant } from './ports/stores.ts'
import { redaction } from './request-log.ts'

/** Nobody but this manager can change records in the embedded store; they are read again all the same, as a net below. */
const recordIntervalMs = 60_000

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
  /** The manager must end at once, for example because another has taken its lock. */
  readonly onFatal?: (error: Error) => void
}

/** Starts the whole product. Rejects with ConfigError, or a FleetError that says what stands in the way; then nothing is left open. */
export async function startServer({
  env,
  log: given,
  onFatal = () => {},
}: ServerOptions): Promise<RunningServer> {
  const { config, secrets, notices } = parseConfig(env)
  const log =
    given ?? pino({ level: config.logLevel, redact: redaction }, destination({ fd: 1, sync: false }))
  for (const notice of notices) log.warn({}, notice)
  const clock = systemClock()
  const closers: Array<() => Promise<void> | void> = []
  let closing: Promise<void> | null = null
  const close = () => {
    closing ??= unwind(closers, log)
    return closing
  }
  try {
    const lockDeps = { clock, log, processes: readProcesses(), onLockLost: onFatal }
    const dataDirLock = createDataDirLock({ ...lockDeps, dataDir: config.dataDir })
    const stores = await openEmbeddedStores({ ...lockDeps, dataDir: config.dataDir })
    closers.push(() => stores.close())
    const managerId = config.managerId ?? (await stores.constant(managerIdConstant, randomUUID))
    const waiting = new AbortController()
    await dataDirLock.acquire(managerId, waiting.signal)
    closers.push(() => dataDirLock.release())
    await stores.lock.acquire(managerId, waiting.signal)
    closers.push(() => stores.lock.release())

    const key = secrets.credentialsKey ?? loadCredentialsKey({ dataDir: config.dataDir, log })
    const runtime = openRuntime(config, managerId, clock, log)
    closers.push(() => runtime.close())
    const manager = new GatewayManager({
      settings: fleetSettings(config),
      stores,
      runtime,
      credentials: createStoredCredentials({ secrets: stores.secrets, key, clock }),
      connector: ibConnector(),
      sinks: [alertLog(log)],
      clock,
      log,
      version: productVersion,
      managerId,
      digestKey: await stores.constant('digestKey', () => randomBytes(32).toString('base64')),
      dataDir: config.dataDir,
    })
    closers.push(() => manager.stop())
    await manager.load()
    const { tokensFile, rateLimit } = config.http
    const { tokens, tls } = secrets
    const book =
      tokens && new TokenBook({ tokens, ...(tokensFile !== undefined && { file: tokensFile }), clock, log })
    const app = await buildApp({
      fleet: manager,
      version: productVersion,
      log,
      doors: { clock, rateLimit, ...(book && { tokens: book }) },
      ...(tls && { tls }),
    })
    // The socket first: an address that is taken must not start a fleet.
    closers.push(() => app.close())
    await app.listen({ host: config.http.host, port: config.http.port })
    // Held requests are let go as the manager begins to stop, or closing the app would wait for them.
    closers.push(() => void manager.stop())
    await manager.start()
    const { port } = app.server.address() as AddressInfo
    const host = config.http.host.includes(':') ? `[${config.http.host}]` : config.http.host
    const url = `${tls ? 'https' : 'http'}://${host}:${port}`
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

function openRuntime(config: Config, managerId: string, clock: Clock, log: Log): GatewayRuntime {
  if (config.runtime.kind === 'simulated')
    return createSimulatedRuntime({ clock, log, pace: config.runtime.pace })
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
export function fleetSettings({ fleet, monitor, session, onShutdown }: Config): FleetSettings {
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
    recordIntervalMs,
    shutdownTimeoutMs: fleet.shutdownTimeoutMs,
    onShutdown,
  }
}
