// Vault from a fresh server to one that the manager can use, over its HTTP API: https://developer.hashicorp.com/vault/api-docs/system
import { setTimeout as pause } from 'node:timers/promises'

export interface VaultKeys {
  readonly unsealKey: string
  readonly rootToken: string
}

export interface AppRole {
  readonly roleId: string
  readonly secretId: string
}

export interface VaultSetupOptions {
  readonly address: string
  /** KV mount of the logins; made as version 2 when there is none. */
  readonly mount: string
  readonly keys: { read(): VaultKeys | undefined; write(keys: VaultKeys): void }
  readonly appRole: { read(): AppRole | undefined; write(appRole: AppRole): void }
  readonly say: (line: string) => void
  /** For Vault to answer, and to be ready once it is unsealed. */
  readonly patienceMs: number
}

const role = 'ibgm'
const lookEveryMs = 200
const askTimeoutMs = 10_000

interface Answer {
  readonly status: number
  /** What came as JSON; empty when nothing did. */
  // biome-ignore lint/suspicious/noExplicitAny: each caller knows what it asked for
  readonly body: any
}

/** Idempotent: initialises what is fresh, unseals what is sealed, makes what is missing. Error with what to do when the keys do not fit. */
export async function setUpVault(options: VaultSetupOptions): Promise<void> {
  const { address, mount, keys, appRole, say, patienceMs } = options

  const ask = async (method: string, path: string, body?: object, token?: string): Promise<Answer> => {
    const response = await fetch(`${address}/v1/${path}`, {
      method,
      headers: token === undefined ? {} : { 'X-Vault-Token': token },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(askTimeoutMs),
    })
    const text = await response.text()
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : {} }
  }
  /** An answer that is no success names what was asked, never what was sent. */
  const must = async (method: string, path: string, body?: object, token?: string): Promise<Answer> => {
    const answer = await ask(method, path, body, token)
    if (answer.status < 300) return answer
    throw new Error(`Vault answered ${answer.status} to ${method} ${path}: ${answer.body.errors ?? ''}`)
  }
  const until = async (what: string, look: () => Promise<boolean>): Promise<void> => {
    const deadline = performance.now() + patienceMs
    for (;;) {
      let cause: unknown
      try {
        if (await look()) return
      } catch (error) {
        cause = error
      }
      if (performance.now() > deadline)
        throw new Error(`Vault at ${address} ${what} within ${patienceMs / 1000} s`, { cause })
      await pause(lookEveryMs)
    }
  }

  await until('did not answer', async () => (await ask('GET', 'sys/seal-status')).status === 200)
  const { initialized, sealed } = (await must('GET', 'sys/seal-status')).body
  if (!initialized) {
    const { body } = await must('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 })
    keys.write({ unsealKey: body.keys_base64[0], rootToken: body.root_token })
    say('Vault is initialised')
  }
  const known = keys.read()
  if (!known)
    throw new Error(
      'Vault holds data, but its key is not in the volume of the secrets. Bring that volume back; or, if the logins in Vault may go, remove the volume of Vault too',
    )
  if (!initialized || sealed) {
    const { status, body } = await ask('PUT', 'sys/unseal', { key: known.unsealKey })
    if (status !== 200 || body.sealed)
      throw new Error(
        'the key in the volume of the secrets does not open this Vault: the two volumes are not of one set',
      )
    say('Vault is unsealed')
  }
  const root = known.rootToken
  await until('did not get ready', async () => (await ask('GET', 'sys/health')).status === 200)

  const { body: mounts } = await must('GET', 'sys/mounts', undefined, root)
  if (!mounts.data[`${mount}/`]) {
    await must('POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: '2' } }, root)
    // A fresh mount refuses everything for a moment, while it makes its keys.
    await until(
      `did not make ${mount}/`,
      async () => (await ask('GET', `${mount}/config`, undefined, root)).status === 200,
    )
    say(`Vault has a new KV mount ${mount}/`)
  }
  // Reads and writes of logins, in either KV version; nothing else.
  const policy = `path "${mount}/*" { capabilities = ["create", "read", "update"] }`
  await must('PUT', `sys/policies/acl/${role}`, { policy }, root)
  const { body: doors } = await must('GET', 'sys/auth', undefined, root)
  if (!doors.data['approle/']) await must('POST', 'sys/auth/approle', { type: 'approle' }, root)
  await must('POST', `auth/approle/role/${role}`, { token_policies: [role], token_ttl: '1h' }, root)

  const present = appRole.read()
  const login = present && { role_id: present.roleId, secret_id: present.secretId }
  if (login && (await ask('POST', 'auth/approle/login', login)).status === 200) return
  const { body: id } = await must('GET', `auth/approle/role/${role}/role-id`, undefined, root)
  const { body: secret } = await must('POST', `auth/approle/role/${role}/secret-id`, {}, root)
  appRole.write({ roleId: id.data.role_id, secretId: secret.data.secret_id })
  say('the manager has a new AppRole')
}
