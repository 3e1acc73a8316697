// Variables of who may come in, and what the address that is listened on asks of the doors.
import { parseTokens, roles, type Token } from '../doors/tokens.ts'
import { type ConfigFault, optional, show, type Variable } from './reading.ts'
import { anyText, type Kind, type Rate, rate } from './values.ts'

/** At least one entry, and nothing else. */
const tokenList: Kind<readonly Token[]> = {
  takes: `name:role:<sha256 hex>, one a line or separated by commas, each name once, role ${roles.join(' or ')}; \`ibgm token create\` makes one`,
  parse(text) {
    const { tokens, faults } = parseTokens(text)
    return faults.length === 0 && tokens.length > 0 ? tokens : undefined
  },
}

export const doorVariables = {
  API_TOKENS: {
    kind: tokenList,
    about:
      'Who may use the API: a name:role:hash for each token, separated by commas (`ibgm token create` makes them; roles are viewer, operator, admin); anybody on this machine when unset. A file has one a line and is read again when it changes.',
    secret: true,
  },
  RATE_LIMIT: optional(
    rate(1000),
    'Requests per token, or per address where none is needed, as N (per second), N per DURATION, or off; off on loopback, else 100, when unset.',
  ),
  TLS_CERT_FILE: optional(
    anyText,
    'Certificate, in PEM, with its chain; with TLS_KEY_FILE the API is https. Read at the start.',
  ),
  TLS_KEY_FILE: optional(anyText, 'Its key, in PEM.'),
} satisfies Record<string, Variable<unknown>>

const loopback: readonly string[] = ['127.0.0.1', 'localhost', '::1']

/** Without tokens nobody but this machine may reach the server: a fault otherwise. An undefined host was judged already. */
export function openDoors(host: string | undefined, hasTokens: boolean): ConfigFault[] {
  if (host === undefined || hasTokens || loopback.includes(host)) return []
  const takes = `${loopback.join(', ')}, or any address once API_TOKENS or API_TOKENS_FILE is set`
  return [{ variable: 'HOST', got: show(host), takes }]
}

/** What others on the network could read along, as a warning. */
export function inClear(host: string, tls: object | undefined): string[] {
  if (tls || loopback.includes(host)) return []
  return [
    'HOST is reachable from elsewhere without TLS: tokens and IB logins cross the network readable. Set TLS_CERT_FILE and TLS_KEY_FILE, or let a proxy on this machine speak TLS',
  ]
}

/** The limit where none is set: none on loopback. */
export function rateLimitFor(host: string): Rate {
  return { limit: loopback.includes(host) ? 0 : 100, windowMs: 1000 }
}
