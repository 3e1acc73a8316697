// States, sharing and counters of a session on a fake clock; the names in brackets are the cases of seed 003.
import t from 'tap'
import { IbSession } from '../../src/session/session.ts'
import { settle } from '../fake-clock.ts'
import { fakeSession, options, silent } from './harness.ts'

t.test(
  'a new session is idle and shows its options [initialization_defaults, _custom_params, repr]',
  async (t) => {
    const { session, connector, clock } = fakeSession(t, { clientId: 7, port: 4111 })
    t.match(session.snapshot(), {
      state: 'idle',
      since: clock.now(),
      clientId: 7,
      host: '127.0.0.1',
      port: 4111,
      accounts: [],
      upstream: 'up',
      brokenFarms: [],
      heartbeatLate: false,
      requests: 0,
      errors: 0,
      reconnects: 0,
      connectionFailures: 0,
      uptimeMs: 0,
    })
    t.notOk(session.isConnected())
    t.notOk(session.isHealthy())
    t.equal(connector.connections.length, 0)
    t.equal(clock.pendingTimers, 0)
  },
)

t.test('connect walks the steps and is ready [connect_success]', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  connector.behave = () => {}
  const connecting = session.connect()
  await settle()
  t.match(session.snapshot(), { state: 'connecting', step: 'socket' })
  for (const step of ['handshake', 'accounts', 'order-id'] as const) {
    connector.last.reach(step)
    t.equal(session.snapshot().step, step)
  }
  connector.last.welcome(['DU1', 'DU2'], 17)
  await connecting
  t.match(session.snapshot(), {
    state: 'ready',
    accounts: ['DU1', 'DU2'],
    serverVersion: 193,
    nextOrderId: 17,
    connectedAt: clock.now(),
    lastAnswerAgeMs: 0,
  })
  t.notOk('step' in session.snapshot())
  t.ok(session.isConnected())
  t.ok(session.isHealthy())
  t.equal(clock.pendingTimers, 1, 'one timer per session')
})

t.test('connecting twice is one connection [connect_already_connected]', async (t) => {
  const { session, connector } = fakeSession(t)
  await session.connect()
  await session.connect()
  await session.connectOnce()
  t.equal(connector.connections.length, 1)
})

t.test('concurrent callers share one attempt [concurrent_connections]', async (t) => {
  const { session, connector } = fakeSession(t)
  await Promise.all([
    ...Array.from({ length: 50 }, () => session.connect()),
    session.connectOnce(),
    session.reconnect(),
  ])
  t.equal(connector.connections.length, 1)
  await Promise.all(Array.from({ length: 20 }, () => session.reconnect()))
  t.equal(connector.connections.length, 2)
  await Promise.all([...Array.from({ length: 20 }, () => session.disconnect()), session.connect()])
  t.ok(session.isConnected(), 'a connect that follows a disconnect waits for its end')
  t.equal(connector.openConnections, 1)
})

t.test('who comes as the last caller leaves is not sent away with it', async (t) => {
  const { session, connector } = fakeSession(t)
  connector.behave = () => {}
  const leaving = new AbortController()
  const first = session.connect(leaving.signal)
  await settle()
  leaving.abort(new Error('the first caller has left'))
  connector.behave = (connection) => connection.welcome()
  const second = session.connect()
  await t.rejects(first, { message: 'the first caller has left' })
  await second
  t.equal(session.snapshot().state, 'ready')
  t.equal(connector.openConnections, 1)
})

t.test('disconnect leaves nothing behind [disconnect_clean, heartbeat_stops_on_disconnect]', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  await session.connect()
  await session.disconnect()
  await session.disconnect()
  t.match(session.snapshot(), { state: 'closed', uptimeMs: 0 })
  t.notOk('connectedAt' in session.snapshot())
  t.ok(connector.last.closed)
  t.equal(clock.pendingTimers, 0)
  await clock.advance(600_000)
  t.equal(connector.connections.length, 1, 'what we ended is not reconnected')
  await session.connect()
  t.equal(session.snapshot().state, 'ready', 'and may be opened again')
})

t.test('disconnecting what is not connected is fine [disconnect_when_not_connected]', async (t) => {
  const { session } = fakeSession(t)
  await session.disconnect()
  t.equal(session.snapshot().state, 'closed')
})

