// What the codes of a gateway do to its session: upstream, farms, client ids, ports.
import t from 'tap'
import { settle } from '../fake-clock.ts'
import { fakeSession } from './harness.ts'

for (const code of [1100, 2110])
  t.test(`${code} means upstream lost: the socket stays, nothing reconnects`, async (t) => {
    const { session, connector, clock } = fakeSession(t)
    await session.connect()
    let changes = 0
    session.onChange(() => changes++)
    connector.last.notice(code, 'Connectivity between IBKR and Trader Workstation has been lost.')
    const since = clock.now()
    await clock.advance(90 * 60_000)
    connector.last.notice(code, 'Connectivity between IBKR and Trader Workstation has been lost.')
    t.match(session.snapshot(), {
      state: 'ready',
      upstream: 'lost',
      upstreamSince: since,
      errors: 1,
      lastError: { code },
    })
    t.ok(session.isHealthy())
    t.equal(changes, 1, 'the repetition changes nothing')
    t.equal(connector.connections.length, 1)
    connector.last.notice(1102, 'restored - data maintained. All data farms are connected: usfarm.')
    t.match(session.snapshot(), { upstream: 'up', upstreamSince: clock.now(), dataLost: 0 })
    t.equal(changes, 2)
  })

t.test('1101 says that subscriptions are lost', async (t) => {
  const { session, connector } = fakeSession(t)
  await session.connect()
  connector.last.notice(1100)
  connector.last.notice(1101, 'restored - data lost.')
  t.match(session.snapshot(), { upstream: 'up', dataLost: 1 })
})

t.test('farms break, sleep and recover by name', async (t) => {
  const { session, connector } = fakeSession(t)
  await session.connect()
  const broken = () => session.snapshot().brokenFarms
  connector.last.notice(2103, 'Market data farm connection is broken:usfarm.nj')
  connector.last.notice(2157, 'Sec-def data farm connection is broken:secdefnj')
  connector.last.notice(2105, 'HMDS data farm connection is broken:ushmds')
  t.strictSame(broken(), ['secdefnj', 'usfarm.nj', 'ushmds'])
  connector.last.notice(2104, 'Market data farm connection is OK:usfarm.nj')
  connector.last.notice(
    2107,
    'HMDS data farm connection is inactive but should be available upon demand.ushmds',
  )
  t.strictSame(broken(), ['secdefnj'])
  connector.last.notice(
    1102,
    'Connectivity between IBKR and Trader Workstation has been restored - data maintained. The following farms are connected: secdefnj; usfarm. The following farms are not connected: cashhmds.',
  )
  t.strictSame(broken(), ['cashhmds'])
  t.equal(session.snapshot().errors, 0, 'farms are weather, no errors')
})

t.test('notices count for the connection they came on, also before it is open', async (t) => {
  const { session, connector } = fakeSession(t)
  connector.behave = (connection) => {
    connection.notice(2110)
    connection.welcome()
    connection.notice(2103, 'Market data farm connection is broken:usfarm')
  }
  await session.connect()
  t.match(session.snapshot(), { upstream: 'lost', brokenFarms: ['usfarm'] })
  connector.last.notice(10197, 'No market data during competing live session')
  t.equal(session.snapshot().competing, true)
  connector.behave = (connection) => connection.welcome()
  await session.reconnect()
  t.match(session.snapshot(), { upstream: 'up', brokenFarms: [], competing: false })
})

t.test('326, keep: the same id, with patience, then an error that says so', async (t) => {
  const { session, connector, clock } = fakeSession(t, { onClientIdInUse: 'keep' })
  let conflicts = 3
  connector.behave = (connection) => {
    connection.reach('handshake')
    connection.reach('accounts')
    if (conflicts-- > 0) connection.notice(326, 'Unable to connect as the client id is already in use.')
    else connection.welcome()
  }
  const connecting = session.connect()
  await clock.advance(40_000)
  await connecting
  t.strictSame(
    connector.connections.map(({ target }) => target.clientId),
    [1000, 1000, 1000, 1000],
  )
  t.ok(clock.monotonicMs() > 15_000)
  t.match(session.snapshot(), { clientId: 1000, conflicts326: 3, connectionFailures: 3 })
  await session.disconnect()
  conflicts = 99
  const failing = t.rejects(session.connect(), { code: 'CLIENT_ID_IN_USE' })
  await clock.advance(60_000)
  await failing
  t.equal(session.snapshot().state, 'failed')
})

t.test('326, next: the next id at once', async (t) => {
  const { session, connector } = fakeSession(t, { onClientIdInUse: 'next', clientId: 1 })
  connector.behave = (connection) =>
    connection.target.clientId < 4 ? connection.notice(326) : connection.welcome()
  await session.connect()
  t.match(session.snapshot(), { clientId: 4, conflicts326: 3 })
  await session.reconnect()
  t.equal(session.snapshot().clientId, 4, 'and keeps what worked')
})

t.test('1300: the API moved, so the session ends and says why', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  await session.connect()
  connector.last.notice(
    1300,
    'TWS socket port has been reset and this connection is being dropped. Please reconnect on the new port - 4009',
  )
  t.match(session.snapshot(), { state: 'failed', lastError: { code: 1300, message: /4009/ } })
  await clock.advance(120_000)
  t.equal(connector.connections.length, 1)
  t.equal(clock.pendingTimers, 0)
})

t.test('errors of requests are counted, informational notices are not', async (t) => {
  const { session, connector } = fakeSession(t)
  await session.connect()
  connector.last.notice(200, 'No security definition has been found for the request', 5)
  connector.last.notice(2119, 'Market data farm is connecting:usfarm')
  connector.last.notice(10141, 'Paper trading disclaimer must first be accepted for API connection.')
  t.match(session.snapshot(), { errors: 1, lastError: { code: 200 } })
  await settle()
})
