// Requests of a session: deadlines, the circuit breaker, pacing, and streams that end with it.
import { setMaxListeners } from 'node:events'
import t, { type Test } from 'tap'
import { CircuitBreaker } from '../../src/session/circuit-breaker.ts'
import { Pacer } from '../../src/session/pacing/pacer.ts'
import { IbSession } from '../../src/session/session.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { FakeConnector } from './fake-connector.ts'
import { fakeSession, options, silent } from './harness.ts'

const contract = { symbol: 'AAPL', secType: 'STK', exchange: 'SMART', currency: 'USD' }

t.test('a request without a connection is refused, with one it is answered and counted', async (t) => {
  const { session } = fakeSession(t)
  await t.rejects(session.request('quote', contract), { code: 'CONNECTION_CLOSED' })
  await session.connect()
  t.equal((await session.request('quote', contract)).get(4), 1)
  t.equal(session.snapshot().requests, 1)
})

t.test('an answer that never comes ends by the deadline, or by the caller', async (t) => {
  const { session, connector, clock } = fakeSession(t, { heartbeatIntervalMs: 0 })
  await session.connect()
  connector.last.answering = false
  const late = t.rejects(session.request('quote', contract, { timeoutMs: 2_000 }), {
    code: 'CONNECTION_TIMEOUT',
    message: 'quote within 2000 ms',
  })
  await clock.advance(2_000)
  await late
  const controller = new AbortController()
  const given = t.rejects(session.request('quote', contract, { signal: controller.signal }), {
    message: 'enough',
  })
  await settle()
  controller.abort(new Error('enough'))
  await given
  t.equal(clock.pendingTimers, 0)
})

t.test('requests that keep failing open the circuit; heartbeats go on; one probe closes it', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  await session.connect()
  const connection = connector.last
  const currentTime = connection.currentTime.bind(connection)
  connection.answering = false
  connection.currentTime = async () => 0
  for (let i = 0; i < 5; i++) {
    const failing = t.rejects(session.request('quote', contract, { timeoutMs: 100 }))
    await clock.advance(100)
    await failing
  }
  await t.rejects(session.request('quote', contract), { code: 'CIRCUIT_OPEN', retryAfterMs: 30_000 })
  const asked = () => connection.sent.filter((what) => what === 'quote').length
  t.equal(asked(), 5)
  await clock.advance(30_000)
  t.equal(session.snapshot().state, 'ready')
  connection.answering = true
  connection.currentTime = currentTime
  await session.request('quote', contract)
  await session.request('quote', contract)
  t.equal(asked(), 7)
})

t.test('a session sends at most 50 messages a second, its heartbeats included', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  await session.connect()
  void Promise.all(Array.from({ length: 120 }, () => session.request('quote', contract)))
  await settle()
  t.equal(connector.last.sent.length, 47, '48 with START_API, two kept for heartbeats')
  const ping = session.ping()
  await settle()
  t.equal(await ping, 0)
  await clock.advance(3_000)
  t.equal(connector.last.sent.length, 120)
})

const day = { contract, duration: '1 D', barSize: '1 min', whatToShow: 'TRADES', useRth: true }

t.test('the deadline counts from sending, not while a request waits for its turn', async (t) => {
  const { session, connector, clock } = fakeSession(t, { heartbeatIntervalMs: 0 })
  await session.connect()
  await session.request('historicalBars', day)
  let outcome = 'waits'
  const again = session.request('historicalBars', day, { timeoutMs: 1_000 }).then(
    () => {},
    ({ code }) => {
      outcome = code
    },
  )
  connector.last.answering = false
  await clock.advance(16_149)
  t.strictSame([outcome, session.openRequests], ['waits', 1])
  await clock.advance(1)
  await again
  t.strictSame([outcome, session.openRequests], ['CONNECTION_TIMEOUT', 0])
  t.equal(session.pacer.stats().open, 0)
  t.strictSame(connector.last.sent.slice(1), ['historicalBars', 'cancel historicalBars'])
})

