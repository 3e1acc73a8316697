// Who we are to Vault: a token given or got by AppRole, renewed before it ends, and got again once it is over.
import type { Clock } from '../../ports/clock.ts'
import { isVaultOutage } from '../../ports/credentials.ts'
import { isFleetError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import { unlessAborted } from '../../ports/unless-aborted.ts'
import type { VaultAnswer, VaultClient, VaultRequest } from './client.ts'
import { errorsOf, fieldOf, forbidden, notVault } from './failures.ts'
import { inTime } from './tries.ts'

export type VaultAuth =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'approle'; readonly roleId: string; readonly secretId: string }

interface Lease {
  readonly token: string
  /** On the monotonic clock; Infinity for a token that does not end, or does not tell. */
  readonly endsAtMs: number
  readonly renewable: boolean
}

/** A token is renewed when so much of its time is over. */
const renewAt = 2 / 3
/** A try to renew that Vault was away for is repeated no sooner. */
const retryMs = 1_000

export class VaultSession {
  readonly #deps: {
    readonly client: VaultClient
    readonly auth: VaultAuth
    readonly clock: Clock
    readonly log: Log
    readonly tryTimeoutMs: number
  }
  readonly #closing = new AbortController()
  #lease: Lease | null = null
  #entering: Promise<Lease> | null = null
  #cancelRenewal: () => void = () => {}

  constructor(deps: {
    readonly client: VaultClient
    readonly auth: VaultAuth
    readonly clock: Clock
    readonly log: Log
    readonly tryTimeoutMs: number
  }) {
    this.#deps = deps
  }

  /** Asks with our token. A token that Vault no longer knows is replaced, and the request repeated once. VAULT_FORBIDDEN for 403. */
  async ask(request: Omit<VaultRequest, 'token'>, signal: AbortSignal): Promise<VaultAnswer> {
    const { client, auth } = this.#deps
    const { token } = await this.#current(signal)
    let answer = await client.ask({ ...request, token }, signal)
    if (answer.status === 403 && auth.kind === 'approle' && this.#isOver(token, answer)) {
      if (this.#lease?.token === token) this.#lease = null
      const again = await this.#current(signal)
      answer = await client.ask({ ...request, token: again.token }, signal)
    }
    if (answer.status === 403) throw forbidden('Vault refuses access (403)')
    return answer
  }

  /** Ends the renewal; the token ends by itself. */
  close(): void {
    this.#closing.abort(new Error('the connection to Vault is closed'))
    this.#cancelRenewal()
  }

  /** Vault since 1.12 says `invalid token` of one that it does not know; earlier ones only `permission denied`, so our own count of its time helps. */
  #isOver(token: string, answer: VaultAnswer): boolean {
    const counted = this.#lease?.token !== token || this.#deps.clock.monotonicMs() >= this.#lease.endsAtMs
    return counted || errorsOf(answer.body).some((text) => /invalid token/i.test(text))
  }

  /** The present lease; one login at a time, whoever waits for it. */
  async #current(signal: AbortSignal): Promise<Lease> {
    const lease = this.#lease
    if (lease && this.#deps.clock.monotonicMs() < lease.endsAtMs) return lease
    this.#entering ??= inTime((until) => this.#enter(until), this.#deps, this.#closing.signal).finally(() => {
      this.#entering = null
    })
    return unlessAborted(this.#entering, signal)
  }

  async #enter(signal: AbortSignal): Promise<Lease> {
    const { auth, clock } = this.#deps
    const askedAtMs = clock.monotonicMs()
    const lease =
      auth.kind === 'approle'
        ? await this.#logIn(auth, askedAtMs, signal)
        : await this.#lookUp(auth.token, askedAtMs, signal)
    this.#lease = lease
    this.#planRenewal(lease, askedAtMs, lease.endsAtMs - askedAtMs)
    return lease
  }

  async #logIn(
    { roleId, secretId }: Extract<VaultAuth, { kind: 'approle' }>,
    askedAtMs: number,
    signal: AbortSignal,
  ): Promise<Lease> {
    const body = { role_id: roleId, secret_id: secretId }
    const answer = await this.#deps.client.ask({ method: 'POST', path: 'auth/approle/login', body }, signal)
    if (answer.status !== 200)
      throw forbidden(
        `Vault refuses the AppRole login (${answer.status}): role id or secret id are not valid, or no longer`,
      )
    const token = fieldOf(answer.body, 'auth', 'client_token')
    if (typeof token !== 'string') throw notVault()
    this.#deps.log.info({}, 'logged in to Vault')
    return {
      token,
      endsAtMs: endOf(fieldOf(answer.body, 'auth', 'lease_duration'), askedAtMs),
      renewable: fieldOf(answer.body, 'auth', 'renewable') === true,
    }
  }

  /** A token that may not look itself up can still be good for the secrets: they will tell. */
  async #lookUp(token: string, askedAtMs: number, signal: AbortSignal): Promise<Lease> {
    const answer = await this.#deps.client.ask(
      { method: 'GET', path: 'auth/token/lookup-self', token },
      signal,
    )
    return {
      token,
      endsAtMs: endOf(fieldOf(answer.body, 'data', 'ttl'), askedAtMs),
      renewable: fieldOf(answer.body, 'data', 'renewable') === true,
    }
  }

  /** `firstTtlMs`: what the login gave. A renewal that gives less than half of it means that the token's longest life is near: then it simply ends. */
  #planRenewal(lease: Lease, nowMs: number, firstTtlMs: number): void {
    this.#cancelRenewal()
    const leftMs = lease.endsAtMs - nowMs
    if (!lease.renewable || leftMs === Number.POSITIVE_INFINITY || leftMs < firstTtlMs / 2) {
      if (this.#deps.auth.kind === 'token' && Number.isFinite(leftMs))
        this.#deps.log.warn(
          { leftSeconds: Math.round(leftMs / 1000) },
          'the Vault token cannot be renewed any further; give the manager a new VAULT_TOKEN before it ends',
        )
      return
    }
    this.#renewIn(leftMs * renewAt, lease, firstTtlMs)
  }

  #renewIn(ms: number, lease: Lease, firstTtlMs: number): void {
    this.#cancelRenewal = this.#deps.clock.schedule(ms, () => void this.#renew(lease, firstTtlMs))
  }

  async #renew(lease: Lease, firstTtlMs: number): Promise<void> {
    const { client, clock, log } = this.#deps
    if (this.#lease !== lease || this.#closing.signal.aborted) return
    const askedAtMs = clock.monotonicMs()
    const request = { method: 'POST', path: 'auth/token/renew-self', token: lease.token, body: {} } as const
    try {
      const answer = await inTime((until) => client.ask(request, until), this.#deps, this.#closing.signal)
      if (this.#lease !== lease) return
      const duration = fieldOf(answer.body, 'auth', 'lease_duration')
      if (answer.status !== 200 || typeof duration !== 'number') {
        log.warn({ status: answer.status }, 'Vault did not renew the token')
        if (this.#deps.auth.kind === 'approle') this.#lease = null
        return
      }
      const renewed = { ...lease, endsAtMs: endOf(duration, askedAtMs) }
      this.#lease = renewed
      this.#planRenewal(renewed, askedAtMs, firstTtlMs)
    } catch (err) {
      if (this.#closing.signal.aborted) return
      log.warn(
        { code: isFleetError(err) ? err.code : 'INTERNAL' },
        'the Vault token was not renewed; tried again',
      )
      const leftMs = lease.endsAtMs - clock.monotonicMs()
      if (isVaultOutage(err) && this.#lease === lease && leftMs > 0)
        this.#renewIn(Math.max(retryMs, leftMs / 3), lease, firstTtlMs)
    }
  }
}

/** `ttl`: seconds; 0 and anything strange mean no known end. */
const endOf = (ttl: unknown, fromMs: number): number =>
  typeof ttl === 'number' && ttl > 0 ? fromMs + ttl * 1000 : Number.POSITIVE_INFINITY
