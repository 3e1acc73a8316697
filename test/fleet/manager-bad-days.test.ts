// Bad input and bad days on the whole core: each ends in a clear state with reason and action, and leaks nothing.
import { createServer } from 'node:net'
import t from 'tap'
import { type ErrorCode, FleetError } from '../../src/ports/errors.ts'
import type { GatewayRuntime } from '../../src/ports/runtime.ts'
import type { GatewayRecord, LoginBudgetRecord } from '../../src/ports/stores.ts'
import { makeWorld, portRange, quick, until } from './world.ts'

const asked = { actor: 'test' }
const none = () => AbortSignal.timeout(5_000)

t.test('unknown and disabled followers are not launched', async (t) => {
  const { manager, add } = await makeWorld(t)
  await manager.start()
  await t.rejects(manager.launchGateway('nobody', asked), { code: 'FOLLOWER_NOT_FOUND' })
  await add('off', 'user', { enabled: false })
  await add('held', 'user2', { state: 'MANUAL_INTERVENTION' })
  await t.rejects(manager.launchGateway('off', asked), {
    code: 'FOLLOWER_NOT_LAUNCHABLE',
    message: /not enabled/,
  })
  await t.rejects(manager.launchGateway('held', asked), {
    code: 'FOLLOWER_NOT_LAUNCHABLE',
    message: /MANUAL_INTERVENTION/,
  })
  t.match(manager.getGateway('off'), { status: 'STOPPED', desired: 'stopped' })
  t.match(await manager.bulk('launch', ['off', 'nobody'], asked), [
    { failed: { code: 'FOLLOWER_NOT_LAUNCHABLE' } },
    { failed: { code: 'FOLLOWER_NOT_FOUND' } },
  ])
})

t.test('a bug that one gateway meets costs a bulk call no other answer', async (t) => {
  const { manager, add, deps } = await makeWorld(t)
  await manager.start()
  await add('a', 'user-a', { enabled: false })
  await manager.patchFollower('a', { enabled: true }, asked)
  const { gateways } = deps.stores
  const { put } = gateways
  Object.assign(gateways, {
    put: (record: GatewayRecord) =>
      record.followerId === 'a' ? Promise.reject(new TypeError('a bug')) : put(record),
  })
  const outcomes = await manager.bulk('stop', ['a', 'nobody'], asked)
  Object.assign(gateways, { put })
  t.match(outcomes, [
    { followerId: 'a', failed: { code: 'INTERNAL', cause: { message: 'a bug' } } },
    { followerId: 'nobody', failed: { code: 'FOLLOWER_NOT_FOUND' } },
  ])
})

t.test('enabling and disabling a record moves its gateway; other changes do not', async (t) => {
  const { manager, add, reach } = await makeWorld(t)
  await manager.start()
  await add('a', 'user', { enabled: false })
  await manager.patchFollower('a', { enabled: true }, asked)
  await reach('a', 'RUNNING')
  await manager.stopGateway('a', { ...asked, waitMs: 5_000 })
  await manager.patchFollower('a', { name: 'Anna' }, asked)
  t.match(manager.getGateway('a'), { status: 'STOPPED', desired: 'stopped' })
  await manager.launchGateway('a', { ...asked, waitMs: 10_000 })
  await manager.patchFollower('a', { state: 'DISABLED' }, asked)
  await reach('a', 'STOPPED')
})

t.test('50 clients launch, stop and launch at once: one container at a time, and it settles', async (t) => {
  const { manager, add, reach, runtime } = await makeWorld(t)
  await manager.start()
  await add('a')
  const calls = Array.from({ length: 50 }, (_, n) =>
    n % 3 === 2 ? manager.stopGateway('a', asked) : manager.launchGateway('a', asked),
  )
  await Promise.all(calls)
  await manager.launchGateway('a', { ...asked, waitMs: 15_000 })
  await reach('a', 'RUNNING')
  t.equal((await runtime.list(none())).length, 1)
  await Promise.all(Array.from({ length: 50 }, () => manager.stopGateway('a', { ...asked, waitMs: 10_000 })))
  await reach('a', 'STOPPED')
  t.same(await runtime.list(none()), [])
})

