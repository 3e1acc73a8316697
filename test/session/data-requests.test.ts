// Requests of a session: deadlines, the circuit breaker, the message rate, and streams that end with it.
import t from 'tap'
import { CircuitBreaker } from '../../src/session/circuit-breaker.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { fakeSession } from './harness.ts'

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
  t.equal(connection.sent.length, 5)
  await clock.advance(30_000)
  t.equal(session.snapshot().state, 'ready')
  connection.answering = true
  connection.currentTime = currentTime
  await session.request('quote', contract)
  await session.request('quote', contract)
  t.equal(connection.sent.length, 7)
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
})
