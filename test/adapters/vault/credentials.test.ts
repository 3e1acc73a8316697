// Credentials on a real Vault: what every credential store promises, on KV v1 and v2, and each refusal with its own code.
import t, { type Test } from 'tap'
import { credentialsContract } from '../../contracts/credentials.ts'
import { follower, never } from '../../contracts/stores.ts'
import { until } from '../../fleet/world.ts'
import { gate } from '../../integration-gate.ts'
import { builtService, startService } from '../../services/service.ts'
import { openCredentials, RealVault } from './subject.ts'

const login = { username: 'alice', password: 'sim' }

if (await gate(t, 'vault')) {
  const vault = new RealVault()

  for (const version of [1, 2] as const) {
    t.test(`contract on KV v${version}`, async (t) => {
      const open = async (t: Test) =>
        openCredentials(t, { ...vault, auth: vault.auth, mount: await vault.mount(t, version) })
      credentialsContract(t, open, { keeps: true })
    })

    t.test(
      `KV v${version}: PUT keeps what else is in the secret, wherever the record says it is`,
      async (t) => {
        const mount = await vault.mount(t, version)
        const store = openCredentials(t, { ...vault, auth: vault.auth, mount: `/${mount}/` })
        const at = (path: string) => (version === 2 ? `${mount}/data/${path}` : `${mount}/${path}`)
        const fieldsOf = (answer: { data: Record<string, never> }) =>
          version === 2 ? answer.data.data : answer.data
        const plant = (path: string, fields: object) =>
          vault.ask('POST', at(path), version === 2 ? { data: fields } : fields)

        await plant('desk/one', { note: 'mine', username: 'old', password: 'old' })
        const anna = follower('anna', { vaultSecretRef: 'desk/one' })
        t.strictSame(await store.read(anna, never), { username: 'old', password: 'old' })
        await store.write(anna, login, never)
        t.strictSame(await store.read(anna, never), login, 'the first pair wins')
        t.strictSame(fieldsOf(await vault.ask('GET', at('desk/one'))), {
          note: 'mine',
          username: 'old',
          password: 'old',
          IB_USER: 'alice',
          IB_PASS: 'sim',
        })

        const odd = follower('odd', { vaultSecretRef: 'an é/100%?#&;+ &#x2F; name' })
        await store.write(odd, login, never)
        t.strictSame(await store.read(odd, never), login, 'any name goes')
        const health = follower('health', { vaultSecretRef: 'sys/health' })
        await t.rejects(store.read(health, never), { code: 'CREDENTIALS_MISSING' })
        await plant('tws', { TWS_USERID: 'tom', TWS_PASSWORD: 'x' })
        t.strictSame(await store.read(follower('tom', { vaultSecretRef: 'tws' }), never), {
          username: 'tom',
          password: 'x',
        })

        const faults: Array<[object, RegExp]> = [
          [{ note: 'nothing' }, /neither IB_USER and IB_PASS nor username and password nor TWS_/],
          [{ IB_USER: 'alice', username: 'a', password: 'b' }, /IB_PASS of the secret is missing/],
          [{ IB_USER: 'alice', IB_PASS: '' }, /IB_PASS of the secret is empty/],
          [{ username: 12, password: 'b' }, /username of the secret is not a text/],
        ]
        for (const [fields, message] of faults) {
          await plant('lacking', fields)
          const lacking = store.read(follower('bert', { vaultSecretRef: 'lacking' }), never)
          await t.rejects(lacking, { code: 'CREDENTIALS_INCOMPLETE', message })
        }
      },
    )
  }

  t.test('KV v2: a deleted secret is missing, and PUT brings it back', async (t) => {
    const mount = await vault.mount(t, 2)
    const store = openCredentials(t, { ...vault, auth: vault.auth, mount })
    await store.write(follower('anna'), { ...login, password: 'old' }, never)
    await vault.ask('DELETE', `${mount}/data/ibkr/anna`)
    await t.rejects(store.read(follower('anna'), never), {
      code: 'CREDENTIALS_MISSING',
      message: /ibkr\/anna/,
    })
    await store.write(follower('anna'), login, never)
    t.strictSame(await store.read(follower('anna'), never), login)
  })

  t.test('two writers at once: both fields are of one of them, and nobody is told a lie', async (t) => {
    const mount = await vault.mount(t, 2)
    const stores = [1, 2].map(() => openCredentials(t, { ...vault, auth: vault.auth, mount }))
    await Promise.all(
      stores.map((store, i) =>
        store.write(follower('anna'), { username: `u${i}`, password: `p${i}` }, never),
      ),
    )
    const read = await stores[0]?.read(follower('anna'), never)
    t.match(`${read?.username} ${read?.password}`, /^u(\d) p\1$/)
    t.equal((await vault.ask('GET', `${mount}/data/ibkr/anna`)).data.metadata.version, 2)
  })

  t.test('a mount made anew with the other version is noticed', async (t) => {
    const mount = await vault.mount(t, 1)
    const store = openCredentials(t, { ...vault, auth: vault.auth, mount })
    await store.write(follower('anna'), { ...login, password: 'old' }, never)
    await vault.ask('DELETE', `sys/mounts/${mount}`)
    await vault.ask('POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: '2' } })
    await store.write(follower('anna'), login, never)
    t.strictSame(await store.read(follower('anna'), never), login)
  })

  t.test('forbidden: another path, no such mount, a token that nobody knows', async (t) => {
    const mount = await vault.mount(t, 2)
    const mayRead = `path "${mount}/data/ibkr/anna" { capabilities = ["read"] }`
    const policy = await vault.policy(t, mayRead)
    const { auth } = await vault.ask('POST', 'auth/token/create', { policies: [policy], ttl: '10m' })
    const admin = openCredentials(t, { ...vault, auth: vault.auth, mount })
    for (const id of ['anna', 'bert']) await admin.write(follower(id), login, never)
    const limited = { ...vault, auth: { kind: 'token', token: auth.client_token } as const, mount }
    const store = openCredentials(t, limited)
    t.strictSame(await store.read(follower('anna'), never), login)
    const refused = { code: 'VAULT_FORBIDDEN', message: /follower \w+ at "ibkr\/\w+" in the mount/ }
    await t.rejects(store.read(follower('bert'), never), refused)
    await t.rejects(store.write(follower('anna'), login, never), refused)
    const nowhere = openCredentials(t, { ...limited, mount: 'nowhere' })
    await t.rejects(nowhere.read(follower('anna'), never), refused)
    const stranger = openCredentials(t, { ...limited, auth: { kind: 'token', token: 'hvs.nobody' } })
    await t.rejects(stranger.read(follower('anna'), never), refused)
    const wrong = { kind: 'approle', roleId: 'no', secretId: 'no' } as const
    const outsider = openCredentials(t, { ...limited, auth: wrong })
    await t.rejects(outsider.read(follower('anna'), never), { ...refused, message: /AppRole login/ })
    t.ok((await outsider.ping(never)).latencyMs >= 0, 'Vault itself is well')
  })

  t.test('AppRole: logs in, renews in time, and logs in again when its token is gone', async (t) => {
    const mount = await vault.mount(t, 2)
    const policy = await vault.policy(t, `path "${mount}/*" { capabilities = ["create", "read", "update"] }`)
    const role = { token_policies: [policy], token_max_ttl: '1h' }

    const once = await vault.appRole(t, { ...role, token_ttl: '2s', secret_id_num_uses: 1 })
    const renewing = openCredentials(t, { ...vault, auth: once, mount })
    await renewing.write(follower('anna'), login, never)
    const writtenMs = performance.now()

    const often = await vault.appRole(t, { ...role, token_ttl: '1h' })
    const again = openCredentials(t, { ...vault, auth: often, mount })
    t.strictSame(await again.read(follower('anna'), never), login)
    await vault.ask('POST', 'auth/token/create', {})
    const accessors: string[] = (await vault.ask('LIST', 'auth/token/accessors')).data.keys
    for (const accessor of accessors) {
      const { data } = await vault.ask('POST', 'auth/token/lookup-accessor', { accessor }).catch(() => ({}))
      const ours = data?.policies?.includes(policy) && data.creation_ttl === 3600
      if (ours) await vault.ask('POST', 'auth/token/revoke-accessor', { accessor })
    }
    t.strictSame(await again.read(follower('anna'), never), login, 'a revoked token is replaced at once')

    await until(
      () => performance.now() - writtenMs,
      (ms) => ms > 3_000,
      'more than the life of one token',
      5_000,
      50,
    )
    t.strictSame(await renewing.read(follower('anna'), never), login, 'the only login was renewed')
  })

  t.test(
    'sealed, unsealed, gone',
    { skip: !builtService('vault') && 'needs .ci/services/build.sh vault' },
    async (t) => {
      const service = await startService('vault')
      t.teardown(() => service.stop())
      const own = new RealVault(service.state.address, service.state.rootToken)
      const store = openCredentials(t, { ...own, auth: own.auth, mount: 'kv1' })
      await store.write(follower('anna'), login, never)
      await own.ask('POST', 'sys/seal')
      await t.rejects(store.read(follower('anna'), never), { code: 'VAULT_SEALED', retryAfterMs: 5_000 })
      await t.rejects(store.ping(never), { code: 'VAULT_SEALED' })
      await own.ask('POST', 'sys/unseal', { key: service.state.unsealKey })
      const read = await until(
        () => store.read(follower('anna'), never).catch(String),
        (seen) => typeof seen === 'object',
        'read after unseal',
      )
      t.strictSame(read, login)
      await service.kill()
      // The waits between tries keep no process alive.
      const awake = setInterval(() => {}, 1_000)
      t.teardown(() => clearInterval(awake))
      await t.rejects(store.read(follower('anna'), never), {
        code: 'VAULT_UNREACHABLE',
        message: /ECONNREFUSED/,
      })
      await t.rejects(store.ping(never), { code: 'VAULT_UNREACHABLE' })
    },
  )
}