t.test('a port range of one: the second launch is refused and nothing is recorded', async (t) => {
  const { manager, add, reach } = await makeWorld(t, { ports: portRange(1) })
  await manager.start()
  await add('a')
  await reach('a', 'RUNNING')
  await add('b', 'user-b', { enabled: false })
  await manager.patchFollower('b', { enabled: true }, asked)
  t.match(await reach('b', 'FAILED'), {
    phase: 'backing-off',
    reason: { code: 'PORT_EXHAUSTED', message: /PORT_RANGE_END/ },
  })
  await manager.stopGateway('b', { ...asked, waitMs: 5_000 })
  await t.rejects(manager.launchGateway('b', asked), { code: 'PORT_EXHAUSTED', retryAfterMs: Number })
  t.match(manager.getGateway('b'), { status: 'STOPPED', desired: 'stopped' })
  await manager.stopGateway('a', { ...asked, waitMs: 5_000 })
  t.match(await manager.launchGateway('b', { ...asked, waitMs: 10_000 }), { outcome: 'done' })
})

t.test('a port that a stranger holds is skipped', async (t) => {
  const ports = portRange(2)
  const stranger = createServer().listen(ports.from, '127.0.0.1')
  t.teardown(() => stranger.close())
  const { manager, add, reach, runtime } = await makeWorld(t, { ports })
  await manager.start()
  await add('a')
  t.match(await reach('a', 'RUNNING'), { endpoint: { port: ports.to } })
  await add('b')
  t.match(await reach('b', 'FAILED'), { reason: { code: 'PORT_EXHAUSTED' } })
  t.equal((await runtime.list(none())).length, 1, 'nothing half-made is left')
})

t.test('a wrong password is tried once; only another secret releases it', async (t) => {
  const { manager, add, reach, delivered } = await makeWorld(t)
  await manager.start()
  await add('a', 'user-badpass')
  const locked = await reach('a', 'FAILED', 'locked')
  t.match(locked.reason, { code: 'CREDENTIALS_REJECTED', message: String, action: String })
  await until(
    () => manager.getGateway('a'),
    (g) => g.containerId === undefined,
    'container gone',
  )
  const words: string[] = []
  for await (const line of manager.gatewayLogs('a', {}, none())) words.push(line.text)
  t.match(words.join('\n'), /Unrecognized Username or Password/, 'its last words are kept')
  await t.rejects(manager.launchGateway('a', asked), { code: 'CREDENTIALS_REJECTED' })
  await manager.putCredentials('a', { username: 'user-badpass', password: 'sim' }, asked)
  t.match(manager.getGateway('a'), { phase: 'locked' }, 'the same secret changes nothing')
  t.match(
    await manager
      .listEvents({ limit: 1000 })
      .then((all) => all.filter((e) => e.type === 'gateway.container.started').length),
    1,
    'one login in all',
  )
  await manager.putCredentials('a', { username: 'user-good', password: 'sim' }, asked)
  await reach('a', 'RUNNING')
  t.ok(
    delivered.includes('raised gateway:a:CREDENTIALS_REJECTED') &&
      delivered.includes('resolved gateway:a:CREDENTIALS_REJECTED'),
  )
})

t.test('a launch between a lock and its being written down is not undone', async (t) => {
  const { manager, add, reach, deps } = await makeWorld(t)
  const { budgets } = deps.stores
  const { put } = budgets
  let answer = () => {}
  const slow = new Promise<void>((resolve) => {
    answer = resolve
  })
  Object.assign(budgets, {
    async put(record: LoginBudgetRecord) {
      if (record.rejected.length > 0) await slow
      await put(record)
    },
  })
  await manager.start()
  await add('a', 'user-badpass')
  await reach('a', 'FAILED', 'locked')
  await manager.putCredentials('a', { username: 'user-good', password: 'sim' }, asked)
  await manager.launchGateway('a', asked)
  answer()
  await reach('a', 'RUNNING')
  t.match(await deps.stores.gateways.get('a'), { desired: 'running', hold: null })
})

t.test('a rejection survives a restart of the manager', async (t) => {
  const { manager, add, reach, again, runtime } = await makeWorld(t)
  await manager.start()
  await add('a', 'user-badpass')
  await reach('a', 'FAILED', 'locked')
  await until(
    () => runtime.list(none()),
    (list) => list.length === 0,
    'container gone',
  )
  await manager.stop()
  const next = again()
  await next.start()
  t.match(
    await until(
      () => next.getGateway('a'),
      (g) => g.phase === 'locked',
      'locked',
    ),
    { reason: { code: 'CREDENTIALS_REJECTED' } },
  )
  t.same(await runtime.list(none()), [], 'no login was spent')
})

