// Vault on bad days, made up: how often it is asked again, for how long, what is told, and that no secret is.
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { isFleetError } from '../../../src/ports/errors.ts'
import { closedPort } from '../../cli/harness.ts'
import { follower, never } from '../../contracts/stores.ts'
import { FakeClock } from '../../fake-clock.ts'
import { until } from '../../fleet/world.ts'
import { certificate, key } from './certificate.ts'
import { commonAnswers, failure, kv2, madeUpVault, openCredentials, type Said, shown } from './subject.ts'

const anna = follower('anna')
const login = { username: 'alice', password: 'sim' }
const sealed: Said = { status: 503, body: { errors: ['Vault is sealed'] } }

/** Moves time on until the promise settles; how long that took by the clock. */
async function settled(
  clock: FakeClock,
  promise: Promise<unknown>,
): Promise<{ value: unknown; tookMs: number }> {
  const startedMs = clock.monotonicMs()
  let value: unknown
  let over = false
  void promise
    .catch((error: unknown) => error)
    .then((outcome) => {
      value = outcome
      over = true
    })
  await until(
    async () => {
      const dueMs = clock.nextTimerMs
      if (!over && dueMs !== undefined && dueMs <= 1_000) await clock.advance(dueMs)
      return over
    },
    (seen) => seen,
    'the promise settles',
  )
  return { value, tookMs: clock.monotonicMs() - startedMs }
}

t.test('three tries in all while it is away, each with its reason', async (t) => {
  const cases: Array<[string, Said, string]> = [
    ['sealed', sealed, 'VAULT_SEALED'],
    ['an error of its own', { status: 500, body: { errors: ['internal error'] } }, 'VAULT_UNREACHABLE'],
    ['a gateway in between', { status: 502, body: '<html>Bad gateway</html>' }, 'VAULT_UNREACHABLE'],
    ['a quota', { status: 429, body: { errors: ['rate limit quota exceeded'] } }, 'VAULT_UNREACHABLE'],
    [
      'a mount that becomes KV v2',
      { status: 400, body: { errors: ['Upgrading from non-versioned to versioned data.'] } },
      'VAULT_UNREACHABLE',
    ],
    ['another server', { body: '<html>hello</html>' }, 'VAULT_UNREACHABLE'],
  ]
  for (const [title, said, code] of cases) {
    const clock = new FakeClock()
    const vault = await madeUpVault(t, (asked) =>
      asked.path.includes('/data/') ? said : commonAnswers(asked),
    )
    const store = openCredentials(t, { ...vault, clock, random: () => 0 })
    const { value, tookMs } = await settled(clock, store.read(anna, never))
    t.ok(isFleetError(value, code as never), `${title}: ${value}`)
    t.equal(vault.asked.filter(({ path }) => path === 'secret/data/ibkr/anna').length, 3, title)
    t.equal(tookMs, 500 + 1_000, `${title}: waits double`)
  }
})

t.test('it comes back in between', async (t) => {
  const clock = new FakeClock()
  let away = 2
  const vault = await madeUpVault(t, (asked) =>
    away-- > 0 ? sealed : (commonAnswers(asked) ?? kv2({ IB_USER: 'alice', IB_PASS: 'sim' })),
  )
  const store = openCredentials(t, { ...vault, clock })
  t.strictSame((await settled(clock, store.read(anna, never))).value, login)
})

t.test('what it has decided is asked once', async (t) => {
  const cases: Array<[Said, string]> = [
    [{ status: 403, body: { errors: ['1 error occurred:\n\t* permission denied\n\n'] } }, 'VAULT_FORBIDDEN'],
    [kv2({ IB_USER: 'alice' }), 'CREDENTIALS_INCOMPLETE'],
    [{ status: 404, body: { errors: [] } }, 'CREDENTIALS_MISSING'],
    [{ status: 418, body: {} }, 'VAULT_FORBIDDEN'],
  ]
  for (const [said, code] of cases) {
    const clock = new FakeClock()
    const vault = await madeUpVault(t, (asked) => commonAnswers(asked) ?? said)
    const store = openCredentials(t, { ...vault, clock })
    t.ok(isFleetError(await failure(store.read(anna, never)), code as never), code)
    t.equal(vault.asked.filter(({ path }) => path.includes('/data/')).length, 1)
    t.equal(clock.monotonicMs(), 0)
    t.equal(clock.pendingTimers, 0, 'nothing is left behind')
  }
})

