// Sessions over real sockets to simulated gateways: what faults do, and that nothing is left behind.
import t from 'tap'
import { openResources } from '../contracts/ib.ts'
import { startLoggedIn, until } from '../simulator/harness.ts'
import { realSession } from './harness.ts'
import { startTwsStub } from './tws-stub.ts'

const quick = { heartbeatIntervalMs: 100, heartbeatTimeoutMs: 5_000 }
const aapl = { symbol: 'AAPL', secType: 'STK', exchange: 'SMART', currency: 'USD' }

t.test(
  'connects, beats, asks, and ends in under a second each [connection_speed_benchmark, create_ib_manager_auto_connect]',
  async (t) => {
    const gateway = await startLoggedIn(t)
    const before = openResources()
    const session = realSession(t, gateway.port)
    const timed = async (work: () => Promise<unknown>) => {
      const startedAt = performance.now()
      await work()
      return performance.now() - startedAt
    }
    t.ok((await timed(() => session.connect())) < 1_000)
    t.ok((await session.ping()) < 1_000)
    t.ok((await session.request('quote', aapl)).size > 0)
    t.ok((await timed(() => session.reconnect())) < 1_000)
    t.ok((await timed(() => session.disconnect())) < 1_000)
    await until(() => openResources() <= before)
  },
)

t.test('a session is not connected by being made [create_ib_manager_no_auto_connect]', async (t) => {
  const gateway = await startLoggedIn(t)
  const session = realSession(t, gateway.port)
  t.equal(session.snapshot().state, 'idle')
  t.equal(gateway.requests.length, 0)
})

for (const fault of ['mute', 'half-open'])
  t.test(`${fault}: not healthy within interval and timeout, and back when it is cleared`, async (t) => {
    const gateway = await startLoggedIn(t)
    const session = realSession(t, gateway.port, {
      heartbeatIntervalMs: 100,
      heartbeatTimeoutMs: 200,
      connectTimeoutMs: 200,
    })
    await session.connect()
    gateway.fault(fault)
    const startedAt = performance.now()
    await until(() => !session.isHealthy())
    t.ok(performance.now() - startedAt < 2_000, 'interval and timeout, and the slowness of this machine')
    await until(() => session.snapshot().state === 'reconnecting')
    gateway.fault('clear')
    await until(() => session.isHealthy(), 10_000)
    t.equal(session.snapshot().reconnects, 1)
  })

t.test('drop: a new connection by itself, with the same client id', async (t) => {
  const gateway = await startLoggedIn(t)
  const session = realSession(t, gateway.port)
  await session.connect()
  gateway.fault('drop')
  await until(() => session.snapshot().reconnects === 1)
  t.match(session.snapshot(), { state: 'ready', clientId: 1000 })
})

t.test('1100 keeps the socket, 1102 ends it', async (t) => {
  const gateway = await startLoggedIn(t)
  const session = realSession(t, gateway.port, quick)
  await session.connect()
  const { connectedAt } = session.snapshot()
  gateway.fault('1100')
  await until(() => session.snapshot().upstream === 'lost')
  gateway.fault('1102')
  await until(() => session.snapshot().upstream === 'up')
  t.match(session.snapshot(), { state: 'ready', connectedAt, reconnects: 0 })
  gateway.fault('farm-down')
  await until(() => session.snapshot().brokenFarms.length > 0)
  gateway.fault('farm-up')
  await until(() => session.snapshot().brokenFarms.length === 0)
})

t.test('326: keep says so, next moves on', async (t) => {
  const gateway = await startLoggedIn(t)
  const holder = realSession(t, gateway.port, { clientId: 1 })
  await holder.connect()
  const keeping = realSession(t, gateway.port, { clientId: 1 })
  await t.rejects(keeping.connectOnce(), { code: 'CLIENT_ID_IN_USE' })
  const moving = realSession(t, gateway.port, { clientId: 1, onClientIdInUse: 'next' })
  await moving.connect()
  t.equal(moving.snapshot().clientId, 2)
  await holder.disconnect()
  await keeping.connectOnce()
})

t.test(
  'thirty sessions of one gateway come and go at once and leave no timer, socket or listener',
  async (t) => {
    const gateway = await startLoggedIn(t, { maxMessagesPerSecond: 1_000 })
    const before = openResources()
    const sessions = Array.from({ length: 30 }, (_, clientId) =>
      realSession(t, gateway.port, { ...quick, clientId }),
    )
    for (let round = 0; round < 2; round++) {
      await Promise.all(sessions.map((session) => session.connect()))
      await Promise.all(sessions.map((session) => session.ping()))
      await Promise.all(sessions.map((session) => session.disconnect()))
    }
    await until(() => openResources() <= before)
    t.equal(process.listenerCount('uncaughtException'), 0)
  },
)

t.test('a forward with no gateway behind it accepts and closes: no connection', async (t) => {
  const { port } = await startTwsStub(t, { onConnect: (socket) => socket.end() })
  const session = realSession(t, port)
  await t.rejects(session.connectOnce(), { code: 'CONNECTION_CLOSED', message: /API handshake/ })
})

t.test('a server that dribbles is not waited for', async (t) => {
  const { port } = await startTwsStub(t, {
    onHello: (socket) => {
      const drip = setInterval(() => socket.write('\0'), 20)
      socket.on('close', () => clearInterval(drip))
    },
  })
  const session = realSession(t, port, { connectTimeoutMs: 150 })
  await t.rejects(session.connectOnce())
  t.equal(session.snapshot().step, 'handshake')
})
