// Seed 000's cases on the whole core: container lifecycle, health, recovery, shutdown; with simulated gateways behind real sockets.
import t from 'tap'
import { isFleetError } from '../../src/ports/errors.ts'
import { makeWorld, until } from './world.ts'

t.test('container lifecycle: created on demand, healthy when it answers, removed when stopped', async (t) => {
  const { manager, runtime, reach, add } = await makeWorld(t)
  await manager.start()
  await add('alpha')
  const up = await reach('alpha', 'RUNNING')
  t.match(up, {
    phase: 'ready',
    healthy: true,
    connected: true,
    desired: 'running',
    accounts: [/^DU\d{7}$/],
    drift: false,
  })
  t.equal(manager.isHealthy('alpha'), true)
  t.match(manager.gatewayHealth('alpha'), { healthy: true, layers: Array(8).fill({ status: 'ok' }) })
  const stopped = await manager.stopGateway('alpha', { actor: 'test', waitMs: 10_000 })
  t.match(stopped, { outcome: 'done', gateway: { status: 'STOPPED', desired: 'stopped' } })
  t.same(await runtime.list(AbortSignal.timeout(1000)), [])
  t.equal(manager.isHealthy('alpha'), false)
  t.equal(manager.getClient('alpha'), null)
  const again = await manager.launchGateway('alpha', { actor: 'test', waitMs: 10_000 })
  t.match(
    again,
    { outcome: 'done', gateway: { status: 'RUNNING', clientId: up.clientId, endpoint: up.endpoint } },
    'same client id and port',
  )
})

t.test(
  'a record changed from live to paper trades live until a container restart, and says so',
  async (t) => {
    const { manager, reach, add } = await makeWorld(t)
    await manager.start()
    await add('alpha', 'user-alpha', { tradingMode: 'live' })
    await reach('alpha', 'RUNNING')
    await manager.patchFollower('alpha', { tradingMode: 'paper' }, { actor: 'test' })
    const drifted = await until(
      () => manager.getGateway('alpha'),
      ({ conditions }) => conditions.some(({ type }) => type === 'Drift'),
      'drifted',
    )
    t.match(drifted, {
      status: 'RUNNING',
      tradingMode: 'live',
      drift: true,
      accounts: [/^U\d+$/],
      conditions: [{ message: /Until then it trades live, and paper from then on/ }],
    })
    await manager.restartGateway('alpha', 'container', { actor: 'test', waitMs: 10_000 })
    t.match(manager.getGateway('alpha'), {
      status: 'RUNNING',
      tradingMode: 'paper',
      drift: false,
      accounts: [/^DU\d+$/],
    })
  },
)

t.test('a container that dies is known and comes back by itself', async (t) => {
  const { manager, runtime, reach, add } = await makeWorld(t)
  await manager.start()
  await add('alpha')
  const before = await reach('alpha', 'RUNNING')
  await runtime.injectFault('alpha', 'exit', '137')
  const after = await until(
    () => manager.getGateway('alpha'),
    (g) => g.status === 'RUNNING' && g.containerId !== before.containerId,
    'another container',
  )
  t.equal(after.restarts, 1)
  t.equal(after.clientId, before.clientId, 'orders stay manageable')
})

t.test('reconnection: a dropped session comes back on the same container', async (t) => {
  const { manager, runtime, reach, add } = await makeWorld(t)
  await manager.start()
  await add('alpha')
  const before = await reach('alpha', 'RUNNING')
  await runtime.injectFault('alpha', 'drop', undefined)
  const after = await until(
    () => manager.getGateway('alpha'),
    (g) => g.status === 'RUNNING' && g.reconnects === 1,
    'reconnected',
  )
  t.equal(after.containerId, before.containerId)
  t.equal(await manager.reconnect('alpha'), true, 'and when a person asks')
  t.equal(manager.getGateway('alpha').reconnects, 2)
})

t.test('a mute gateway is not healthy within heartbeat interval and timeout', async (t) => {
  const { manager, runtime, reach, add } = await makeWorld(t)
  await manager.start()
  await add('alpha')
  await add('bravo')
  await reach('alpha', 'RUNNING')
  await reach('bravo', 'RUNNING')
  await runtime.injectFault('alpha', 'mute', undefined)
  const lost = await reach('alpha', 'STARTING', 'reconnecting')
  t.match(lost, { healthy: false, reason: { code: 'HEARTBEAT_LOST' } })
  t.equal(manager.getGateway('bravo').status, 'RUNNING', 'its neighbour is not touched')
  await runtime.injectFault('alpha', 'clear', undefined)
  await reach('alpha', 'RUNNING')
})