t.test('paths that are none are refused before anything is asked', async (t) => {
  const vault = await madeUpVault(t, () => null)
  const store = openCredentials(t, vault)
  for (const ref of ['../x', 'a/../b', '/ibkr/x', 'ibkr/x/', 'a//b', './a', '..', 'a\x7f']) {
    const error = await failure(store.read(follower('anna', { vaultSecretRef: ref }), never))
    t.ok(isFleetError(error, 'CREDENTIALS_MISSING') && /vaultSecretRef/.test(error.message), ref)
    const refused = await failure(store.write(follower('anna', { vaultSecretRef: ref }), login, never))
    t.ok(isFleetError(refused, 'CREDENTIALS_MISSING'), ref)
  }
  t.equal(vault.asked.length, 0)
})

t.test('slow: each try ends in time, and so does its request', async (t) => {
  const vault = await madeUpVault(t, () => null)
  const store = openCredentials(t, { ...vault, tryTimeoutMs: 60, random: () => 0 })
  const startedMs = performance.now()
  const error = await failure(store.read(anna, never))
  t.ok(isFleetError(error, 'VAULT_TIMEOUT'), String(error))
  t.ok(performance.now() - startedMs < 5_000)
  await until(vault.open, (open) => open === 0, 'every connection is closed')
  t.equal(vault.asked.length, 3)
})

t.test('an abort ends it at once, whatever it waits for', async (t) => {
  const vault = await madeUpVault(t, () => null)
  const store = openCredentials(t, vault)
  const leaving = new AbortController()
  const reading = failure(store.read(anna, leaving.signal))
  await until(
    () => vault.asked.length,
    (asked) => asked > 0,
    'it was asked',
  )
  leaving.abort()
  t.match(await reading, { name: 'AbortError' })
})

t.test('two that log in at once share one login, and one that leaves harms no other', async (t) => {
  let logins = 0
  const vault = await madeUpVault(t, (asked) => {
    if (asked.path === 'auth/approle/login') {
      logins += 1
      return { body: { auth: { client_token: 'granted', lease_duration: 60, renewable: true } } }
    }
    return commonAnswers(asked) ?? kv2({ IB_USER: 'alice', IB_PASS: 'sim' })
  })
  const store = openCredentials(t, { ...vault, auth: { kind: 'approle', roleId: 'r', secretId: 's' } })
  const leaving = new AbortController()
  const first = failure(store.read(anna, leaving.signal))
  const second = store.read(anna, never)
  leaving.abort()
  t.match(await first, { name: 'AbortError' })
  t.strictSame(await second, login)
  t.equal(logins, 1)
})

t.test(
  'AppRole by the clock: renewed at two thirds, again and again, until its longest life is near; then another login',
  async (t) => {
    const clock = new FakeClock()
    const renewals = [60, 60, 20]
    let logins = 0
    const vault = await madeUpVault(t, (asked) => {
      if (asked.path === 'auth/approle/login')
        return { body: { auth: { client_token: `t${++logins}`, lease_duration: 60, renewable: true } } }
      if (asked.path === 'auth/token/renew-self')
        return {
          body: { auth: { client_token: asked.token, lease_duration: renewals.shift(), renewable: true } },
        }
      return commonAnswers(asked) ?? kv2({ IB_USER: 'alice', IB_PASS: 'sim' })
    })
    const auth = { kind: 'approle', roleId: 'r', secretId: 's' } as const
    const store = openCredentials(t, { ...vault, clock, auth, namespace: 'desk/one' })
    t.strictSame(await store.read(anna, never), login)
    for (const left of [2, 1, 0]) {
      await clock.advance(40_000)
      await until(
        () => renewals.length,
        (length) => length === left,
        `renewed, ${left} to go`,
      )
      await until(
        () => clock.pendingTimers,
        (timers) => timers === (left > 0 ? 1 : 0),
        'the next is planned',
      )
    }
    await clock.advance(19_000)
    await store.read(anna, never)
    t.equal(logins, 1)
    await clock.advance(2_000)
    t.strictSame(await store.read(anna, never), login)
    t.equal(logins, 2, 'the lease was over')
    t.equal(vault.asked.at(-1)?.token, 't2')
    t.ok(vault.asked.every(({ namespace }) => namespace === 'desk/one'))
    store.close()
    t.equal(clock.pendingTimers, 0, 'closing leaves no timer behind')
  },
)

