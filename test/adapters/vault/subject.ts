// For tests of Vault: mounts, policies and roles on a real one, made for one test, and a made-up one that answers whatever a test says.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { pino } from 'pino'
import type { Test } from 'tap'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import { createVaultCredentials, type VaultDeps } from '../../../src/adapters/vault/credentials.ts'
import type { Log } from '../../../src/ports/log.ts'

export const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }

/** Credentials in Vault, closed when the test ends. */
export function openCredentials(
  t: Test,
  deps: Partial<VaultDeps> & Pick<VaultDeps, 'address'>,
): ReturnType<typeof createVaultCredentials> {
  const auth = { kind: 'token', token: 'test-token' } as const
  const store = createVaultCredentials({ auth, mount: 'secret', clock: systemClock(), log, ...deps })
  t.teardown(() => store.close())
  return store
}

/** A real Vault and the right to do anything there. */
export class RealVault {
  readonly address: string
  readonly token: string

  constructor(address: string = process.env.VAULT_ADDR ?? '', token: string = process.env.VAULT_TOKEN ?? '') {
    this.address = address
    this.token = token
  }

  get auth(): { kind: 'token'; token: string } {
    return { kind: 'token', token: this.token }
  }

  async ask(method: string, path: string, body?: object, token: string = this.token) {
    const response = await fetch(`${this.address}/v1/${path}`, {
      method,
      headers: { 'X-Vault-Token': token },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok && response.status !== 404)
      throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? {} : JSON.parse(text)
  }

  /** A KV mount of its own for one test. */
  async mount(t: Test, version: 1 | 2): Promise<string> {
    const name = `t-${randomBytes(6).toString('hex')}`
    await this.ask('POST', `sys/mounts/${name}`, { type: 'kv', options: { version: String(version) } })
    t.teardown(() => this.ask('DELETE', `sys/mounts/${name}`))
    return name
  }

  /** A policy with these rules: `path "…" { … }`. */
  async policy(t: Test, rules: string): Promise<string> {
    const name = `p-${randomBytes(6).toString('hex')}`
    await this.ask('POST', `sys/policies/acl/${name}`, { policy: rules })
    t.teardown(() => this.ask('DELETE', `sys/policies/acl/${name}`))
    return name
  }

  /** An AppRole and one secret id of it; `more` are fields of the role (`token_ttl`, `secret_id_num_uses`, …). */
  async appRole(t: Test, more: object) {
    const role = `auth/approle/role/r-${randomBytes(6).toString('hex')}`
    await this.ask('POST', role, more)
    t.teardown(() => this.ask('DELETE', role))
    const roleId: string = (await this.ask('GET', `${role}/role-id`)).data.role_id
    const secretId: string = (await this.ask('POST', `${role}/secret-id`, {})).data.secret_id
    return { kind: 'approle', roleId, secretId } as const
  }
}

export interface Asked {
  readonly method: string
  /** After `/v1/`, query included, as it came. */
  readonly path: string
  readonly token: string | undefined
  readonly namespace: string | undefined
  readonly body: Record<string, unknown>
}

export interface Said {
  readonly status?: number
  readonly body?: unknown
}

/** `answer` gives null for a request that is never answered; it hears of each in order. */
export async function madeUpVault(
  t: Test,
  answer: (asked: Asked) => Said | null,
): Promise<{ address: string; asked: Asked[]; open: () => number }> {
  const asked: Asked[] = []
  const open = new Set<object>()
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const header = (name: string) => request.headers[name]?.toString()
    const question: Asked = {
      method: request.method ?? '',
      path: (request.url ?? '').replace(/^\/v1\//, ''),
      token: header('x-vault-token'),
      namespace: header('x-vault-namespace'),
      body: text === '' ? {} : JSON.parse(text),
    }
    asked.push(question)
    const said = answer(question)
    if (said === null) return
    response.writeHead(said.status ?? 200, { 'content-type': 'application/json' })
    response.end(typeof said.body === 'string' ? said.body : JSON.stringify(said.body ?? {}))
  })
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { address: `http://127.0.0.1:${port}`, asked, open: () => open.size }
}

/** What a KV v2 mount at `secret/` says of itself, and of a token that does not end; null for all else. */
export function commonAnswers({ path }: Asked): Said | null {
  if (path.startsWith('sys/internal/ui/mounts/'))
    return { body: { data: { type: 'kv', options: { version: '2' }, path: 'secret/' } } }
  if (path === 'auth/token/lookup-self') return { body: { data: { ttl: 0, renewable: false } } }
  return null
}

export const kv2 = (fields: object | null, version = 1): Said => ({
  status: fields === null ? 404 : 200,
  body: { data: { data: fields, metadata: { version } } },
})

/** Everything that a log or a careless `console.log` would show of a failure. */
export function shown(error: unknown): string {
  let line = ''
  pino({}, { write: (text) => (line += text) }).error({ err: error }, 'failed')
  const stack = error instanceof Error ? `${error.stack} ${error.cause}` : ''
  return `${inspect(error, { depth: 20, showHidden: true })} ${stack} ${JSON.stringify(error)} ${line}`
}

export const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => new Error('it should have failed'),
    (error: unknown) => error,
  )