t.test('`await using` disconnects [context_manager, destructor_cleanup]', async (t) => {
  const { connector, clock } = fakeSession(t)
  {
    await using session = new IbSession({ connector, clock, log: silent }, options)
    await session.connect()
    t.ok(session.isConnected())
  }
  t.ok(connector.last.closed)
  t.equal(clock.pendingTimers, 0)
})

t.test(
  'metrics without a connection, and with one [get_metrics_disconnected, get_metrics_connected]',
  async (t) => {
    const { session, clock } = fakeSession(t)
    t.match(session.snapshot(), { uptimeMs: 0, requests: 0 })
    t.notOk('lastHeartbeatAt' in session.snapshot())
    await session.connect()
    await clock.advance(20_000)
    t.match(session.snapshot(), {
      uptimeMs: 20_000,
      requests: 1,
      lastHeartbeatAt: clock.now() - 5_000,
      heartbeatRttMs: 0,
      lastAnswerAgeMs: 5_000,
    })
    t.strictSame(session.snapshot(), session.snapshot(), 'a plain value')
  },
)

t.test(
  'a gateway that is not there: five tries, then failed [connect_connection_refused, connect_with_retry_exhausted]',
  async (t) => {
    const { session, connector, clock } = fakeSession(t)
    connector.behave = (connection) => connection.refuse()
    const startedAt = clock.monotonicMs()
    let took = 0
    const connecting = t.rejects(
      session.connect().finally(() => {
        took = clock.monotonicMs() - startedAt
      }),
      { code: 'CONNECTION_REFUSED' },
    )
    await clock.advance(120_000)
    await connecting
    t.equal(connector.connections.length, 5)
    t.ok(took > 5_000 && took <= 15_000, `spread over ${took} ms`)
    t.match(session.snapshot(), {
      state: 'failed',
      step: 'socket',
      connectionFailures: 5,
      errors: 5,
      lastError: { code: 'CONNECTION_REFUSED' },
    })
    t.equal(clock.pendingTimers, 0)
    connector.behave = (connection) => connection.welcome()
    await session.connect()
    t.equal(session.snapshot().state, 'ready', 'failed is not for ever')
  },
)

t.test('connectOnce tries once and is idle again', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  connector.behave = (connection) => connection.refuse()
  await t.rejects(session.connectOnce(), { code: 'CONNECTION_REFUSED' })
  t.match(session.snapshot(), { state: 'idle', connectionFailures: 1 })
  t.equal(connector.connections.length, 1)
  t.equal(clock.pendingTimers, 0)
})

t.test('connect joins a connectOnce under way and goes on after it failed', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  let tries = 0
  connector.behave = (connection) => (++tries < 3 ? connection.refuse() : connection.welcome())
  const both = Promise.all([session.connectOnce(), session.connect()])
  await clock.advance(10_000)
  await both
  t.equal(tries, 3)
})

for (const [step, reach] of [
  ['socket', []],
  ['handshake', ['handshake']],
  ['accounts', ['handshake', 'accounts']],
  ['order-id', ['handshake', 'accounts', 'order-id']],
] as const)
  t.test(`silence at the step ${step} ends by its deadline and is named`, async (t) => {
    const { session, connector, clock } = fakeSession(t)
    connector.behave = (connection) => {
      for (const each of reach) connection.reach(each)
    }
    const connecting = t.rejects(session.connectOnce(), {
      code: 'CONNECTION_TIMEOUT',
      message: `[step ${step}]`,
    })
    await clock.advance(9_999)
    t.equal(session.snapshot().state, 'connecting')
    await clock.advance(1)
    await connecting
    t.match(session.snapshot(), { state: 'idle', step })
    t.ok(connector.last.closed)
    t.equal(clock.pendingTimers, 0)
  })

t.test('all tries together stay within the window, however slow each is', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  connector.behave = () => {}
  const connecting = t.rejects(session.connect(), { code: 'CONNECTION_TIMEOUT' })
  await clock.advance(60_000)
  await connecting
  t.equal(session.snapshot().state, 'failed')
})

