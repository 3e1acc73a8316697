// Where the logins are kept: a Vault that can be away, slow, sealed or forbidding, and the copies that serve meanwhile.
import type { Follower } from '../../schemas/follower.ts'
import type { CredentialStore } from '../../src/ports/credentials.ts'
import { FleetError } from '../../src/ports/errors.ts'
import type { GatewayCredentials } from '../../src/ports/runtime.ts'
import type { Condition, Line } from './lines.ts'

export type VaultTrouble = 'VAULT_UNREACHABLE' | 'VAULT_TIMEOUT' | 'VAULT_SEALED'

export class Vault {
  readonly condition: Condition = { up: true, slowMs: 20, lostAnswers: 0 }
  trouble: VaultTrouble = 'VAULT_UNREACHABLE'
  readonly secrets = new Map<string, GatewayCredentials>()
  /** Followers whose secret may not be read. */
  readonly forbidden = new Set<string>()

  away(): FleetError {
    return new FleetError(this.trouble, `The simulated Vault does not answer (${this.trouble}).`)
  }
}

export function vaultOver(vault: Vault, line: Line): CredentialStore {
  return {
    kind: 'vault',
    read: (follower, signal) =>
      line.call(() => {
        if (vault.forbidden.has(follower.id))
          throw new FleetError('VAULT_FORBIDDEN', `Vault refuses the secret of ${follower.id}.`)
        return secretOf(vault.secrets, follower)
      }, signal),
    write: ({ id }, credentials, signal) =>
      line.call(() => void vault.secrets.set(id, { ...credentials }), signal),
    remove: () => line.call(() => undefined),
    ping: (signal) => line.call(() => ({ latencyMs: 1 }), signal),
  }
}

/** Copies in the embedded store, of those followers that have one. */
export function copiesOver(copies: Map<string, GatewayCredentials>): CredentialStore {
  return {
    kind: 'embedded',
    read: async (follower) => secretOf(copies, follower),
    write: async ({ id }, credentials) => void copies.set(id, { ...credentials }),
    remove: async ({ id }) => void copies.delete(id),
    ping: async () => ({ latencyMs: 1 }),
  }
}

function secretOf(secrets: ReadonlyMap<string, GatewayCredentials>, { id }: Follower): GatewayCredentials {
  const secret = secrets.get(id)
  if (!secret) throw new FleetError('CREDENTIALS_MISSING', `There is no secret for ${id}.`)
  return secret
}
