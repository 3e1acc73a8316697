// What the address that is listened on asks of the doors.
import { show } from './reading.ts'
import type { Rate } from './values.ts'

const loopback: readonly string[] = ['127.0.0.1', 'localhost', '::1']

/** Without tokens nobody but this machine may reach the server: a fault otherwise. An undefined host was judged already. */
export function openDoors(
  host: string | undefined,
  hasTokens: boolean,
): Array<{ variable: string; got: string; takes: string }> {
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
