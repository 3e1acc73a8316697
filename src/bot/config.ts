// From environment and flags to the bot's frozen configuration and, apart from it, its secrets; all faults are reported together.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  ConfigError,
  type ConfigFault,
  deepFreeze,
  type Environment,
  faultLine,
  readVariables,
} from '../config/reading.ts'
import type { LogLevel } from '../config/values.ts'
import { helpText, readFlags } from './flags.ts'
import type { GatewayAddress } from './gateway-check.ts'
import { type BotValues, botVariables, sharedVariables } from './variables.ts'

export interface BotConfig {
  readonly gateway:
    | ({ readonly kind: 'bare' } & GatewayAddress)
    | { readonly kind: 'managed'; readonly url: string; readonly followerId: string }
  readonly orchestration: 'native' | 'docker'
  readonly startup: {
    readonly maxTries: number
    readonly timeoutMs: number
    readonly retryIntervalMs: number
  }
  /** For trading; never 0. A manager's lease names another. */
  readonly clientId: number
  /** Needed when the gateway has several. */
  readonly account?: string
  readonly gameplanPath: string
  /** True unless the word false was given. */
  readonly dryRun: boolean
  readonly strategyModules: readonly string[]
  readonly strategyCClosesAll: boolean
  readonly health: { readonly host: string; readonly port: number }
  readonly stateDir: string
  readonly logLevel: LogLevel
}

export interface BotSecrets {
  /** Absent: alerts go to the log only. */
  readonly discordWebhookUrl?: string
  /** For the manager's API. */
  readonly apiToken?: string
}

export interface ParsedBotConfig {
  readonly config: BotConfig
  readonly secrets: BotSecrets
  /** To be logged as warnings: what is set and has no effect, but must not stop the start. */
  readonly notices: readonly string[]
}

/** Everything that is wrong; the message has one line per fault, and the bot ends with `exitCode`. */
export class BotConfigError extends ConfigError {
  override readonly name = 'BotConfigError'
  readonly exitCode = 1
}

/** Flags win over the environment; an empty value counts as unset. BotConfigError. */
export function parseBotConfig(
  env: Environment,
  argv: readonly string[],
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): ParsedBotConfig {
  const flags = readFlags(argv)
  const table = { ...botVariables, ...sharedVariables }
  const { values, faults: all } = readVariables(table, { ...env, ...flags.values }, readFile)
  const isOfWebhook = ({ variable }: ConfigFault) => variable.startsWith('DISCORD_WEBHOOK_URL')
  const badVariables = new Set(all.map(({ variable }) => variable))
  const faults = [
    ...flags.faults,
    ...all
      .filter((fault) => !isOfWebhook(fault))
      .map((fault) => ({ ...fault, variable: flags.flagOf[fault.variable] ?? fault.variable })),
    ...missing(values).filter(({ variable }) => !badVariables.has(variable)),
  ]
  if (faults.length > 0) throw new BotConfigError(faults)
  const good = values as BotValues
  const notices = [
    ...all.filter(isOfWebhook).map((fault) => `${faultLine(fault)}; alerts go to the log only`),
    ...unusedAddress(good),
    ...tokenInClear(good),
  ]
  return { config: deepFreeze(assemble(good)), secrets: Object.freeze(secretsOf(good)), notices }
}

/** The text of `--help`; undefined when `argv` does not ask for it. */
export function botHelp(argv: readonly string[]): string | undefined {
  return argv.includes('--help') || argv.includes('-h') ? helpText : undefined
}

type MaybeBad = { readonly [N in keyof BotValues]: BotValues[N] | undefined }

/** Where the gateway is: host and port, or manager and follower. */
function missing(values: MaybeBad): ConfigFault[] {
  const absent = (
    variable: 'GATEWAY_HOST' | 'GATEWAY_PORT' | 'GATEWAY_MANAGER_URL' | 'FOLLOWER_ID',
    takes: string,
  ) => (values[variable] === undefined ? [{ variable, got: 'nothing', takes }] : [])
  if (values.GATEWAY_MANAGER_URL !== undefined)
    return absent('FOLLOWER_ID', "a follower's id, as GATEWAY_MANAGER_URL is set")
  if (values.FOLLOWER_ID !== undefined)
    return absent('GATEWAY_MANAGER_URL', "the manager's URL, as FOLLOWER_ID is set")
  return [
    ...absent(
      'GATEWAY_HOST',
      `${botVariables.GATEWAY_HOST.kind.takes}; or set GATEWAY_MANAGER_URL and FOLLOWER_ID`,
    ),
    ...absent('GATEWAY_PORT', botVariables.GATEWAY_PORT.kind.takes),
  ]
}

function assemble(v: BotValues): BotConfig {
  return {
    gateway: gatewayOf(v),
    orchestration: v.BOT_ORCHESTRATION_MODE,
    startup: {
      maxTries: v.GATEWAY_MAX_RETRIES,
      timeoutMs: v.GATEWAY_STARTUP_TIMEOUT,
      retryIntervalMs: v.GATEWAY_RETRY_INTERVAL,
    },
    clientId: v.CLIENT_ID,
    ...(v.ACCOUNT === undefined ? {} : { account: v.ACCOUNT }),
    gameplanPath: v.GAMEPLAN_PATH,
    dryRun: v.DRY_RUN,
    strategyModules: v.STRATEGY_MODULES ?? [],
    strategyCClosesAll: v.STRATEGY_C_CLOSE_ALL,
    health: { host: v.BOT_HEALTH_HOST, port: v.BOT_HEALTH_PORT },
    stateDir: v.BOT_STATE_DIR ?? join(v.DATA_DIR, 'bot'),
    logLevel: v.LOG_LEVEL,
  }
}

function gatewayOf(v: BotValues): BotConfig['gateway'] {
  if (v.GATEWAY_MANAGER_URL !== undefined && v.FOLLOWER_ID !== undefined)
    return { kind: 'managed', url: v.GATEWAY_MANAGER_URL, followerId: v.FOLLOWER_ID }
  // Their absence was a fault.
  return { kind: 'bare', host: v.GATEWAY_HOST as string, port: v.GATEWAY_PORT as number }
}

function secretsOf(v: BotValues): BotSecrets {
  return {
    ...(v.DISCORD_WEBHOOK_URL === undefined ? {} : { discordWebhookUrl: v.DISCORD_WEBHOOK_URL }),
    ...(v.API_TOKEN === undefined ? {} : { apiToken: v.API_TOKEN }),
  }
}

function unusedAddress(v: BotValues): string[] {
  if (v.GATEWAY_MANAGER_URL === undefined || (v.GATEWAY_HOST ?? v.GATEWAY_PORT) === undefined) return []
  return ['GATEWAY_HOST and GATEWAY_PORT are not used: the manager at GATEWAY_MANAGER_URL names the address']
}

function tokenInClear(v: BotValues): string[] {
  const isPlain = v.GATEWAY_MANAGER_URL?.startsWith('http:') && v.API_TOKEN !== undefined
  if (!isPlain || /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])([:/]|$)/.test(v.GATEWAY_MANAGER_URL ?? ''))
    return []
  return [
    'API_TOKEN crosses the network readable: GATEWAY_MANAGER_URL is http:// to another machine. Use https://',
  ]
}
