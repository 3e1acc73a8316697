// Credentials kept sealed beside the records, for those who run no Vault.
import type { Clock } from '../../ports/clock.ts'
import { type CredentialStore, credentialsInvalid } from '../../ports/credentials.ts'
import { FleetError } from '../../ports/errors.ts'
import type { GatewayCredentials } from '../../ports/runtime.ts'
import type { SealedSecretStore } from '../../ports/stores.ts'
import { type SealingKey, seal, sealingKey, unseal } from './seal.ts'

/** `key` is 32 bytes: CREDENTIALS_KEY, or what `loadCredentialsKey` returns. */
export function createStoredCredentials(deps: {
  readonly secrets: SealedSecretStore
  readonly key: Buffer
  readonly clock: Clock
}): CredentialStore {
  const { secrets, clock } = deps
  const key = sealingKey(deps.key)
  return {
    kind: 'embedded',

    async read({ id }, signal) {
      signal.throwIfAborted()
      const sealed = await secrets.get(id)
      if (sealed === null)
        throw new FleetError('CREDENTIALS_MISSING', `Follower ${id} has no credentials yet.`)
      return open(sealed, id, key)
    },

    async write({ id }, credentials, signal) {
      signal.throwIfAborted()
      const invalid = credentialsInvalid(id, credentials)
      if (invalid) throw invalid
      const { username, password } = credentials
      await secrets.put(id, seal(Buffer.from(JSON.stringify({ username, password })), id, key))
    },

    remove: ({ id }) => secrets.delete(id),

    async ping(signal) {
      signal.throwIfAborted()
      const startedMs = clock.monotonicMs()
      await secrets.get('ping')
      return { latencyMs: clock.monotonicMs() - startedMs }
    },
  }
}

function open(sealed: string, followerId: string, key: SealingKey): GatewayCredentials {
  const unsealed = unseal(sealed, followerId, key)
  if (unsealed.outcome === 'other-key')
    throw new FleetError(
      'CREDENTIALS_MISSING',
      `The credentials of follower ${followerId} were stored under another key (${unsealed.keyId}, now ${key.id}). Bring back that CREDENTIALS_KEY or credentials.key, or store them again.`,
    )
  if (unsealed.outcome === 'damaged')
    throw new FleetError(
      'CREDENTIALS_MISSING',
      `The stored credentials of follower ${followerId} are damaged and cannot be read: store them again.`,
    )
  try {
    const { username, password } = JSON.parse(unsealed.plain.toString('utf8')) as GatewayCredentials
    return { username, password }
  } finally {
    unsealed.plain.fill(0)
  }
}