t.test('no credentials yet: no container, no login; they come and it starts by itself', async (t) => {
  const { manager, reach, runtime } = await makeWorld(t)
  await manager.start()
  await manager.createFollower({ id: 'a' }, asked)
  t.match(await reach('a', 'FAILED', 'backing-off'), {
    reason: { code: 'CREDENTIALS_MISSING', action: String },
    retryAt: String,
  })
  t.same(await runtime.list(none()), [])
  await manager.putCredentials('a', { username: 'u', password: 'sim' }, asked)
  await reach('a', 'RUNNING')
})

t.test('a password of every awkward character arrives as it is', async (t) => {
  const { manager, reach } = await makeWorld(t)
  await manager.start()
  await manager.createFollower({ id: 'a' }, asked)
  await manager.putCredentials('a', { username: 'user-oddpass', password: 's\\i"m\'#=é€' }, asked)
  await reach('a', 'RUNNING')
})

t.test('two followers with one username: the second waits until the first has stopped', async (t) => {
  const { manager, add, reach, delivered } = await makeWorld(t)
  await manager.start()
  await add('a', 'shared')
  await reach('a', 'RUNNING')
  await add('b', 'shared')
  t.match(await reach('b', 'FAILED', 'backing-off'), {
    reason: { code: 'USERNAME_IN_USE', message: /follower a/ },
  })
  t.same(
    delivered.filter((news) => news.includes('gateway:b:USERNAME_IN_USE')),
    ['raised gateway:b:USERNAME_IN_USE'],
    'told once, however often it is tried',
  )
  await manager.stopGateway('a', { ...asked, waitMs: 5_000 })
  await reach('b', 'RUNNING')
  t.equal(manager.getGateway('b').restarts, 0, 'a first start is no restart')
})

t.test('another account than the record names locks it', async (t) => {
  const { manager, add, reach } = await makeWorld(t)
  await manager.start()
  await add('a', 'user', { accounts: ['DU0000001'] })
  t.match(await reach('a', 'FAILED', 'locked'), { reason: { code: 'WRONG_ACCOUNT', message: /DU0000001/ } })
})

t.test('2FA: told with a deadline, approved, RUNNING', async (t) => {
  const { manager, add, reach, runtime, delivered } = await makeWorld(t)
  await manager.start()
  await add('a', 'user-2fa')
  t.match(await reach('a', 'STARTING', 'awaiting-2fa'), {
    reason: { code: 'AWAITING_2FA', action: String },
    deadline: String,
  })
  t.ok(delivered.includes('raised gateway:a:AWAITING_2FA'))
  await runtime.injectFault('a', 'approve-2fa', undefined)
  await reach('a', 'RUNNING')
  t.ok(delivered.includes('resolved gateway:a:AWAITING_2FA'))
})

t.test('an existing session that nobody may end locks it', async (t) => {
  const { manager, add, reach } = await makeWorld(t)
  await manager.start()
  await add('a', 'user-taken', { gateway: { existingSession: 'manual' } })
  t.match(await reach('a', 'FAILED', 'locked'), { reason: { code: 'EXISTING_SESSION', action: String } })
})

t.test('the crash-loop breaker locks; a launch releases it', async (t) => {
  const { manager, add, reach, runtime } = await makeWorld(t, {
    lifecycle: {
      maxStartupMs: 20_000,
      twofaTimeoutMs: 20_000,
      twofaMaxPushes: 3,
      crashLoop: { limit: 1, windowMs: 600_000 },
    },
  })
  await manager.start()
  await add('a')
  await reach('a', 'RUNNING')
  await runtime.injectFault('a', 'exit', '1')
  t.match(await reach('a', 'FAILED', 'locked'), {
    reason: { code: 'CRASH_LOOP', message: /CONTAINER_EXITED/ },
  })
  t.match(await manager.launchGateway('a', { ...asked, waitMs: 10_000 }), { outcome: 'done' })
})

t.test('the login budget locks; a launch overrides it', async (t) => {
  const { manager, add, reach, runtime } = await makeWorld(t, {
    budget: { rejected: { limit: 3, windowMs: 86_400_000 }, starts: { limit: 1, windowMs: 900_000 } },
  })
  await manager.start()
  await add('a')
  await reach('a', 'RUNNING')
  await runtime.injectFault('a', 'exit', '1')
  t.match(await reach('a', 'FAILED', 'locked'), { reason: { code: 'LOGIN_BUDGET' } })
  t.match(await manager.launchGateway('a', { ...asked, waitMs: 10_000 }), { outcome: 'done' })
})

