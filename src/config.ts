// From the environment to a frozen Config and, apart from it, the Secrets; all faults are reported together.
import { readFileSync } from 'node:fs'
import type { IbRegion } from './calendar/ib-maintenance.ts'
import { forgiveWebhooks } from './config/alerts.ts'
import { type CredentialsConfig, chooseCredentials, type VaultLogin } from './config/credentials.ts'
import { inClear, openDoors, rateLimitFor } from './config/doors.ts'
import { type ForwardingConfig, forwardingConfig, forwardingFaults } from './config/forwarding.ts'
import { dataSourceFaults, type MarketDataConfig, marketDataConfig } from './config/market-data.ts'
import {
  ConfigError,
  type ConfigFault,
  deepFreeze,
  type Environment,
  type GivenOf,
  readVariables,
} from './config/reading.ts'
import { type TelemetryConfig, telemetryConfig } from './config/telemetry.ts'
import { readTls, type TlsFiles } from './config/tls.ts'
import type { LogLevel, Rate } from './config/values.ts'
import { type Values, variables } from './config/variables.ts'
import type { Token } from './doors/tokens.ts'

export { ConfigError } from './config/reading.ts'

export interface Span {
  readonly from: number
  readonly to: number
}

export interface Config {
  readonly http: {
    readonly host: string
    readonly port: number
    /** For links; absent: where it listens. */
    readonly publicUrl?: string
    /** Requests per token or address; `limit` 0 is off. */
    readonly rateLimit: Rate
    /** Where the tokens came from, to be read again when it changes. */
    readonly tokensFile?: string
  }
  readonly logLevel: LogLevel
  readonly dataDir: string
  readonly onShutdown: 'stop' | 'leave'
  /** Absent: made once and kept in the store. */
  readonly managerId?: string
  readonly runtime: DockerConfig | SimulatedConfig
  readonly store: { readonly kind: 'embedded' } | { readonly kind: 'mongodb'; readonly database: string }
  readonly credentials: CredentialsConfig
  readonly fleet: {
    /** Both ends belong to it, here and in `clientIds`. */
    readonly ports: Span
    readonly clientIds: Span
    readonly containerPrefix: string
    readonly gatewayImage: string
    readonly memoryMb: number
    readonly launchConcurrency: number
    readonly maxStartupMs: number
    readonly twofaTimeoutMs: number
    readonly twofaMaxPushes: number
    /** `limit` 0 is off, in these three. */
    readonly loginBudgetRejected: Rate
    readonly loginBudgetStarts: Rate
    readonly crashLoop: Rate
    readonly shutdownTimeoutMs: number
  }
  readonly monitor: { readonly intervalMs: number }
  readonly ibRegion: IbRegion
  readonly session: {
    /** 0 is off. */
    readonly heartbeatIntervalMs: number
    readonly heartbeatTimeoutMs: number
    readonly reconnectAttempts: number
    readonly reconnectWindowMs: number
  }
  readonly marketData: MarketDataConfig
  /** Absent: no port forwarding. */
  readonly forwarder?: ForwardingConfig
  /** Absent: no figures or traces are sent anywhere. */
  readonly telemetry?: TelemetryConfig
}

export interface DockerConfig {
  readonly kind: 'docker'
  /** Absent: the engine's default socket. */
  readonly dockerHost?: string
  readonly network: string
  /** Absent: the engine's choice. */
  readonly subnet?: string
}

export interface SimulatedConfig {
  readonly kind: 'simulated'
  readonly pace: {
    readonly loginSeconds: number
    readonly twofaSeconds: number
    readonly restartSeconds: number
  }
}

export interface Secrets {
  /** Absent: anybody on this machine may come in. */
  readonly tokens?: readonly Token[]
  /** Absent: plain HTTP. */
  readonly tls?: TlsFiles
  /** With a store in MongoDB: its connection string. */
  readonly mongodbUrl?: string
  /** With credentials in Vault: how to log in there. */
  readonly vaultLogin?: VaultLogin
  /** 32 bytes; absent: made in `dataDir`. */
  readonly credentialsKey?: Buffer
  readonly discordWebhookUrl?: string
  readonly alertWebhookUrl?: string
  /** Headers of each request to the collector. */
  readonly collectorHeaders?: Readonly<Record<string, string>>
}

export interface ParsedConfig {
  readonly config: Config
  readonly secrets: Secrets
  /** To be logged as warnings: what is set and has no effect, but must not stop the start. */
  readonly notices: readonly string[]
}

/** An empty variable counts as unset. ConfigError. */
export function parseConfig(
  env: Environment,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): ParsedConfig {
  const { values, faults: all } = readVariables(variables, env, readFile)
  const { faults, notices } = forgiveWebhooks(all)
  const { tls, faults: tlsFaults } = readTls(values, readFile)
  const vault = chooseCredentials(values, readFile)
  const hasTokens = Boolean(env.API_TOKENS?.trim() || env.API_TOKENS_FILE?.trim())
  const between = [
    ...vault.faults,
    ...tlsFaults,
    ...contradictions(values),
    ...forwardingFaults(values, Boolean(env.FORWARD_LISTEN?.trim())),
    ...openDoors(values.HOST, hasTokens),
  ]
  // A variable that is wrong by itself is undefined by now: what that leads to is no fault of its own.
  const known = new Set(faults.map(({ variable }) => variable.replace(/_FILE$/, '')))
  faults.push(...between.filter(({ variable }) => !known.has(variable)))
  if (faults.length > 0) throw new ConfigError(faults)
  const { config, secrets } = assemble(values as Values, {
    tokensFile: env.API_TOKENS_FILE?.trim(),
    tls,
    vault,
  })
  return { config, secrets, notices: [...notices, ...inClear(config.http.host, tls)] }
}

