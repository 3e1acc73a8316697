// The bot beside a manager: it looks at its gateway over HTTP, leases its client id, and hears of planned restarts and locks. An absent manager harms nothing that runs.
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { GatewayAddress } from './gateway-check.ts'

export interface ManagedGateway {
  readonly status: string
  readonly phase: string
  readonly reason?: { readonly code: string; readonly message: string; readonly action?: string }
  readonly endpoint?: GatewayAddress
  /** Epoch milliseconds. */
  readonly plannedRestartAtMs?: number
}

export type GatewayNews =
  /** Known, changed, or (undefined) none any more. */
  | { readonly kind: 'planned-restart'; readonly atMs: number | undefined }
  | { readonly kind: 'locked'; readonly why: string }
  | { readonly kind: 'unlocked' }
  /** Undefined: it has none at present. */
  | { readonly kind: 'endpoint'; readonly endpoint: GatewayAddress | undefined }
  /** The manager gave another client id than before. */
  | { readonly kind: 'client-id'; readonly clientId: number }

export interface ManagerLinkOptions {
  readonly url: string
  readonly followerId: string
  readonly token?: string
  /** Where the manager may ask for the bot's health; loopback only. */
  readonly healthUrl?: string
}

export interface BotLease extends GatewayAddress {
  readonly clientId: number
  readonly accounts: readonly string[]
}

export interface ManagerLink {
  /** As last heard; undefined until the manager has answered once. */
  readonly gateway: ManagedGateway | undefined
  /** Why the manager does not answer, or what it says against us; undefined when all is well. */
  readonly trouble: string | undefined
  /** Looks once, then every few seconds until `stop`. Never rejects. */
  start(): Promise<void>
  /** Returns how to stop listening. What is known already is not told again. */
  onNews(listener: (news: GatewayNews) => void): () => void
  /** Aborts when the gateway is locked, now or later; the reason is an Error that says why. */
  lockSignal(): AbortSignal
  /** Leases the client id and keeps it renewed until `stop`. NOT_READY with what the manager said, or that it did not answer. */
  lease(signal: AbortSignal): Promise<BotLease>
  /** Ends looking and renewing, and releases the lease as far as the manager answers. Never rejects. */
  stop(): Promise<void>
}

export function createManagerLink(
  _deps: { readonly clock: Clock; readonly log: Log },
  _options: ManagerLinkOptions,
): ManagerLink {
  throw new Error('not yet')
}

/** What the manager may poll of a health port on `host`; undefined when it cannot be reached over loopback. */
export function healthUrlOf(_host: string, _port: number): string | undefined {
  return undefined
}
