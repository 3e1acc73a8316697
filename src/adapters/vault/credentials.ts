// Credentials in Vault: read by a record's vaultSecretRef at each login, written by PUT. Never cached.
//
// What can be wiped is little: HTTP body and JSON make strings of a secret, and Node gives no way to overwrite a string. So no reference is kept
// beyond the call that needs it, nothing is cached, and no error, log line or cause carries what Vault or its client said.
import type { Follower } from '../../../schemas/follower.ts'
import type { Clock } from '../../ports/clock.ts'
import { type CredentialStore, credentialsInvalid, defaultSecretRef } from '../../ports/credentials.ts'
import { FleetError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { GatewayCredentials } from '../../ports/runtime.ts'
import { createVaultClient } from './client.ts'
import { fieldOf, notVault, sealed, toldOf } from './failures.ts'
import { KvMount } from './kv.ts'
import { secretPath } from './secret-path.ts'
import { type VaultAuth, VaultSession } from './session.ts'
import { inTime, tried } from './tries.ts'

export interface VaultDeps {
  /** VAULT_ADDR: http(s)://host:port, with the path of a proxy in front of Vault if there is one. */
  readonly address: string
  readonly auth: VaultAuth
  /** VAULT_KV_MOUNT. */
  readonly mount: string
  readonly namespace?: string
  /** PEM text of the file that VAULT_CACERT names. */
  readonly caCert?: string
  readonly clock: Clock
  readonly log: Log
  /** [0, 1), for the jitter of waits. */
  readonly random?: () => number
  /** Longest time of one try, all its requests included [5 s]. */
  readonly tryTimeoutMs?: number
}

/** Pairs of field names, in the order in which they are looked for. PUT writes the first. */
const pairs = [
  ['IB_USER', 'IB_PASS'],
  ['username', 'password'],
  ['TWS_USERID', 'TWS_PASSWORD'],
] as const
const [[userField, passField]] = pairs

/** Somebody else may write the same secret; so often ours is tried anew on top of theirs. */
const writeRounds = 3

/** Logs in when first used, and keeps its token alive until `close`. */
export function createVaultCredentials(deps: VaultDeps): CredentialStore & { close(): void } {
  const { clock, log, mount, random = Math.random, tryTimeoutMs = 5_000 } = deps
  const client = createVaultClient({ ...deps, timeoutMs: tryTimeoutMs })
  const session = new VaultSession({ client, auth: deps.auth, clock, log, tryTimeoutMs })
  const kv = new KvMount(session, mount)
  const trying = { clock, random, tryTimeoutMs }

  /** Runs `work` on the follower's path, its failures told of both. */
  async function at<T>({ id, vaultSecretRef }: Follower, work: (path: string) => Promise<T>): Promise<T> {
    const ref = vaultSecretRef ?? defaultSecretRef(id)
    const whose = `Credentials of follower ${id} at ${JSON.stringify(ref)} in the mount ${mount}`
    const path = secretPath(ref)
    if (!path.ok)
      throw new FleetError(
        'CREDENTIALS_MISSING',
        `${whose}: the path ${path.fault}. Set vaultSecretRef to the secret's path relative to the mount.`,
      )
    try {
      return await work(path.path)
    } catch (error) {
      throw toldOf(error, whose)
    }
  }

  return {
    kind: 'vault',

    async read(follower, signal) {
      signal.throwIfAborted()
      return at(follower, async (path) => {
        const { fields } = await tried((until) => kv.read(path, until), trying, signal)
        if (fields === null)
          throw new FleetError(
            'CREDENTIALS_MISSING',
            'there is no secret. Store one there, PUT the credentials, or correct vaultSecretRef',
          )
        return loginIn(fields)
      })
    },

    async write(follower, credentials, signal) {
      signal.throwIfAborted()
      const invalid = credentialsInvalid(follower.id, credentials)
      if (invalid) throw invalid
      const login = { [userField]: credentials.username, [passField]: credentials.password }
      return at(follower, async (path) => {
        for (let round = 1; round <= writeRounds; round++) {
          const stored = await tried(
            async (until) => {
              const before = await kv.read(path, until)
              return kv.replace(path, before, { ...before.fields, ...login }, until)
            },
            trying,
            signal,
          )
          if (stored) return
        }
        throw new FleetError('REVISION_MISMATCH', 'somebody else keeps changing the secret. Ask again')
      })
    },

    // People keep secrets there for more than us: deleting a follower never deletes one.
    async remove() {},

    async ping(signal) {
      const startedMs = clock.monotonicMs()
      const path = 'sys/health?standbyok=true&perfstandbyok=true&sealedcode=200'
      const { body } = await inTime((until) => client.ask({ method: 'GET', path }, until), trying, signal)
      if (typeof fieldOf(body, 'initialized') !== 'boolean') throw notVault()
      if (fieldOf(body, 'sealed') !== false) throw sealed()
      return { latencyMs: clock.monotonicMs() - startedMs }
    },

    close: () => session.close(),
  }
}

/** CREDENTIALS_INCOMPLETE unless the first pair of which anything is there is complete: a cleared field must not bring an older pair back. */
function loginIn(fields: Readonly<Record<string, unknown>>): GatewayCredentials {
  const pair = pairs.find((names) => names.some((name) => Object.hasOwn(fields, name)))
  if (!pair)
    throw new FleetError(
      'CREDENTIALS_INCOMPLETE',
      `the secret has neither ${userField} and ${passField} nor ${pairs
        .slice(1)
        .map((names) => names.join(' and '))
        .join(' nor ')}`,
    )
  const [username, password] = pair.map((name) => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (typeof value === 'string' && value !== '') return value
    const fault = value === undefined ? 'is missing' : value === '' ? 'is empty' : 'is not a text'
    throw new FleetError('CREDENTIALS_INCOMPLETE', `the field ${name} of the secret ${fault}`)
  }) as [string, string]
  return { username, password }
}
