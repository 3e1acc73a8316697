// Heartbeats on a fake clock: their rhythm, their deadline, and what a gateway that falls silent costs.
import t from 'tap'
import { Heartbeat } from '../../src/session/heartbeat.ts'
import { IbSession } from '../../src/session/session.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { FakeConnector } from './fake-connector.ts'
import { fakeSession, options, silent } from './harness.ts'

t.test(
  'beats begin with the connection and keep the session healthy [heartbeat_starts_on_connect, is_healthy_with_active_heartbeat]',
  async (t) => {
    const { session, connector, clock } = fakeSession(t)
    await session.connect()
    await clock.advance(10 * 60_000)
    t.equal(connector.last.asked, 20)
    t.ok(session.isHealthy())
    t.equal(clock.pendingTimers, 1)
    t.equal(connector.connections.length, 1)
  },
)

t.test(
  'a mute gateway is late at half its deadline, lost at the whole, within interval and timeout [is_healthy_stale_heartbeat]',
  async (t) => {
    const { session, connector, clock } = fakeSession(t, {}, () => 0.999)
    const changes: string[] = []
    await session.connect()
    session.onChange(() => changes.push(`${session.snapshot().state} ${session.snapshot().heartbeatLate}`))
    connector.last.answering = false
    connector.behave = () => {}
    await clock.advance(34_900)
    t.match(session.snapshot(), { state: 'ready', heartbeatLate: false })
    await clock.advance(100)
    t.match(session.snapshot(), { state: 'ready', heartbeatLate: true })
    await clock.advance(5_000)
    t.notOk(session.isHealthy())
    t.match(session.snapshot(), {
      state: 'reconnecting',
      heartbeatLate: false,
      lastError: { code: 'CONNECTION_TIMEOUT' },
    })
    t.ok(connector.connections[0]?.closed, 'the mute socket is gone')
    t.equal(connector.connections.length, 2)
    t.strictSame(changes, ['ready true', 'reconnecting false'])
  },
)

t.test('a late answer makes it well again', async (t) => {
  const { session, connector, clock } = fakeSession(t, {}, () => 0)
  await session.connect()
  connector.last.answering = false
  await clock.advance(6_000)
  t.equal(session.snapshot().heartbeatLate, true)
  connector.last.answer()
  await settle()
  t.match(session.snapshot(), { state: 'ready', heartbeatLate: false, heartbeatRttMs: 6_000 })
  await clock.advance(23_999)
  t.equal(connector.last.asked, 1)
  await clock.advance(1)
  t.equal(connector.last.asked, 2, 'the rhythm is kept')
})

t.test('when our own process stood still, the answer gets another turn to be read', async (t) => {
  const { session, connector, clock } = fakeSession(t, {}, () => 0)
  await session.connect()
  connector.last.answering = false
  await clock.advance(5_000)
  const monotonicMs = clock.monotonicMs.bind(clock)
  clock.monotonicMs = () => monotonicMs() + 20_000
  await clock.advance(5_000)
  t.match(session.snapshot(), { state: 'ready', heartbeatLate: true })
  connector.last.answer()
  await settle()
  t.match(session.snapshot(), { state: 'ready', heartbeatLate: false })
})

t.test('without heartbeats a session is healthy while connected, and has no timer', async (t) => {
  const { session, connector, clock } = fakeSession(t, { heartbeatIntervalMs: 0 })
  await session.connect()
  t.equal(clock.pendingTimers, 0)
  await clock.advance(86_400_000)
  t.ok(session.isHealthy())
  t.equal(connector.last.asked, 0)
  await session.ping()
  t.equal(connector.last.asked, 1)
})

