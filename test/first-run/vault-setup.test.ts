// A real Vault from nothing to one that the manager can use, again after a restart, and with keys that do not fit.
import t from 'tap'
import { type AppRole, setUpVault, type VaultKeys } from '../../src/first-run/vault-setup.ts'
import { gate } from '../integration-gate.ts'
import { builtService, startService } from '../services/service.ts'

const patienceMs = 60_000

/** What the files hold, in memory. */
function kept(address: string) {
  const said: string[] = []
  const kept = {
    keys: undefined as VaultKeys | undefined,
    appRole: undefined as AppRole | undefined,
    said,
    setUp: (more: { patienceMs?: number } = {}) =>
      setUpVault({
        address,
        mount: 'secret',
        keys: { read: () => kept.keys, write: (keys) => void Object.assign(kept, { keys }) },
        appRole: { read: () => kept.appRole, write: (appRole) => void Object.assign(kept, { appRole }) },
        say: (line) => said.push(line),
        patienceMs,
        ...more,
      }),
  }
  return kept
}

t.test('nobody answers', async (t) => {
  const { setUp } = kept('http://127.0.0.1:9')
  await t.rejects(setUp({ patienceMs: 50 }), /http:\/\/127\.0\.0\.1:9 did not answer within 0\.05 s/)
})

t.test('a fresh Vault', async (t) => {
  // Inside its own test: skipping the file would fail the one above.
  if (!(await gate(t, 'vault'))) return
  if (!builtService('vault')) return t.plan(0, 'needs a Vault of its own: .ci/services/build.sh vault')
  const vault = await startService('vault', { fresh: true })
  t.teardown(() => vault.stop())
  const { address } = vault.state
  const ask = async (method: string, path: string, token = '', body?: object) => {
    const options = {
      method,
      headers: { 'X-Vault-Token': token },
      ...(body && { body: JSON.stringify(body) }),
    }
    const response = await fetch(`${address}/v1/${path}`, options)
    // biome-ignore lint/suspicious/noExplicitAny: Vault's answers
    return { status: response.status, body: (await response.json().catch(() => ({}))) as any }
  }
  const logIn = async ({ roleId, secretId }: AppRole): Promise<string> => {
    const { body } = await ask('POST', 'auth/approle/login', '', { role_id: roleId, secret_id: secretId })
    return body.auth.client_token
  }
  const world = kept(address)
  await world.setUp()
  const { keys, appRole } = world
  if (!keys || !appRole) throw new Error('both are written')

  await t.test('the AppRole writes and reads logins, and may do nothing else', async (t) => {
    const token = await logIn(appRole)
    const login = { data: { IB_USER: 'u', IB_PASS: 'p' } }
    t.equal((await ask('POST', 'secret/data/ibkr/alpha', token, login)).status, 200)
    t.match((await ask('GET', 'secret/data/ibkr/alpha', token)).body, { data: login })
    for (const path of ['sys/mounts', 'secret/metadata/ibkr?list=true', 'auth/approle/role/ibgm/role-id'])
      t.equal((await ask('GET', path, token)).status, 403, path)
  })

  await t.test('again: nothing is new', async (t) => {
    world.said.length = 0
    await world.setUp()
    t.strictSame([world.keys, world.appRole, world.said], [keys, appRole, []])
  })

  await t.test('restarted, it is unsealed, with all that was in it', async (t) => {
    await vault.kill()
    await vault.restart()
    t.match((await ask('GET', 'sys/seal-status')).body, { sealed: true })
    await world.setUp()
    t.strictSame([world.keys, world.appRole, world.said], [keys, appRole, ['Vault is unsealed']])
    t.equal((await ask('GET', 'secret/data/ibkr/alpha', await logIn(appRole))).status, 200)
  })

  await t.test('an AppRole that was lost, or is no longer good, is made anew', async (t) => {
    world.appRole = { roleId: appRole.roleId, secretId: 'revoked' }
    await world.setUp()
    t.ok(await logIn(world.appRole))
  })

  await t.test('without the key, and with another', async (t) => {
    await vault.kill()
    await vault.restart()
    world.keys = undefined
    await t.rejects(world.setUp(), /its key is not in the volume of the secrets/)
    world.keys = { ...keys, unsealKey: Buffer.alloc(32).toString('base64') }
    const error: Error = await world.setUp().then(
      () => new Error('no error'),
      (thrown) => thrown,
    )
    t.match(error.message, /does not open this Vault/)
    t.notOk(error.message.includes(world.keys.unsealKey))
  })
})
