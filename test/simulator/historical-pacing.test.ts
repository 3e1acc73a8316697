// The limits on historical requests as the simulated gateway enforces and reports them, whatever its clients believe.
import t, { type Test } from 'tap'
import { systemClock } from '../../src/simulator/clock.ts'
import { HistoricalPacing, type PacingMode } from '../../src/simulator/historical-pacing.ts'
import { RawClient, startLoggedIn, until } from './harness.ts'

const aapl = ['', 'AAPL', 'STK', '', '', '', '', 'SMART', '', 'USD', '', '']
const msft = ['', 'MSFT', 'STK', '', '', '', '', 'SMART', '', 'USD', '', '']

/** A gateway whose clock stands still until a test moves it, and which answers errors and bars to `ask`. */
async function paced(t: Test, pacing: PacingMode = 'strict') {
  let nowMs = Date.UTC(2026, 10, 18, 16)
  const gateway = await startLoggedIn(t, {
    pacing,
    maxMessagesPerSecond: 1_000,
    clock: {
      now: () => nowMs,
      schedule(task, delayMs) {
        const timer = setTimeout(task, Math.min(delayMs, 20))
        return () => clearTimeout(timer)
      },
    },
  })
  const raw = await RawClient.ready(t, gateway.port, 1, 'v100..193')
  let reqId = 0
  /** True when it was answered, false for a pacing violation. */
  const ask = async (
    { contract = aapl, end = 1, size = '1 min', what = 'TRADES', head = false },
    client = raw,
  ) => {
    const id = ++reqId
    const endText = `20260612-20:${String(Math.floor(end / 60)).padStart(2, '0')}:${String(end % 60).padStart(2, '0')}`
    if (head) client.send(87, id, ...contract, 0, 1, what, 2)
    else client.send(20, id, ...contract, 0, endText, size, '60 S', 1, what, 2, 0, '')
    const isAnswer = (frame: string[]) =>
      (['17', '88', '106'].includes(frame[0] ?? '') && frame[1] === String(id)) ||
      (frame[0] === '4' && frame[2] === String(id))
    await until(() => client.frames.some(isAnswer))
    return !/pacing violation/.test(client.frames.find(isAnswer)?.[4] ?? '')
  }
  const pass = (ms: number) => {
    nowMs += ms
  }
  const rules = () => gateway.violations.map(({ rule }) => rule)
  return { gateway, raw, ask, pass, rules }
}

t.test('strict: the same request within 15 s, whatever the size of its bars', async (t) => {
  const { gateway, ask, pass, rules } = await paced(t)
  for (const question of [{}, { size: '1 day' }, { what: 'SCHEDULE', size: '1 day' }, { head: true }]) {
    t.ok(await ask(question))
    t.notOk(await ask(question), JSON.stringify(question))
    pass(2_001)
  }
  t.strictSame(new Set(rules()), new Set(['identical request within 15 s']))
  pass(15_000)
  t.ok(await ask({}))
  t.match(gateway.violations[0], {
    clientId: 1,
    at: Date.UTC(2026, 10, 18, 16),
    request: /reqHistoricalData 20 2 {2}AAPL/,
  })
})

t.test('strict: six of one contract, exchange and type within 2 s; others are not bound by it', async (t) => {
  const { ask, pass, rules } = await paced(t)
  for (let end = 1; end <= 5; end++) t.ok(await ask({ end }))
  t.notOk(await ask({ end: 6 }))
  t.ok(await ask({ end: 6, what: 'MIDPOINT' }))
  t.ok(await ask({ end: 6, contract: msft }))
  t.ok(await ask({ end: 1, what: 'BID_ASK' }))
  t.ok(await ask({ end: 2, what: 'BID_ASK' }))
  t.notOk(await ask({ end: 3, what: 'BID_ASK' }), 'which counts twice')
  t.strictSame(rules(), Array(2).fill('six requests of one series within 2 s'))
  pass(2_000)
  t.ok(await ask({ end: 6 }))
})