t.test('upstream lost: told, never restarted', async (t) => {
  const { manager, runtime, reach, add } = await makeWorld(t)
  await manager.start()
  await add('alpha')
  const before = await reach('alpha', 'RUNNING')
  await runtime.injectFault('alpha', '1100', undefined)
  const lost = await reach('alpha', 'STARTING', 'upstream-lost')
  t.match(lost, {
    healthy: false,
    connected: true,
    containerId: before.containerId,
    reason: { code: 'UPSTREAM_LOST' },
  })
  t.match(manager.gatewayHealth('alpha'), { healthy: false, failing: 'upstream' })
  await runtime.injectFault('alpha', '1102', undefined)
  t.match(await reach('alpha', 'RUNNING'), { containerId: before.containerId, reconnects: 0 })
  await runtime.injectFault('alpha', 'farm-down', undefined)
  t.match(await reach('alpha', 'RUNNING', 'degraded'), { healthy: true, conditions: [{ type: 'FarmDown' }] })
})

t.test('nightly restart: no alarm, no new container', async (t) => {
  const { manager, runtime, reach, add, delivered } = await makeWorld(t)
  await manager.start()
  await add('alpha')
  const before = await reach('alpha', 'RUNNING')
  const quiet = delivered.length
  await runtime.injectFault('alpha', 'nightly-restart', undefined)
  await reach('alpha', 'STARTING')
  t.match(await reach('alpha', 'RUNNING'), { containerId: before.containerId })
  t.equal(delivered.length, quiet, 'nobody was told')
})

t.test('soft restart keeps the container; a container restart replaces it', async (t) => {
  const { manager, reach, add } = await makeWorld(t)
  await manager.start()
  await add('alpha')
  const before = await reach('alpha', 'RUNNING')
  const soft = await manager.restartGateway('alpha', 'soft', { actor: 'test', waitMs: 15_000 })
  t.match(soft, { outcome: 'done', gateway: { containerId: before.containerId } })
  const full = await manager.restartGateway('alpha', 'container', { actor: 'test', waitMs: 15_000 })
  t.equal(full.outcome, 'done')
  t.not(full.gateway.containerId, before.containerId)
})

t.test('clean shutdown: all at once, nothing left', async (t) => {
  const { manager, runtime, deps, reach, add } = await makeWorld(t)
  await manager.start()
  for (const id of ['a', 'b', 'c', 'd', 'e']) await add(id)
  for (const id of ['a', 'b', 'c', 'd', 'e']) await reach(id, 'RUNNING')
  const waiting = manager.stopGateway('a', { actor: 'test', waitMs: 60_000 })
  await Promise.all([
    manager.stop(),
    manager.stop(),
    waiting.catch((err) => t.ok(isFleetError(err, 'SHUTTING_DOWN'))),
  ])
  t.same(await runtime.list(AbortSignal.timeout(1000)), [])
  const wishes = await deps.stores.gateways.list()
  t.same(
    wishes.filter((wish) => wish.desired === 'running').map((wish) => wish.followerId),
    ['b', 'c', 'd', 'e'],
    'wishes survive',
  )
  await t.rejects(manager.launchGateway('b', { actor: 'test' }), { code: 'SHUTTING_DOWN' })
})

t.test('ON_SHUTDOWN=leave: the next manager adopts, and touches nothing', async (t) => {
  const { manager, reach, add, again, runtime } = await makeWorld(t, { onShutdown: 'leave' })
  await manager.start()
  await add('alpha')
  await add('bravo')
  const before = [await reach('alpha', 'RUNNING'), await reach('bravo', 'RUNNING')]
  await manager.stop()
  t.equal((await runtime.list(AbortSignal.timeout(1000))).length, 2)
  const next = again()
  await next.start()
  for (const { followerId, containerId, endpoint, clientId } of before) {
    t.match(
      await until(
        () => next.getGateway(followerId),
        (g) => g.status === 'RUNNING',
        'adopted',
      ),
      { containerId, endpoint, clientId, restarts: 0 },
    )
  }
})

t.test('whoever asks for a gateway that is not there gets a rejection, never a throw', async (t) => {
  const { manager } = await makeWorld(t)
  await manager.load()
  const calls: Promise<unknown>[] = [
    manager.launchGateway('nobody'),
    manager.stopGateway('nobody'),
    manager.restartGateway('nobody'),
    manager.reconnectGateway('nobody'),
    manager.renewLease('nobody', 1),
    manager.releaseLease('nobody', 1),
  ]
  for (const call of calls) await t.rejects(call, { code: 'FOLLOWER_NOT_FOUND' })
})