t.test('a token is renewed too, patiently while Vault is away', async (t) => {
  const clock = new FakeClock()
  let away = false
  let renewed = 0
  const vault = await madeUpVault(t, (asked) => {
    if (away) return sealed
    if (asked.path === 'auth/token/lookup-self') return { body: { data: { ttl: 90, renewable: true } } }
    if (asked.path === 'auth/token/renew-self') {
      renewed += 1
      return { body: { auth: { client_token: asked.token, lease_duration: 90, renewable: true } } }
    }
    return commonAnswers(asked) ?? kv2({ IB_USER: 'alice', IB_PASS: 'sim' })
  })
  const store = openCredentials(t, { ...vault, clock })
  await store.read(anna, never)
  away = true
  await clock.advance(60_000)
  await until(
    () => clock.nextTimerMs,
    (ms) => ms === 10_000,
    'another try is planned, well before the end',
  )
  away = false
  await clock.advance(10_000)
  await until(
    () => renewed,
    (count) => count === 1,
    'renewed',
  )
})

t.test('no token, secret or password in any failure', async (t) => {
  const canary = 'k9-canary'
  const auths = [
    { kind: 'token', token: `hvs.${canary}` },
    { kind: 'approle', roleId: `role-${canary}`, secretId: `id-${canary}` },
  ] as const
  /** It quotes all that it was sent, as a bad proxy might. */
  const quoting = (status: number) => (asked: unknown) => ({
    status,
    body: { errors: [JSON.stringify(asked), canary] },
  })
  const vaults = [
    { address: `http://127.0.0.1:${await closedPort()}` },
    await madeUpVault(t, () => ({ body: `<html>${canary}</html>` })),
    await madeUpVault(t, (asked) =>
      asked.method === 'POST'
        ? { status: 403 }
        : (commonAnswers(asked) ?? kv2({ IB_USER: canary, IB_PASS: 12, other: canary })),
    ),
    ...(await Promise.all([400, 403, 404, 429, 500, 503].map((status) => madeUpVault(t, quoting(status))))),
  ]
  const cases = vaults.flatMap(({ address }) => auths.map((auth) => ({ address, auth })))
  await Promise.all(
    cases.map(async ({ address, auth }) => {
      const lines: string[] = []
      const note = (fields: object, text: string) => void lines.push(JSON.stringify(fields), text)
      const log = { debug: note, info: note, warn: note, error: note, child: () => log }
      const store = openCredentials(t, { address, auth, log, tryTimeoutMs: 2_000, random: () => 1 })
      const errors = await Promise.all([
        failure(store.read(anna, never)),
        failure(store.write(anna, { username: canary, password: canary }, never)),
      ])
      for (const error of errors) {
        t.ok(isFleetError(error), String(error))
        t.notMatch(shown(error), canary)
      }
      t.notMatch(lines.join('\n'), canary)
    }),
  )
})

t.test('TLS: the authority of VAULT_CACERT is trusted, and only by whoever has it', async (t) => {
  const server = createTlsServer({ cert: certificate, key }, (request, response) => {
    const asked = {
      path: (request.url ?? '').replace(/^\/v1\//, ''),
      method: '',
      token: '',
      namespace: '',
      body: {},
    }
    const said = commonAnswers(asked) ?? kv2({ IB_USER: 'alice', IB_PASS: 'sim' })
    response.end(JSON.stringify(said.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = `https://localhost:${(server.address() as AddressInfo).port}`
  const trusting = openCredentials(t, { address, caCert: certificate })
  t.strictSame(await trusting.read(anna, never), login)
  const error = await failure(openCredentials(t, { address }).read(anna, never))
  t.ok(
    isFleetError(error, 'VAULT_UNREACHABLE') && /SELF_SIGNED|SIGNATURE|LEAF/.test(error.message),
    String(error),
  )
})