t.test('ping beats now, joins a beat under way, and leaves a second after an answer', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  await session.connect()
  connector.last.answering = false
  const two = Promise.all([session.ping(), session.ping()])
  await clock.advance(40)
  connector.last.answer()
  t.strictSame(await two, [40, 40])
  t.equal(connector.last.asked, 1)
  const third = session.ping()
  await clock.advance(999)
  t.equal(connector.last.asked, 1, 'a gateway may ignore a question within a second of its last answer')
  await clock.advance(1)
  await third
  t.equal(connector.last.asked, 2)
  await clock.advance(1_000)
  connector.last.answering = false
  const lost = t.rejects(session.ping(), { code: 'CONNECTION_TIMEOUT' })
  await clock.advance(10_000)
  await lost
  t.equal(session.snapshot().reconnects, 1)
})

t.test('a ping that waits for its second ends with the session', async (t) => {
  const { session, clock } = fakeSession(t)
  await session.connect()
  await session.ping()
  const waiting = t.rejects(session.ping(), { code: 'CONNECTION_CLOSED' })
  await settle()
  await session.disconnect()
  await waiting
  t.equal(clock.pendingTimers, 0)
})

t.test('a thousand sessions opened together do not beat together', async (t) => {
  const clock = new FakeClock()
  const connector = new FakeConnector()
  const perSecond = new Map<number, number>()
  const sessions = Array.from(
    { length: 1000 },
    (_, index) =>
      new IbSession({ connector, clock, log: silent, random: () => (index * 0.618) % 1 }, options),
  )
  await Promise.all(sessions.map((session) => session.connect()))
  for (const connection of connector.connections)
    connection.currentTime = async () => {
      const second = Math.floor(clock.monotonicMs() / 1000)
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
      return 0
    }
  await clock.advance(60_000)
  const beats = [...perSecond.values()].reduce((sum, inThisSecond) => sum + inThisSecond, 0)
  t.ok(beats >= 2000 && beats <= 2020, `${beats} beats in two intervals`)
  t.ok(Math.max(...perSecond.values()) < 50)
  await Promise.all(sessions.map((session) => session.disconnect()))
  t.equal(clock.pendingTimers, 0)
})

/** A heartbeat of its own, whose questions a test answers. */
function heartbeatOn(clock: FakeClock) {
  const heard: string[] = []
  const asked = { answer() {}, refuse(_error: Error) {} }
  const heartbeat = new Heartbeat(
    {
      clock,
      random: () => 0,
      ask: () =>
        new Promise<void>((resolve, reject) => Object.assign(asked, { answer: resolve, refuse: reject })),
      onAnswer: () => heard.push('answer'),
      onLate: () => heard.push('late'),
      onLost: () => heard.push('lost'),
    },
    { intervalMs: 30_000, timeoutMs: 10_000 },
  )
  return { heartbeat, heard, asked }
}

t.test('stopped, an answer that comes after all counts for nothing and sets no timer', async (t) => {
  const clock = new FakeClock()
  const { heartbeat, heard, asked } = heartbeatOn(clock)
  await clock.advance(5_000)
  t.strictSame(heard.splice(0), ['late'])
  heartbeat.stop()
  asked.answer()
  await clock.advance(60_000)
  t.strictSame([heard, clock.pendingTimers], [[], 0])
})

t.test('a process that stood still gives one more turn, and no second one', async (t) => {
  const clock = new FakeClock()
  const { heartbeat, heard } = heartbeatOn(clock)
  const lost = t.rejects(heartbeat.ping(), { code: 'CONNECTION_TIMEOUT' })
  await clock.advance(5_000)
  const monotonicMs = clock.monotonicMs.bind(clock)
  clock.monotonicMs = () => monotonicMs() + 20_000
  await clock.advance(5_000)
  t.strictSame(heard, ['late'])
  await clock.advance(5_000)
  await lost
  t.strictSame([heard, clock.pendingTimers], [['late', 'lost'], 0])
})

t.test('a ping whose question cannot be sent says so', async (t) => {
  const clock = new FakeClock()
  const { heartbeat, heard, asked } = heartbeatOn(clock)
  const refused = t.rejects(heartbeat.ping(), { message: 'closed' })
  asked.refuse(new Error('closed'))
  await refused
  await clock.advance(60_000)
  t.strictSame([heard, clock.pendingTimers], [[], 0], 'the connection tells of its own end')
})
