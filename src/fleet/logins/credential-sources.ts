// Where the fleet's logins come from: one store, and a stored copy for the time in which that one is Vault and away. Falling back is told, always.
import type { Follower } from '../../../schemas/follower.ts'
import type { AlertBook } from '../../alerts/alert-book.ts'
import {
  type CredentialStore,
  credentialsInvalid,
  defaultSecretRef,
  isVaultOutage,
  type VaultOutage,
} from '../../ports/credentials.ts'
import { isFleetError } from '../../ports/errors.ts'
import type { GatewayCredentials } from '../../ports/runtime.ts'
import type { Audit } from '../history/audit.ts'
import { reasonText } from '../lifecycle/reasons.ts'

/** For the audit: which store, and the path in Vault. */
export interface Provenance {
  readonly store: CredentialStore['kind']
  readonly ref?: string
}

export interface SourcedLogin {
  readonly credentials: GatewayCredentials
  readonly from: Provenance
}

const alertKey = 'credentials:FALLBACK'
const downKey = 'credentials:DOWN'

export class CredentialSources {
  readonly #primary: CredentialStore
  readonly #fallback: CredentialStore | undefined
  readonly #audit: Pick<Audit, 'note'>
  readonly #alerts: Pick<AlertBook, 'settle' | 'isOpen'>
  #reachable: boolean | undefined

  /** `fallback`: the embedded store, where `primary` is Vault. */
  constructor(deps: {
    readonly primary: CredentialStore
    readonly fallback?: CredentialStore | undefined
    readonly audit: Pick<Audit, 'note'>
    readonly alerts: Pick<AlertBook, 'settle' | 'isOpen'>
  }) {
    this.#primary = deps.primary
    this.#fallback = deps.fallback
    this.#audit = deps.audit
    this.#alerts = deps.alerts
  }

  /** Whether the first store answered when it was last asked for a login; undefined before. */
  get reachable(): boolean | undefined {
    return this.#reachable
  }

  /**
   * What a login would use. While Vault is unreachable, slow or sealed that is the stored copy, if there is one; forbidden and missing never fall
   * back, so that a revoked secret stays revoked. Fails as CredentialStore.read does, and with CREDENTIALS_INVALID.
   */
  async read(follower: Follower, signal: AbortSignal): Promise<SourcedLogin> {
    try {
      return await this.readPrimary(follower, signal)
    } catch (error) {
      if (!isVaultOutage(error)) throw error
      const copy = await this.#copy(follower, signal)
      if (!copy) {
        this.#down(follower, error)
        throw error
      }
      this.#fellBack(follower, error)
      return copy
    }
  }

  /** As `read`, but never the copy. */
  async readPrimary(follower: Follower, signal: AbortSignal): Promise<SourcedLogin> {
    try {
      const login = await readFit(this.#primary, follower, signal)
      this.#reachable = true
      this.#answers()
      return login
    } catch (error) {
      if (isFleetError(error)) this.#reachable = !isVaultOutage(error) && error.code !== 'STORE_UNAVAILABLE'
      if (isFleetError(error) && !isVaultOutage(error)) this.#answers()
      throw error
    }
  }

  /** Where it was written: the first store, or the copy when `store` asks for the embedded one. */
  async write(
    follower: Follower,
    credentials: GatewayCredentials,
    store: 'embedded' | undefined,
    signal: AbortSignal,
  ): Promise<Provenance> {
    const chosen = store === 'embedded' ? (this.#fallback ?? this.#primary) : this.#primary
    await chosen.write(follower, credentials, signal)
    return provenance(chosen, follower)
  }

  /** Forgets what we stored of the follower, the copy included. */
  async remove(follower: Follower): Promise<void> {
    await this.#fallback?.remove(follower)
    await this.#primary.remove(follower)
  }

  /** While an alert is open and nobody logs in: asks whether Vault is back, and then closes it. */
  async noticeReturn(signal: AbortSignal): Promise<void> {
    if (!this.#alerts.isOpen(alertKey) && !this.#alerts.isOpen(downKey)) return
    try {
      await this.#primary.ping(signal)
      this.#reachable = true
      this.#answers()
    } catch (error) {
      if (!isFleetError(error)) throw error
    }
  }

  /** null when there is no copy, or none that can be opened: Vault's own failure says more then. */
  async #copy(follower: Follower, signal: AbortSignal): Promise<SourcedLogin | null> {
    if (!this.#fallback) return null
    try {
      return await readFit(this.#fallback, follower, signal)
    } catch (error) {
      if (!isFleetError(error)) throw error
      return null
    }
  }

  #answers(): void {
    this.#alerts.settle(alertKey, [])
    this.#alerts.settle(downKey, [])
  }

  /** One alert for all who wait; it names the first. */
  #down({ id }: Follower, { code }: VaultOutage): void {
    if (this.#alerts.isOpen(downKey)) return
    const { message, action } = reasonText[code]
    this.#alerts.settle(downKey, [
      {
        key: downKey,
        level: 'ERROR',
        code,
        title: 'Gateways wait for Vault',
        message: `${message}. ${id} waits for it, and so does every gateway that must log in and has no stored copy of its credentials. Those that run are not affected.`,
        ...(action !== undefined && { action }),
      },
    ])
  }

  #fellBack(follower: Follower, { code }: VaultOutage): void {
    this.#audit.note({
      type: 'credentials.fallback',
      followerId: follower.id,
      message: 'Vault is away: the stored copy of the credentials is used',
      data: { reason: code, ...provenance(this.#primary, follower) },
    })
    const { action } = reasonText[code]
    this.#alerts.settle(alertKey, [
      {
        key: alertKey,
        level: 'WARNING',
        code,
        title: 'Gateways log in with stored copies of their credentials',
        message: `Vault does not give them (${code}). What has been changed or revoked there since is not known here.`,
        ...(action !== undefined && { action }),
      },
    ])
  }
}

async function readFit(
  store: CredentialStore,
  follower: Follower,
  signal: AbortSignal,
): Promise<SourcedLogin> {
  const credentials = await store.read(follower, signal)
  const invalid = credentialsInvalid(follower.id, credentials)
  if (invalid) throw invalid
  return { credentials, from: provenance(store, follower) }
}

function provenance({ kind }: CredentialStore, { id, vaultSecretRef }: Follower): Provenance {
  return kind === 'vault' ? { store: kind, ref: vaultSecretRef ?? defaultSecretRef(id) } : { store: kind }
}
