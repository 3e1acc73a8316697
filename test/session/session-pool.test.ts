// Several sessions with one gateway: opened under load, closed when idle, and never a reason for a request to fail.
import t, { type Test } from 'tap'
import { Pacer } from '../../src/session/pacing/pacer.ts'
import { IbSession } from '../../src/session/session.ts'
import { SessionPool, type SessionPoolOptions } from '../../src/session/session-pool.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { type FakeConnection, FakeConnector } from './fake-connector.ts'
import { options, silent } from './harness.ts'

const contract = { symbol: 'AAPL', secType: 'STK', exchange: 'SMART', currency: 'USD' }

async function poolWorld(t: Test, changes: Partial<SessionPoolOptions> = {}) {
  const clock = new FakeClock()
  const connector = new FakeConnector()
  connector.behave = (connection) => {
    connection.answering = false
    connection.welcome()
  }
  const session = (clientId: number, pacer: Pacer) =>
    new IbSession(
      { connector, clock, log: silent, pacer },
      { ...options, clientId, heartbeatIntervalMs: 0, reconnectAttempts: 1 },
    )
  const primary = session(1, new Pacer(clock, { minRequestDelayMs: 0 }))
  let lastId = 1
  const pool = new SessionPool({
    primary,
    open: ({ clientId, pacer }) => session(clientId, pacer),
    nextClientId: () => ++lastId,
    clock,
    log: silent,
    busyAt: 3,
    ...changes,
  })
  t.teardown(async () => {
    await pool.close()
    await primary.disconnect()
  })
  await primary.connect()
  const outcomes: string[] = []
  const ask = async (count: number) => {
    for (let i = 0; i < count; i++) {
      pool.request('quote', contract).then(
        () => outcomes.push('answered'),
        ({ code, message }) => outcomes.push(code ?? message),
      )
      await settle()
    }
  }
  const sentBy = () => connector.connections.map(({ sent }) => sent.length)
  const connection = (index: number) => connector.connections[index] as FakeConnection
  return { clock, connector, primary, pool, outcomes, ask, sentBy, connection }
}

t.test('the primary carries all until it is busy, then others share, three at most', async (t) => {
  const { connector, pool, outcomes, ask, sentBy, connection } = await poolWorld(t)
  await ask(3)
  t.strictSame(sentBy(), [3])
  await ask(1)
  t.strictSame(sentBy(), [4, 0], 'nobody waits for the session that is opened')
  t.equal(pool.size, 2)
  await ask(3)
  t.strictSame(sentBy(), [4, 3])
  await ask(1)
  t.equal(pool.size, 3)
  await ask(6)
  t.equal(connector.connections.length, 3)
  t.strictSame(
    connector.connections.map(({ target }) => target.clientId),
    [1, 2, 3],
  )
  t.equal(
    sentBy().reduce((sum, sent) => sum + sent),
    14,
  )
  for (const index of [0, 1, 2]) connection(index).answer()
  await settle()
  t.strictSame(outcomes, Array(14).fill('answered'))
})

t.test('all sessions are under one pacer', async (t) => {
  const { clock, primary, ask, sentBy } = await poolWorld(t)
  await ask(60)
  t.equal(sentBy().length, 3)
  t.equal(
    sentBy().reduce((sum, sent) => sum + sent),
    45,
    'each START_API was a message too',
  )
  t.equal(primary.pacer.stats().queued, 15)
  await clock.advance(1_050)
  t.equal(primary.pacer.stats().queued, 0)
})

t.test('an extra session without work closes, one with work stays', async (t) => {
  const { clock, connector, pool, ask, connection } = await poolWorld(t)
  await ask(5)
  t.equal(pool.size, 2)
  await clock.advance(14_000)
  connection(0).answer()
  connection(1).answer()
  await clock.advance(59_999)
  t.equal(pool.size, 2)
  await clock.advance(1)
  t.equal(pool.size, 1)
  t.equal(connector.openConnections, 1)
  connection(0).answering = false
  await ask(5)
  t.equal(pool.size, 2, 'and another comes when it is needed')
  t.equal(connector.last.target.clientId, 3)
})

t.test('a session that cannot be opened fails nobody, and is not tried again at once', async (t) => {
  const { clock, connector, pool, outcomes, ask, sentBy, connection } = await poolWorld(t)
  connector.behave = (extra) => extra.refuse()
  await ask(8)
  t.equal(pool.size, 1)
  t.equal(connector.connections.length, 2)
  t.equal(sentBy()[0], 8)
  connection(0).answer()
  await settle()
  t.strictSame(outcomes, Array(8).fill('answered'))
  connection(0).answering = false
  await clock.advance(30_000)
  await ask(4)
  t.equal(connector.connections.length, 3)
})

t.test('no client id left: the primary carries on', async (t) => {
  const { connector, ask, sentBy } = await poolWorld(t, {
    nextClientId() {
      throw new Error('none left')
    },
  })
  await ask(6)
  t.strictSame(sentBy(), [6])
  t.equal(connector.connections.length, 1)
})

t.test('what a lost session carried is asked again over the primary', async (t) => {
  const { clock, connector, pool, outcomes, ask, sentBy, connection } = await poolWorld(t)
  await ask(6)
  t.strictSame(sentBy(), [4, 2])
  connection(1).drop()
  await settle()
  t.strictSame(sentBy(), [6, 2])
  t.equal(pool.size, 1)
  connection(0).answer()
  await clock.advance(10_000)
  t.strictSame(outcomes, Array(6).fill('answered'))
  t.equal(connector.openConnections, 1, 'the pool opens its own, a lost one does not come back by itself')
})

t.test(
  'the end of the primary ends what waits and what it carries, the end of the pool the rest',
  async (t) => {
    const { primary, pool, outcomes, ask } = await poolWorld(t)
    await ask(60)
    await primary.disconnect()
    await settle()
    t.strictSame(outcomes, Array(30).fill('CONNECTION_CLOSED'), 'a third of what was sent, and what waited')
    await pool.close()
    await settle()
    t.strictSame(outcomes, Array(60).fill('CONNECTION_CLOSED'))
  },
)

t.test('close ends the extras, also one that is being opened, and leaves no timer', async (t) => {
  const { clock, connector, primary, pool, ask } = await poolWorld(t)
  await ask(5)
  connector.behave = () => {}
  await ask(3)
  t.equal(connector.openConnections, 3)
  await pool.close()
  await pool.close()
  await settle()
  t.equal(connector.openConnections, 1)
  t.ok(primary.isConnected(), 'the primary is the caller’s')
  await ask(3)
  t.equal(connector.connections.length, 3)
  await primary.disconnect()
  await settle()
  t.equal(clock.pendingTimers, 0)
})