t.test('the priority of a request decides who goes first', async (t) => {
  const clock = new FakeClock()
  const { session } = pacedSession(t, new Pacer(clock), clock)
  await session.connect()
  const order: string[] = []
  const ask = (name: string, priority?: 'outage' | 'background') =>
    session.request('quote', contract, priority && { priority }).then(() => order.push(name))
  const asked = [ask('first'), ask('background', 'background'), ask('outage', 'outage'), ask('interactive')]
  await clock.advance(2_000)
  await Promise.all(asked)
  t.strictSame(order, ['first', 'interactive', 'outage', 'background'])
})

t.test('sessions under one pacer share its limits; the end of one leaves the other its turn', async (t) => {
  const clock = new FakeClock()
  const pacer = new Pacer(clock)
  const [one, two] = [pacedSession(t, pacer, clock), pacedSession(t, pacer, clock)]
  await Promise.all([one.session.connect(), two.session.connect()])
  await one.session.request('quote', contract)
  const waiting = one.session.request('quote', contract)
  const other = two.session.request('quote', contract)
  const over = t.rejects(waiting, { code: 'CONNECTION_CLOSED' })
  await settle()
  t.strictSame([two.connector.last.sent, pacer.stats().queued], [[], 2])
  await one.session.disconnect()
  await over
  t.equal(pacer.stats().queued, 1)
  await clock.advance(500)
  await other
  t.strictSame([one.connector.last.sent, two.connector.last.sent], [['quote'], ['quote']])
})

t.test('a refusal for the pace pauses historical requests and leaves the circuit closed', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  await session.connect()
  const violation = 'Historical Market Data Service error message:Historical data request pacing violation'
  connector.last.answering = false
  const refused = Array.from({ length: 6 }, (_, i) =>
    t.rejects(session.request('historicalBars', { ...day, duration: `${i + 1} D`, contract: { conId: i } }), {
      code: 'REQUEST_REJECTED',
      cause: { code: 162, text: violation },
    }),
  )
  await settle()
  connector.last.refuseRequests(162, violation)
  await Promise.all(refused)
  connector.last.answering = true
  t.match(session.pacer.stats(), { violations: 6, open: 0, pausedUntil: clock.now() + 15_000 })
  await session.request('quote', contract)
  const next = session.request('historicalBars', { ...day, contract: { conId: 7 } })
  await clock.advance(14_999)
  t.equal(session.pacer.stats().queued, 1)
  await clock.advance(1)
  t.strictSame(await next, [])
  connector.last.notice(100, 'Max rate of messages per second has been exceeded:max=50 rec=56 (1)')
  t.equal(session.pacer.stats().pausedUntil, clock.now() + 15_000, 'the success was after the pause')
})

t.test(
  'many that give up at once are let go at once, and cancelled as the message rate allows',
  async (t) => {
    const { session, connector, clock } = fakeSession(t)
    await session.connect()
    connector.last.answering = false
    const controller = new AbortController()
    setMaxListeners(0, controller.signal)
    const given = Array.from({ length: 90 }, () =>
      t.rejects(session.request('quote', contract, { signal: controller.signal }), { message: 'enough' }),
    )
    await clock.advance(1_100)
    t.equal(session.openRequests, 90)
    controller.abort(new Error('enough'))
    await Promise.all(given)
    const cancels = () => connector.last.sent.filter((what) => what === 'cancel quote').length
    await settle()
    t.equal(cancels(), 5)
    await clock.advance(2_100)
    t.equal(cancels(), 90)
    t.equal(session.openRequests, 0)
  },
)