t.test(
  'a gateway that logs in again by itself spends the budget too, and the history says what became of it',
  async (t) => {
    const { manager, add, reach, runtime } = await makeWorld(t, {
      budget: { rejected: { limit: 3, windowMs: 86_400_000 }, starts: { limit: 1, windowMs: 900_000 } },
    })
    await manager.start()
    await add('a')
    await reach('a', 'RUNNING')
    await runtime.injectFault('a', 'nightly-restart', undefined)
    t.match(await reach('a', 'FAILED', 'locked'), { reason: { code: 'LOGIN_BUDGET' } })
    const events = await manager.listEvents({ followerId: 'a', limit: 1000 })
    const phases = events.filter(({ type }) => type === 'gateway.phase').map(({ data }) => data?.to)
    t.equal(phases.at(-1), 'locked')
  },
)

t.test('a start whose answer is lost may have been a login, one that is refused was none', async (t) => {
  const failures = { code: 'ENGINE_REFUSED' as ErrorCode }
  const { manager, add, reach, deps } = await makeWorld(
    t,
    { budget: { rejected: { limit: 3, windowMs: 86_400_000 }, starts: { limit: 2, windowMs: 900_000 } } },
    (runtime) => ({
      ...runtime,
      run: async (_spec, _placement, _credentials, _signal, onCreated) => {
        onCreated?.('lost')
        throw new FleetError(failures.code, failures.code === 'ENGINE_REFUSED' ? 'refused' : 'lost')
      },
    }),
  )
  await manager.start()
  await add('a')
  const starts = async () => (await deps.stores.archive.budgets()).flatMap((budget) => budget.starts).length
  await reach('a', 'FAILED', 'backing-off')
  t.equal(await starts(), 0)
  failures.code = 'ENGINE_UNAVAILABLE'
  await manager.launchGateway('a', asked)
  await until(
    () => manager.getGateway('a'),
    ({ reason, phase }) => phase === 'backing-off' && reason?.message.includes('lost') === true,
    'tried again',
  )
  t.equal(await starts(), 1)
})

t.test('the engine is down at the start, comes, goes and comes back', async (t) => {
  const { manager, add, reach, runtime, delivered } = await makeWorld(t)
  runtime.setEngineDown(true)
  await manager.start()
  t.match(await manager.readiness(), { ready: false, dependency: 'engine' })
  await add('a')
  t.match(await reach('a', 'FAILED'), { reason: { code: 'ENGINE_UNAVAILABLE' } })
  await t.rejects(manager.launchGateway('a', asked), { code: 'ENGINE_UNAVAILABLE', retryAfterMs: Number })
  runtime.setEngineDown(false)
  const before = await reach('a', 'RUNNING')
  runtime.setEngineDown(true)
  await until(
    () => manager.readiness(),
    (r) => !r.ready,
    'not ready',
  )
  t.match(
    manager.getGateway('a'),
    { status: 'RUNNING', healthy: true },
    'a gateway that answers is not declared dead',
  )
  await runtime.injectFault('a', 'drop', undefined)
  await until(
    () => manager.getGateway('a'),
    (g) => g.status === 'RUNNING' && g.reconnects === 1,
    'reconnected meanwhile',
  )
  runtime.setEngineDown(false)
  await until(
    () => manager.readiness(),
    (r) => r.ready,
    'ready again',
  )
  t.match(await reach('a', 'RUNNING'), { containerId: before.containerId, restarts: 0 })
  t.ok(delivered.includes('raised engine:DOWN') && delivered.includes('resolved engine:DOWN'))
})

t.test('the engine takes the published ports with it: gateways that live on are not restarted', async (t) => {
  const session = { ...quick.session, reconnectAttempts: 2, reconnectWindowMs: 1_000 }
  const { manager, add, reach, runtime } = await makeWorld(t, { session })
  await manager.start()
  await add('a')
  const before = await reach('a', 'RUNNING')
  runtime.setEngineDown(true)
  await runtime.injectFault('a', 'handshake', 'B')
  await runtime.injectFault('a', 'drop', undefined)
  await until(
    () => manager.ibStatus().sessions,
    ([now]) => now?.state === 'failed' || now?.state === 'idle',
    'the session has given up',
  )
  await runtime.injectFault('a', 'clear', undefined)
  const whileAway = await reach('a', 'RUNNING')
  t.match(await manager.readiness(), { ready: false, dependency: 'engine' })
  runtime.setEngineDown(false)
  await until(
    () => manager.readiness(),
    (r) => r.ready,
    'ready again',
  )
  for (const { containerId, restarts } of [whileAway, await reach('a', 'RUNNING')])
    t.strictSame({ containerId, restarts }, { containerId: before.containerId, restarts: 0 })
})