/** Faults between values that are each good; a bad one was reported already and is undefined here. */
function contradictions(values: GivenOf<typeof variables>): ConfigFault[] {
  const spans = [
    ['PORT_RANGE_START', 'PORT_RANGE_END'],
    ['CLIENT_ID_RANGE_START', 'CLIENT_ID_RANGE_END'],
  ] as const
  const spanFaults = spans.flatMap(([first, last]) => {
    const from = values[first]
    const to = values[last]
    if (from === undefined || to === undefined || from <= to) return []
    return [{ variable: last, got: String(to), takes: `a number not below ${first}, which is ${from}` }]
  })
  return [...spanFaults, ...dataSourceFaults(values)]
}

function assemble(
  v: Values,
  {
    tokensFile,
    tls,
    vault,
  }: {
    tokensFile: string | undefined
    tls: TlsFiles | undefined
    vault: ReturnType<typeof chooseCredentials>
  },
): { config: Config; secrets: Secrets } {
  const forwarder = forwardingConfig(v)
  const telemetry = telemetryConfig(v)
  const config: Config = {
    http: {
      host: v.HOST,
      port: v.PORT,
      ...(v.PUBLIC_URL === undefined ? {} : { publicUrl: v.PUBLIC_URL }),
      rateLimit: v.RATE_LIMIT ?? rateLimitFor(v.HOST),
      ...(tokensFile ? { tokensFile } : {}),
    },
    logLevel: v.LOG_LEVEL,
    dataDir: v.DATA_DIR,
    onShutdown: v.ON_SHUTDOWN,
    ...(v.MANAGER_ID === undefined ? {} : { managerId: v.MANAGER_ID }),
    runtime: v.RUNTIME === 'docker' ? dockerConfig(v) : simulatedConfig(v),
    store: v.MONGODB_URL === undefined ? { kind: 'embedded' } : { kind: 'mongodb', database: v.MONGODB_DB },
    credentials: vault.credentials,
    fleet: {
      ports: { from: v.PORT_RANGE_START, to: v.PORT_RANGE_END },
      clientIds: { from: v.CLIENT_ID_RANGE_START, to: v.CLIENT_ID_RANGE_END },
      containerPrefix: v.CONTAINER_PREFIX,
      gatewayImage: v.GATEWAY_IMAGE,
      memoryMb: v.GATEWAY_MEMORY_MB,
      launchConcurrency: v.LAUNCH_CONCURRENCY,
      maxStartupMs: v.MAX_STARTUP_TIME,
      twofaTimeoutMs: v.TWOFA_TIMEOUT,
      twofaMaxPushes: v.TWOFA_MAX_PUSHES,
      loginBudgetRejected: v.LOGIN_BUDGET_REJECTED,
      loginBudgetStarts: v.LOGIN_BUDGET_STARTS,
      crashLoop: v.CRASH_LOOP_LIMIT,
      shutdownTimeoutMs: v.SHUTDOWN_TIMEOUT,
    },
    monitor: { intervalMs: v.HEALTHCHECK_INTERVAL },
    ibRegion: v.IB_REGION,
    session: {
      heartbeatIntervalMs: v.HEARTBEAT_INTERVAL,
      heartbeatTimeoutMs: v.HEARTBEAT_TIMEOUT,
      reconnectAttempts: v.RECONNECT_ATTEMPTS,
      reconnectWindowMs: v.RECONNECT_WINDOW,
    },
    marketData: marketDataConfig(v),
    ...(forwarder && { forwarder }),
    ...(telemetry && { telemetry }),
  }
  const secrets: Secrets = {
    ...(v.API_TOKENS === undefined ? {} : { tokens: v.API_TOKENS }),
    ...(tls === undefined ? {} : { tls }),
    ...(v.MONGODB_URL === undefined ? {} : { mongodbUrl: v.MONGODB_URL }),
    ...(vault.login === undefined ? {} : { vaultLogin: vault.login }),
    ...(v.CREDENTIALS_KEY === undefined ? {} : { credentialsKey: v.CREDENTIALS_KEY }),
    ...(v.DISCORD_WEBHOOK_URL === undefined ? {} : { discordWebhookUrl: v.DISCORD_WEBHOOK_URL }),
    ...(v.ALERT_WEBHOOK_URL === undefined ? {} : { alertWebhookUrl: v.ALERT_WEBHOOK_URL }),
    ...(v.OTEL_EXPORTER_OTLP_HEADERS === undefined ? {} : { collectorHeaders: v.OTEL_EXPORTER_OTLP_HEADERS }),
  }
  return { config: deepFreeze(config), secrets: Object.freeze(secrets) }
}

function dockerConfig(v: Values): DockerConfig {
  return {
    kind: 'docker',
    network: v.GATEWAY_NETWORK,
    ...(v.DOCKER_HOST === undefined ? {} : { dockerHost: v.DOCKER_HOST }),
    ...(v.GATEWAY_SUBNET === undefined ? {} : { subnet: v.GATEWAY_SUBNET }),
  }
}

function simulatedConfig(v: Values): SimulatedConfig {
  return {
    kind: 'simulated',
    pace: {
      loginSeconds: v.SIM_LOGIN_SECONDS,
      twofaSeconds: v.SIM_TWOFA_SECONDS,
      restartSeconds: v.SIM_RESTART_SECONDS,
    },
  }
}