t.test('a stream that is cancelled is silent at once, though its cancel may wait', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  await session.connect()
  let heard = 0
  const cancel = await session.stream('marketData', contract, { onItem: () => heard++, onEnd() {} })
  await Promise.all(Array.from({ length: 46 }, () => session.request('quote', contract)))
  cancel()
  connector.last.tick({ type: 4, value: 1 })
  t.strictSame([heard, connector.last.sent.includes('cancel marketData')], [0, false])
  await clock.advance(1_050)
  t.ok(connector.last.sent.includes('cancel marketData'))
  const aborted = AbortSignal.abort(new Error('before'))
  const listener = { onItem() {}, onEnd() {} }
  await t.rejects(session.stream('marketData', contract, listener, aborted), { message: 'before' })
})

t.test('cleanup cancels every stream and tells who listened [cancel_subscriptions_cleanup]', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  await session.connect()
  const ends: string[] = []
  const listen = (name: string) =>
    session.stream('marketData', contract, { onItem() {}, onEnd: ({ code }) => ends.push(`${name} ${code}`) })
  const cancel = await listen('one')
  await listen('two')
  await listen('three')
  cancel()
  cancel()
  const connection = connector.last
  await session.disconnect()
  t.equal(connection.sent.filter((what) => what === 'cancel marketData').length, 3)
  t.strictSame(ends, ['two CONNECTION_CLOSED', 'three CONNECTION_CLOSED'])
  t.equal(clock.pendingTimers, 0)
  await session.connect()
  await listen('four')
  connector.last.drop()
  await settle()
  t.strictSame(ends.slice(2), ['four CONNECTION_CLOSED'])
})

t.test('a listener that throws loses its stream, not the session', async (t) => {
  const { session, connector } = fakeSession(t)
  await session.connect()
  const ends: unknown[] = []
  await session.stream('marketData', contract, {
    onItem() {
      throw new Error('careless')
    },
    onEnd: (error) => ends.push(error),
  })
  connector.last.tick({ type: 4, value: 1 })
  t.match(ends, [{ code: 'INTERNAL', cause: { message: 'careless' } }])
  t.ok(connector.last.sent.includes('cancel marketData'))
  t.equal(session.snapshot().state, 'ready')
})

t.test('a hundred streams do not keep a disconnect waiting', async (t) => {
  const { session, connector, clock } = fakeSession(t)
  await session.connect()
  const started = Promise.all(
    Array.from({ length: 100 }, () => session.stream('marketData', contract, { onItem() {}, onEnd() {} })),
  )
  await clock.advance(3_000)
  await started
  await session.disconnect()
  const cancels = connector.last.sent.filter((what) => what === 'cancel marketData').length
  t.ok(cancels > 0 && cancels <= 48, 'as many as the rate allows; the others end with the connection')
})

t.test('the circuit breaker: closed, open, half-open', async (t) => {
  const clock = new FakeClock()
  const breaker = new CircuitBreaker(clock, { failures: 2, openMs: 1_000 })
  breaker.enter()
  breaker.failed()
  t.equal(breaker.state, 'closed')
  breaker.succeeded()
  breaker.failed()
  t.equal(breaker.state, 'closed', 'only failures in a row count')
  breaker.failed()
  t.equal(breaker.state, 'open')
  t.throws(() => breaker.enter(), { code: 'CIRCUIT_OPEN' })
  await clock.advance(1_000)
  t.equal(breaker.state, 'half-open')
  breaker.enter()
  t.throws(() => breaker.enter(), { code: 'CIRCUIT_OPEN' }, 'one probe at a time')
  breaker.failed()
  t.equal(breaker.state, 'open')
  await clock.advance(1_000)
  breaker.enter()
  breaker.abandoned()
  breaker.enter()
  breaker.succeeded()
  t.equal(breaker.state, 'closed')
  breaker.failed()
  t.equal(breaker.state, 'closed', 'the probe is over, and one failure is none in a row')
})

function pacedSession(t: Test, pacer: Pacer, clock: FakeClock) {
  const connector = new FakeConnector()
  const session = new IbSession({ connector, clock, log: silent, pacer }, options)
  t.teardown(() => session.disconnect())
  return { session, connector }
}