t.test('an image that no registry has: told, tried again later', async (t) => {
  const missing = (runtime: GatewayRuntime): GatewayRuntime => ({
    ...runtime,
    hasImage: async () => false,
    pullImage: async (image) => {
      throw new FleetError('IMAGE_MISSING', `No registry has the image ${image}. Check GATEWAY_IMAGE.`)
    },
  })
  const { manager, add, reach } = await makeWorld(t, {}, missing)
  await manager.start()
  await add('a')
  t.match(await reach('a', 'FAILED', 'backing-off'), {
    reason: { code: 'IMAGE_MISSING', message: /simulated:latest/ },
    retryAt: String,
  })
  t.match(await manager.stopGateway('a', { ...asked, waitMs: 5_000 }), { outcome: 'done' })
})

t.test('a stop interrupts a pull; progress is seen meanwhile', async (t) => {
  const slow = (runtime: GatewayRuntime): GatewayRuntime => ({
    ...runtime,
    hasImage: async () => false,
    pullImage: (_image, onProgress, signal) =>
      new Promise((_, reject) => {
        onProgress({ share: 0.42, text: '3 of 7 layers' })
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  })
  const { manager, add } = await makeWorld(t, {}, slow)
  await manager.start()
  await add('a')
  const pulling = await until(
    () => manager.getGateway('a'),
    (g) => g.progress !== undefined,
    'progress',
  )
  t.match(pulling, { status: 'STARTING', phase: 'pulling', progress: '42 % 3 of 7 layers' })
  t.match(await manager.stopGateway('a', { ...asked, waitMs: 5_000 }), {
    outcome: 'done',
    gateway: { status: 'STOPPED' },
  })
})

t.test('deleting a follower stops its gateway and leaves nothing', async (t) => {
  const { manager, add, reach, runtime, deps } = await makeWorld(t)
  await manager.start()
  await add('a')
  await reach('a', 'RUNNING')
  await manager.lease('a', { purpose: 'bot' }, asked)
  await manager.deleteFollower('a', asked)
  t.same(await runtime.list(none()), [])
  t.same(
    [
      await deps.stores.gateways.list(),
      await deps.stores.leases.list(),
      (await deps.stores.followers.list()).followers,
    ],
    [[], [], []],
  )
  t.throws(() => manager.getGateway('a'), { code: 'FOLLOWER_NOT_FOUND' })
  await add('a')
  await reach('a', 'RUNNING')
})

t.test('a follower whose deletion the store broke off can be launched; made anew it starts', async (t) => {
  const { manager, add, reach, deps } = await makeWorld(t)
  await manager.start()
  await add('a')
  await reach('a', 'RUNNING')
  const { followers, gateways } = deps.stores
  const whole = { followers: followers.delete, gateways: gateways.delete }
  const away = () => Promise.reject(new FleetError('STORE_UNAVAILABLE', 'away'))
  Object.assign(followers, { delete: away })
  await t.rejects(manager.deleteFollower('a', asked), { code: 'STORE_UNAVAILABLE' })
  await manager.putCredentials('a', { username: 'user-a', password: 'sim' }, asked)
  await manager.launchGateway('a', asked)
  await reach('a', 'RUNNING')
  Object.assign(followers, { delete: whole.followers })
  Object.assign(gateways, { delete: away })
  await manager.deleteFollower('a', asked)
  Object.assign(gateways, { delete: whole.gateways })
  await add('a')
  await reach('a', 'RUNNING')
})

t.test(
  'a network that lets gateways reach one another: told, nothing launched, mended by itself',
  async (t) => {
    let unsafe = false
    const watched = (runtime: GatewayRuntime): GatewayRuntime => ({
      ...runtime,
      prepare: async (signal) => {
        if (unsafe)
          throw new FleetError(
            'NETWORK_UNSAFE',
            'The network ibgm-gateways allows traffic between containers.',
          )
        await runtime.prepare(signal)
      },
    })
    const { manager, add, reach, delivered } = await makeWorld(t, {}, watched)
    await manager.start()
    await add('a')
    await reach('a', 'RUNNING')
    unsafe = true
    const seen = await until(
      () => manager.getGateway('a'),
      (g) => g.conditions.some(({ type }) => type === 'NetworkUnsafe'),
      'the condition',
    )
    t.equal(seen.status, 'RUNNING', 'what runs is left alone')
    t.ok(delivered.includes('raised engine:NETWORK'))
    await add('b')
    t.match(await reach('b', 'FAILED'), { reason: { code: 'NETWORK_UNSAFE', action: String } })
    unsafe = false
    await reach('b', 'RUNNING')
    t.ok(delivered.includes('resolved engine:NETWORK'))
  },
)
