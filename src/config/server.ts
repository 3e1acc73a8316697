// Variables of the process itself, and of where it keeps its records.
import { optional, type Variable, withDefault } from './reading.ts'
import {
  anyText,
  containerName,
  hostName,
  type Kind,
  logLevel,
  matching,
  wholeNumber,
  word,
} from './values.ts'

/** Where people reach the server, without a slash at its end. Nothing secret is in it: it is written into every alert. */
const publicAddress: Kind<string> = {
  takes: 'http://… or https://…, without login, query or fragment',
  parse(text) {
    if (!/^https?:\/\/[^\s<>"`]{1,200}$/.test(text) || !URL.canParse(text)) return undefined
    const { username, password, search, hash } = new URL(text)
    return username || password || search || hash || /[?#]/.test(text) ? undefined : text.replace(/\/+$/, '')
  },
}

export const serverVariables = {
  HOST: withDefault(
    hostName,
    '127.0.0.1',
    'Address to listen on; without API tokens 127.0.0.1, localhost or ::1 only.',
  ),
  PORT: withDefault(wholeNumber(0, 65535), '8080', 'Port of API and dashboard; 0 takes any free one.'),
  PUBLIC_URL: optional(
    publicAddress,
    'Address under which people reach the server, for links in alerts; where it listens when unset.',
  ),
  LOG_LEVEL: withDefault(logLevel, 'info', 'trace, debug, info, warn, error, fatal or silent.'),
  DATA_DIR: withDefault(
    anyText,
    './ibgm-data',
    'Folder of everything the manager keeps; one manager per folder.',
  ),
  ON_SHUTDOWN: withDefault(
    word('stop', 'leave'),
    'stop',
    'What becomes of the gateways when the manager ends: stop them, or leave them running to be adopted at the next start.',
  ),
  MANAGER_ID: optional(
    containerName,
    'Name that tells our containers from those of other managers; made once and kept in the store when unset.',
  ),
} satisfies Record<string, Variable<unknown>>

export const storeVariables = {
  MONGODB_URL: {
    kind: matching(/^mongodb(\+srv)?:\/\/[^\s]+$/, 'mongodb://… or mongodb+srv://…'),
    about: 'Connection string of the MongoDB that keeps the records; they are kept in DATA_DIR when unset.',
    secret: true,
  },
  MONGODB_DB: withDefault(
    matching(/^[A-Za-z0-9_-]{1,63}$/, 'up to 63 letters, digits, `_` or `-`'),
    'ibgm',
    'Name of the database.',
  ),
} satisfies Record<string, Variable<unknown>>
