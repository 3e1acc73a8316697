// What a session and its pacer tell to be counted.
import t, { type Test } from 'tap'
import { Pacer } from '../../src/session/pacing/pacer.ts'
import { IbSession } from '../../src/session/session.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { recordedMeasures } from '../recorded-measures.ts'
import { FakeConnector } from './fake-connector.ts'
import { options, silent } from './harness.ts'

const contract = { symbol: 'AAPL', secType: 'STK', exchange: 'SMART', currency: 'USD' }

function measured(t: Test, minRequestDelayMs = 0) {
  const clock = new FakeClock()
  const connector = new FakeConnector()
  const { measures, of } = recordedMeasures()
  const pacer = new Pacer(clock, { minRequestDelayMs, measures })
  const session = new IbSession(
    { connector, clock, log: silent, random: () => 0.5, pacer, measures },
    options,
  )
  t.teardown(() => session.disconnect())
  return { clock, connector, session, of }
}

t.test('each request is told once, with how it went and how long after it was sent', async (t) => {
  const { clock, connector, session, of } = measured(t)
  await session.connect()
  await session.request('quote', contract)
  connector.last.answering = false
  const late = t.rejects(session.request('quote', contract, { timeoutMs: 2000 }))
  await clock.advance(2000)
  await late
  const refused = t.rejects(session.request('contractDetails', contract))
  await settle()
  connector.last.refuseRequests(200, 'No security definition has been found for the request')
  await refused
  const patience = new AbortController()
  const abandoned = t.rejects(session.request('quote', contract, { signal: patience.signal }))
  await settle()
  patience.abort()
  await abandoned
  t.strictSame(of('requestOver'), [
    ['quote', 'answered', 0],
    ['quote', 'timeout', 2000],
    ['contractDetails', 'rejected', 0],
    ['quote', 'abandoned', 0],
  ])
  t.strictSame(of('errorReported'), [['request-error']])
})

t.test('what is not sent is told as refused', async (t) => {
  const { clock, connector, session, of } = measured(t)
  await session.connect()
  connector.last.answering = false
  for (let i = 0; i < 5; i++) {
    const late = t.rejects(session.request('quote', contract, { timeoutMs: 100 }))
    await clock.advance(100)
    await late
  }
  await t.rejects(session.request('quote', contract), { code: 'CIRCUIT_OPEN' })
  t.strictSame(of('requestOver').at(-1), ['quote', 'refused', 0])
})

t.test('waits for IB limits and its complaints; what need not wait is not told', async (t) => {
  const { clock, connector, session, of } = measured(t, 500)
  await session.connect()
  const asked = [session.request('quote', contract), session.request('quote', contract)]
  await clock.advance(500)
  await Promise.all(asked)
  t.strictSame(of('pacingWaited'), [[500]])
  connector.last.notice(100, 'Max rate of messages per second has been exceeded')
  t.equal(of('pacingViolated').length, 1)
  t.strictSame(of('errorReported'), [['pacing']])
})

t.test('heartbeats, lost connections and attempts that fail', async (t) => {
  const { clock, connector, session, of } = measured(t)
  connector.behave = (connection) => connection.refuse()
  const connecting = session.connect()
  await settle()
  t.strictSame(of('connectionFailed'), [['CONNECTION_REFUSED']])
  connector.behave = (connection) => connection.welcome()
  await clock.advance(1000)
  await connecting
  t.strictSame(of('reconnected'), [], 'the first connection replaces none')
  await clock.advance(15_000)
  t.strictSame(of('heartbeatAnswered'), [[0]])
  connector.last.drop()
  await clock.advance(1000)
  t.strictSame(of('reconnected'), [[]])
})