t.test('strict: sixty in ten minutes, over all clients', async (t) => {
  const { gateway, raw, ask, pass, rules } = await paced(t)
  const other = await RawClient.ready(t, gateway.port, 2, 'v100..193')
  for (let end = 1; end <= 60; end++) {
    t.ok(await ask({ end, size: '1 hour' }, end % 2 ? raw : other))
    pass(2_000)
  }
  t.notOk(await ask({ end: 61, size: '1 hour' }))
  t.strictSame(rules(), ['more than 60 requests in 10 min'])
  pass(600_000 - 120_000)
  t.ok(await ask({ end: 61, size: '1 hour' }), 'the oldest no longer counts')
})

t.test('relaxed: only bars of 30 s and less', async (t) => {
  const { ask, rules } = await paced(t, 'relaxed')
  for (let round = 0; round < 70; round++) t.ok(await ask({}))
  t.ok(await ask({ head: true }))
  t.ok(await ask({ head: true }))
  t.strictSame(rules(), [])
  t.ok(await ask({ size: '30 secs' }))
  t.notOk(await ask({ size: '30 secs' }))
  t.strictSame(rules(), ['identical request within 15 s'])
})

t.test('fifty may be open: unanswered ones until cancelled or their client leaves', async (t) => {
  const { gateway, raw, ask, rules } = await paced(t, 'relaxed')
  gateway.fault('1100')
  for (let id = 1_001; id <= 1_050; id++)
    raw.send(20, id, ...aapl, 0, '', '1 day', '1 D', 1, 'TRADES', 2, 0, '')
  t.notOk(await ask({}))
  t.strictSame(rules(), ['more than 50 open requests'])
  gateway.fault('1102')
  raw.send(25, 1, 1_001)
  t.ok(await ask({}), 'one place is free')
  raw.send(20, 2_001, ...aapl, 0, '', '1 day', '1 D', 1, 'TRADES', 2, 1, '')
  t.notOk(await ask({}), 'one that is kept up to date takes it')
  const other = await RawClient.ready(t, gateway.port, 2, 'v100..193')
  t.notOk(await ask({}, other))
  raw.socket.end()
  await raw.closed()
  t.ok(await ask({}, other))
})

t.test('a late answer is open until it has left', async (t) => {
  const { gateway, raw, ask, rules } = await paced(t, 'relaxed')
  gateway.fault('slow', '20')
  for (let id = 1_001; id <= 1_051; id++)
    raw.send(20, id, ...aapl, 0, '', '1 day', '1 D', 1, 'TRADES', 2, 0, '')
  await until(() => raw.frames.filter(([id]) => id === '17').length === 50)
  t.strictSame(rules(), ['more than 50 open requests'])
  t.ok(await ask({}))
})

t.test('too many messages are reported too, and the list has an end', async (t) => {
  const clock = { ...systemClock, now: () => Date.UTC(2026, 10, 18, 16) }
  const gateway = await startLoggedIn(t, { clock })
  const raw = await RawClient.ready(t, gateway.port)
  for (let message = 0; message < 1_500; message++) raw.send(49, 1)
  await until(() => gateway.violations.length === 1_000)
  t.match(gateway.violations.at(-1), {
    rule: 'too many messages in 1 s',
    clientId: 1,
    request: 'reqCurrentTime 49 1',
  })
})

t.test('what was refused does not count', async (t) => {
  const pacing = new HistoricalPacing('strict')
  const client = {}
  const ask = (reqId: number, identity: string) => ({
    client,
    reqId,
    identity,
    series: 'AAPL',
    weight: 1,
    smallBars: false,
  })
  t.equal(pacing.begin(0, ask(1, 'a')), undefined)
  t.equal(pacing.begin(14_999, ask(2, 'a')), 'identical request within 15 s')
  t.equal(pacing.begin(15_000, ask(3, 'a')), undefined)
  t.notOk(pacing.end(client, 2))
  t.ok(pacing.end(client, 3))
  t.notOk(pacing.end(client, 3))
})