t.test('a caller that gives up leaves the others theirs; the last one ends it', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  connector.behave = () => {}
  const [first, second] = [new AbortController(), new AbortController()]
  const one = session.connect(first.signal)
  const two = session.connect(second.signal)
  await settle()
  first.abort(new Error('enough'))
  await t.rejects(one, { message: 'enough' })
  t.equal(session.snapshot().state, 'connecting')
  second.abort(new Error('enough too'))
  await t.rejects(two, { message: 'enough too' })
  await settle()
  t.equal(session.snapshot().state, 'idle')
  t.equal(connector.openConnections, 0)
  t.equal(clock.pendingTimers, 0)
  await t.rejects(session.connect(AbortSignal.abort(new Error('before'))), { message: 'before' })
})

t.test('disconnect ends an attempt, a wait between tries, and a reconnection', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  connector.behave = () => {}
  const hanging = t.rejects(session.connect(), { code: 'CONNECTION_CLOSED' })
  await settle()
  await session.disconnect()
  await hanging
  connector.behave = (connection) => connection.refuse()
  const waiting = t.rejects(session.connect(), { code: 'CONNECTION_CLOSED' })
  await clock.advance(100)
  await session.disconnect()
  await waiting
  connector.behave = (connection) => connection.welcome()
  await session.connect()
  connector.behave = () => {}
  connector.last.drop()
  t.equal(session.snapshot().state, 'reconnecting')
  await session.disconnect()
  t.equal(session.snapshot().state, 'closed')
  t.equal(connector.openConnections, 0)
  t.equal(clock.pendingTimers, 0)
})

t.test('a lost connection comes back by itself, on a new one, and is counted', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  const states: string[] = []
  session.onChange(() => states.push(session.snapshot().state))
  await session.connect()
  connector.last.drop()
  t.notOk(session.isConnected())
  await settle()
  t.strictSame(states, ['connecting', 'ready', 'reconnecting', 'ready'])
  t.match(session.snapshot(), { reconnects: 1, errors: 1, lastError: { code: 'CONNECTION_CLOSED' } })
  t.equal(connector.openConnections, 1)
  t.equal(clock.pendingTimers, 1)
})

t.test(
  'a connection that flaps uses up its tries, one that was quiet for the window starts anew',
  async (t) => {
    const { session, connector, clock } = fakeSession(t)
    await session.connect()
    for (let loss = 0; loss < 5; loss++) {
      connector.last.drop()
      await clock.advance(9_000)
      t.equal(session.snapshot().state, 'ready', `back after loss ${loss + 1}`)
    }
    connector.last.drop()
    t.equal(session.snapshot().state, 'failed')
    await session.connect()
    await clock.advance(60_000)
    connector.last.drop()
    await settle()
    t.equal(session.snapshot().state, 'ready')
  },
)

t.test('reconnect replaces the connection', async (t) => {
  const { session, connector } = fakeSession(t)
  await session.connect()
  const before = connector.last
  await session.reconnect()
  t.ok(before.closed)
  t.match(session.snapshot(), { state: 'ready', reconnects: 1, errors: 0 })
  await session.disconnect()
  await session.reconnect()
  t.ok(session.isConnected(), 'without one it connects')
})

t.test(
  'state is truthful without and beside a connection [is_connected_when_ib_none, _wrong_state, is_healthy_when_not_connected]',
  async (t) => {
    const { session, connector } = fakeSession(t)
    t.strictSame([session.isConnected(), session.isHealthy()], [false, false])
    connector.behave = (connection) => connection.reach('handshake')
    void session.connect().catch(() => {})
    await settle()
    t.strictSame([session.isConnected(), session.isHealthy()], [false, false], 'a handshake is no connection')
    await session.disconnect()
    t.strictSame([session.isConnected(), session.isHealthy()], [false, false])
    await t.rejects(session.ping(), { code: 'CONNECTION_CLOSED' })
  },
)

t.test('a listener that throws harms nobody', async (t) => {
  const { session } = fakeSession(t)
  let heard = 0
  const stop = session.onChange(() => {
    heard++
    throw new Error('careless')
  })
  await session.connect()
  t.equal(heard, 2)
  stop()
  await session.disconnect()
  t.equal(heard, 2)
})
