// Where IB logins come from. Values are handed over for one use and never kept, logged or echoed.
import type { Follower } from '../../schemas/follower.ts'
import { FleetError, isFleetError } from './errors.ts'
import type { GatewayCredentials } from './runtime.ts'

export interface CredentialStore {
  readonly kind: 'embedded' | 'vault'
  /**
   * The follower's login. CREDENTIALS_MISSING when there is none, CREDENTIALS_INCOMPLETE when a field lacks or is empty,
   * VAULT_* as their names say. Read-only and safe to repeat.
   */
  read(follower: Follower, signal: AbortSignal): Promise<GatewayCredentials>
  /** Replaces the follower's login, all or nothing. CREDENTIALS_INVALID for values that no gateway could be given. */
  write(follower: Follower, credentials: GatewayCredentials, signal: AbortSignal): Promise<void>
  /** Removes what we stored for the follower; nothing there is success. A secret that people keep elsewhere stays. */
  remove(follower: Follower): Promise<void>
  ping(signal: AbortSignal): Promise<{ latencyMs: number }>
}

/** What no gateway could be given, for CREDENTIALS_INVALID: IBC reads Java properties, which strip blanks at the ends and end at a line's end. */
export function credentialFaults(credentials: GatewayCredentials): { path: string; message: string }[] {
  return (['username', 'password'] as const).flatMap((field) => {
    const value = credentials[field]
    const message =
      value === ''
        ? 'is empty'
        : value !== value.trim()
          ? 'begins or ends with a blank, which a gateway would not get'
          : hasControlCharacter(value)
            ? 'contains a line break, tab or other control character, which a gateway would not get'
            : undefined
    return message === undefined ? [] : [{ path: `/${field}`, message }]
  })
}

function hasControlCharacter(value: string): boolean {
  return [...value].some((character) => character < ' ' || character === '\x7f')
}

/** CREDENTIALS_INVALID, naming the follower and each fault but no value; undefined for values that a gateway can be given. */
export function credentialsInvalid(
  followerId: string,
  credentials: GatewayCredentials,
): FleetError | undefined {
  const faults = credentialFaults(credentials)
  if (faults.length === 0) return undefined
  const told = faults.map(({ path, message }) => `${path.slice(1)} ${message}`).join('; ')
  return new FleetError(
    'CREDENTIALS_INVALID',
    `The credentials of follower ${followerId} cannot be given to a gateway: ${told}.`,
    { faults },
  )
}

/** Where Vault keeps the login of a follower whose record names no vaultSecretRef. */
export const defaultSecretRef = (followerId: string): string => `ibkr/${followerId}`

export type VaultOutage = FleetError & {
  readonly code: 'VAULT_UNREACHABLE' | 'VAULT_TIMEOUT' | 'VAULT_SEALED'
}

/** Vault is away for now, which another try may mend. Forbidden and missing are what Vault has decided. */
export const isVaultOutage = (error: unknown): error is VaultOutage =>
  isFleetError(error, 'VAULT_UNREACHABLE', 'VAULT_TIMEOUT', 'VAULT_SEALED')
