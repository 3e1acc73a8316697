// From environment and flags to the bot's frozen configuration and, apart from it, its secrets; all faults are reported together.
import type { LogLevel } from '../config/values.ts'
import type { GatewayAddress } from './gateway-check.ts'

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
  /** For trading; never 0. With a manager the lease names another. */
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
  /** To be logged as warnings. */
  readonly notices: readonly string[]
}

/** BotConfigError. Flags win over the environment; an empty value counts as unset. */
export function parseBotConfig(
  _env: Readonly<Record<string, string | undefined>>,
  _argv: readonly string[],
  _readFile?: (path: string) => string,
): ParsedBotConfig {
  throw new Error('not yet')
}

/** The text of `--help`; undefined when `argv` does not ask for it. */
export function botHelp(_argv: readonly string[]): string | undefined {
  return undefined
}
