// Every variable that the trading bot takes, with what it means to a person: the table behind its configuration, .env.example and the README.
import { optional, type ValuesOf, type Variable, withDefault } from '../config/reading.ts'
import {
  anyText,
  duration,
  hostName,
  type Kind,
  logLevel,
  matching,
  webhookAddress,
  wholeNumber,
  word,
  yesOrNo,
} from '../config/values.ts'

const highestId = 2_147_483_647

const tradingClientId: Kind<number> = {
  ...wholeNumber(1, highestId),
  takes: `a whole number from 1 to ${highestId}; 0 is for the check of the gateway and for orders by hand`,
}

const modulePaths: Kind<readonly string[]> = {
  takes: 'paths of modules, separated by commas',
  parse(text) {
    const paths = text.split(',').map((path) => path.trim())
    return paths.every((path) => path !== '' && !path.includes('\0')) ? paths : undefined
  },
}

export const botVariables = {
  GATEWAY_HOST: {
    ...optional(hostName, 'Host of the gateway to trade through; no default, unless a manager names it.'),
    example: '127.0.0.1',
  },
  GATEWAY_PORT: {
    ...optional(wholeNumber(1, 65535), 'Its API port: 4002 for paper, 4001 for live trading.'),
    example: '4002',
  },
  BOT_ORCHESTRATION_MODE: withDefault(
    word('native', 'docker'),
    'native',
    'A host name that does not resolve: native ends at once, docker waits for it.',
  ),
  GATEWAY_STARTUP_TIMEOUT: withDefault(
    duration(100),
    '300s',
    'How long the bot waits for a gateway before it gives up.',
  ),
  GATEWAY_MAX_RETRIES: withDefault(wholeNumber(1, 10_000), '30', 'How often it tries in that time.'),
  GATEWAY_RETRY_INTERVAL: withDefault(
    duration(10),
    '5s',
    'Before the second try; doubles with each, up to 30 s.',
  ),
  GATEWAY_MANAGER_URL: optional(
    matching(/^https?:\/\/[^\s/@?#]+(\/[^\s?#]*)?$/, 'http://host:port or https://host:port'),
    'A manager that runs the gateway, instead of GATEWAY_HOST and GATEWAY_PORT; with FOLLOWER_ID.',
  ),
  FOLLOWER_ID: optional(
    matching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, "a follower's id"),
    'The follower whose gateway it is.',
  ),
  API_TOKEN: {
    ...optional(matching(/^[\x21-\x7e]+$/, 'a token'), 'Token for that manager, of an operator.'),
    secret: true,
  },
  CLIENT_ID: withDefault(
    tradingClientId,
    '1',
    "IB API client id for trading; a manager's lease names another.",
  ),
  ACCOUNT: optional(
    matching(/^[A-Za-z0-9]{1,32}$/, 'an account id like DU1234567'),
    'The account to trade; needed when the gateway has several.',
  ),
  DRY_RUN: withDefault(yesOrNo, 'true', 'No order leaves the bot; only the word false lets them.'),
  GAMEPLAN_PATH: withDefault(anyText, '/data/gameplan.json', 'The gameplan of the day.'),
  STRATEGY_MODULES: optional(modulePaths, 'Modules of strategies, by path, separated by commas.'),
  STRATEGY_C_CLOSE_ALL: withDefault(
    yesOrNo,
    'false',
    'Strategy C closes every position of the account, not only those that the bot opened.',
  ),
  BOT_HEALTH_HOST: withDefault(hostName, '127.0.0.1', "Address of the bot's own GET /health."),
  BOT_HEALTH_PORT: withDefault(wholeNumber(0, 65535), '8081', 'Its port; 0 takes any free one.'),
  BOT_STATE_DIR: optional(
    anyText,
    'Folder of what the bot must not forget, its orders above all; DATA_DIR/bot when unset.',
  ),
} satisfies Record<string, Variable<unknown>>

/** What the bot shares with the server, and is described there. */
export const sharedVariables = {
  LOG_LEVEL: withDefault(logLevel, 'info', 'As of the server.'),
  DATA_DIR: withDefault(anyText, './ibgm-data', 'As of the server.'),
  DISCORD_WEBHOOK_URL: { ...optional(webhookAddress, 'As of the server.'), secret: true },
} satisfies Record<string, Variable<unknown>>

export type BotValues = ValuesOf<typeof botVariables & typeof sharedVariables>
