// A credential store called Vault whose secrets and failures a test sets.
import type { CredentialStore } from '../../src/ports/credentials.ts'
import { type ErrorCode, FleetError } from '../../src/ports/errors.ts'
import type { GatewayCredentials } from '../../src/ports/runtime.ts'

export interface MadeUpVault extends CredentialStore {
  readonly secrets: Map<string, GatewayCredentials>
  /** Every call fails so, while set. */
  fault: ErrorCode | null
  /** How often a secret was asked for. */
  reads: number
}

export function madeUpVault(secrets: Record<string, GatewayCredentials> = {}): MadeUpVault {
  const check = () => {
    if (vault.fault) throw new FleetError(vault.fault, `made up: ${vault.fault}`)
  }
  const vault: MadeUpVault = {
    kind: 'vault',
    secrets: new Map(Object.entries(secrets)),
    fault: null,
    reads: 0,
    async read({ id }, signal) {
      vault.reads += 1
      signal.throwIfAborted()
      check()
      const secret = vault.secrets.get(id)
      if (!secret) throw new FleetError('CREDENTIALS_MISSING', `there is no secret for ${id}`)
      return secret
    },
    async write({ id }, credentials) {
      check()
      vault.secrets.set(id, credentials)
    },
    async remove() {},
    async ping() {
      check()
      return { latencyMs: 1 }
    },
  }
  return vault
}
