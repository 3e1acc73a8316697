// Where IB logins are read: Vault with the stored copies to fall back to, or the stored ones alone.
import { createStoredCredentials } from '../adapters/stored-credentials/credentials.ts'
import { loadCredentialsKey } from '../adapters/stored-credentials/key-file.ts'
import type { Config, Secrets } from '../config.ts'
import type { Clock } from '../ports/clock.ts'
import type { CredentialStore } from '../ports/credentials.ts'
import type { Log } from '../ports/log.ts'
import type { Stores } from '../ports/stores.ts'

/** Vault's client is loaded when it is asked for. Fails as `loadCredentialsKey`. */
export async function openCredentials(
  config: Config,
  secrets: Secrets,
  stores: Stores,
  clock: Clock,
  log: Log,
): Promise<{
  credentials: CredentialStore
  fallbackCredentials?: CredentialStore
  close: () => void
}> {
  const key = secrets.credentialsKey ?? loadCredentialsKey({ dataDir: config.dataDir, log })
  const stored = createStoredCredentials({ secrets: stores.secrets, key, clock })
  if (config.credentials.kind === 'embedded' || !secrets.vaultLogin)
    return { credentials: stored, close: () => {} }
  const { createVaultCredentials } = await import('../adapters/vault/credentials.ts')
  const vault = createVaultCredentials({ ...config.credentials, auth: secrets.vaultLogin, clock, log })
  return { credentials: vault, fallbackCredentials: stored, close: () => vault.close() }
}
