// Who goes when: order, priorities, delays, giving up, a full queue, and the pause after a complaint.
import t from 'tap'
import { type Claim, Pacer } from '../../../src/session/pacing/pacer.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { history, message, of, recorder, request } from './sendings.ts'

function world(options: ConstructorParameters<typeof Pacer>[1] = {}) {
  const clock = new FakeClock()
  const pacer = new Pacer(clock, options)
  return { clock, pacer, ...recorder(pacer, clock) }
}

t.test('rate_limit_wait_enforces_delay: requests for data follow each other at the set delay', async (t) => {
  const { clock, pacer, take, times } = world()
  for (let i = 0; i < 4; i++) void take(request)
  void take(history())
  await clock.advance(200)
  t.strictSame(times(), [0])
  void take(message)
  pacer.record()
  await settle()
  t.strictSame(times('message'), [200], 'cancels, orders and heartbeats do not wait for it')
  await clock.advance(10_000)
  t.strictSame(times('request'), [0, 500, 1_000, 1_500])
  t.strictSame(times('historical'), [2_000])
  t.equal(clock.pendingTimers, 0)
  t.equal(pacer.stats().waits, 4)
})

t.test(
  'rate_limit_wait_no_delay_when_past_limit: the first, and one that comes later, go at once',
  async (t) => {
    const { clock, pacer, take, times } = world({ minRequestDelayMs: 2_000 })
    await take(request)
    await clock.advance(2_000)
    await take(request)
    t.strictSame(times(), [0, 2_000])
    t.equal(pacer.stats().waits, 0)
    t.equal(clock.pendingTimers, 0)
  },
)

t.test('no window of a second holds more than 50 messages, heartbeats included', async (t) => {
  const { clock, pacer, take, times, sent } = world()
  for (let i = 0; i < 200; i++) void take(message)
  for (let at = 0; at < 4_500; at += 100) {
    if (at === 300 || at === 700) {
      pacer.record()
      sent.push({ claim: message, atMs: clock.monotonicMs() })
    }
    await clock.advance(100)
  }
  t.equal(times().length, 202)
  for (const start of times()) {
    const inWindow = times().filter((ms) => ms >= start && ms < start + 1_000).length
    if (inWindow > 50) t.fail(`${inWindow} from ${start} ms`)
  }
  t.equal(clock.pendingTimers, 0)
})

t.test('priorities go before the order of asking, and that before all else', async (t) => {
  const { clock, sent, take } = world()
  void take(request)
  await settle()
  const asked = ['background', 'outage', 'interactive', 'background', 'interactive'] as const
  for (const priority of asked) void take(of(request, priority))
  await clock.advance(10_000)
  t.strictSame(
    sent.slice(1).map(({ claim }) => claim.priority),
    ['interactive', 'interactive', 'outage', 'background', 'background'],
  )
  const histories = Array.from({ length: 200 }, () => history())
  for (const each of histories) void take(each).then(({ done }) => done())
  await clock.advance(3 * 600_000)
  t.strictSame(
    sent.slice(6).map(({ claim }) => claim),
    histories.slice(0, sent.length - 6),
  )
})

t.test('a heavy claim is not overtaken for ever by light ones', async (t) => {
  const { clock, pacer, sent, take } = world({ minRequestDelayMs: 0 })
  const ask = (claim: Claim) => void take(claim).then(({ done }) => done('answered'))
  for (let i = 0; i < 60; i++) {
    ask(history())
    await clock.advance(2_000)
  }
  const heavy = history({ weight: 2 })
  const behind = Array.from({ length: 20 }, () => history())
  ask(heavy)
  for (const each of behind) ask(each)
  ask(request)
  await clock.advance(606_000 - 120_000)
  t.equal(sent.length, 61, 'one place is free, and kept; what needs none passes')
  t.equal(sent.at(-1)?.claim, request)
  await clock.advance(2_000)
  t.equal(sent.at(-1)?.claim, heavy)
  await clock.advance(60_000)
  t.strictSame(
    sent.slice(62).map(({ claim }) => claim),
    behind,
  )
  t.equal(pacer.stats().queued, 0)
})

t.test('who waits for a limit of its own keeps only its like waiting', async (t) => {
  const { clock, sent, take } = world({ minRequestDelayMs: 0 })
  const twin = history({ series: 'one' })
  const heavy = history({ series: 'two', weight: 2 })
  const behind = history({ series: 'two' })
  for (const claim of [twin, twin, twin]) void take(claim)
  for (let i = 0; i < 4; i++) void take(history({ series: 'two' }))
  for (const claim of [heavy, behind]) void take(claim)
  const others = [history(), history({ series: 'one' })]
  for (const claim of others) void take(claim)
  await settle()
  t.equal(sent.length, 7)
  t.strictSame(
    sent.slice(5).map(({ claim }) => claim),
    others,
  )
  await clock.advance(2_050)
  t.strictSame(
    sent.slice(7).map(({ claim }) => claim),
    [heavy, behind],
  )
  await clock.advance(60_000)
  t.strictSame(
    sent.filter(({ claim }) => claim === twin).map(({ atMs }) => atMs),
    [0, 15_150, 30_300],
  )
})

t.test('that holds although a shared limit has no room for it either', async (t) => {
  const { clock, sent, take } = world({ minRequestDelayMs: 0 })
  const ask = (claim: Claim) => void take(claim).then(({ done }) => done())
  for (let i = 0; i < 55; i++) ask(history())
  for (let i = 0; i < 4; i++) ask(history({ series: 'two' }))
  await clock.advance(2_000)
  ask(history({ series: 'two', weight: 2 }))
  const other = history()
  ask(other)
  await settle()
  t.equal(sent.at(-1)?.claim, other)
})

t.test('who gives up leaves the queue, counts nowhere, and lets the next come', async (t) => {
  const { clock, pacer, sent, take } = world()
  await take(request)
  const controller = new AbortController()
  const leaving = t.rejects(take(request, controller.signal), { message: 'enough' })
  void take(request)
  await clock.advance(100)
  t.equal(pacer.stats().queued, 2)
  controller.abort(new Error('enough'))
  await leaving
  await t.rejects(take(request, AbortSignal.abort(new Error('before'))), { message: 'before' })
  await clock.advance(400)
  t.equal(sent.length, 2)
  t.match(pacer.stats(), { queued: 0, waits: 2 })
  const last = new AbortController()
  const leavingLast = t.rejects(take(request, last.signal))
  await settle()
  t.equal(clock.pendingTimers, 1)
  last.abort()
  await leavingLast
  await settle()
  t.equal(clock.pendingTimers, 0, 'a queue that is empty keeps no timer')
})

t.test('a full queue refuses and says when to come back; messages always find a place', async (t) => {
  const { clock, pacer, take } = world({ maxQueued: 5, minRequestDelayMs: 20_000 })
  await take(request)
  const waiting = Array.from({ length: 5 }, () => take(request))
  await settle()
  await t.rejects(take(request), { code: 'PACING_QUEUE_FULL', retryAfterMs: 20_000, message: /^5 requests/ })
  await t.rejects(take(history()), { code: 'PACING_QUEUE_FULL' })
  await take(message)
  t.match(pacer.stats(), { queued: 5, nextAdmission: clock.now() + 20_000 })
  await clock.advance(100_000)
  await Promise.all(waiting)
  t.strictSame(pacer.stats(), { waits: 5, violations: 0, queued: 0, open: 0 })
})

t.test('a thousand callers at once, many giving up, and one timer at most', async (t) => {
  const { clock, pacer, sent, take } = world({ minRequestDelayMs: 0 })
  const controllers = Array.from({ length: 1_000 }, () => new AbortController())
  const outcomes = controllers.map(({ signal }, i) =>
    take(i % 2 ? message : request, signal).then(
      () => 'sent',
      () => 'gave up',
    ),
  )
  for (let round = 0; round < 30; round++) {
    for (let i = round; i < 1_000; i += 90) controllers[i]?.abort()
    await clock.advance(1_000)
    t.ok(clock.pendingTimers <= 1)
  }
  const settled = await Promise.all(outcomes)
  t.equal(settled.filter((outcome) => outcome === 'sent').length, sent.length)
  t.ok(sent.length < 1_000 && sent.length > 600, `${sent.length}`)
  t.equal(pacer.stats().queued, 0)
})

t.test('after a complaint historical requests pause, longer each time, until one succeeds', async (t) => {
  const { clock, pacer, take } = world({ minRequestDelayMs: 0 })
  const ask = () => take(history())
  const early = await ask()
  pacer.violated()
  t.equal(pacer.stats().pausedUntil, clock.now() + 15_000)
  const asked = ask()
  await take(request)
  await clock.advance(10_000)
  pacer.violated()
  await clock.advance(4_999)
  t.match(pacer.stats(), { violations: 2, queued: 1 }, 'a complaint during the pause does not prolong it')
  await clock.advance(1)
  await asked
  t.notOk('pausedUntil' in pacer.stats())
  early.done('answered')
  for (const [strike, pauseMs] of [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000].entries()) {
    pacer.violated()
    t.equal(pacer.stats().pausedUntil, clock.now() + pauseMs, `in a row: ${strike + 2}`)
    await clock.advance(pauseMs)
  }
  const late = await ask()
  late.done('answered')
  pacer.violated()
  t.equal(pacer.stats().pausedUntil, clock.now() + 15_000)
  t.equal(pacer.stats().violations, 10)
})

t.test('timers that fire late or early change nothing', async (t) => {
  const clock = new FakeClock()
  // As real ones do, by up to a millisecond.
  const hasty = {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
    schedule: (ms: number, run: () => void) => clock.schedule(ms - 0.7, run),
  }
  const pacer = new Pacer(hasty)
  const { take, times } = recorder(pacer, clock)
  for (let i = 0; i < 3; i++) void take(request)
  await clock.advance(5_000)
  t.equal(times().length, 3)
  const [first = 0, second = 0, third = 0] = times()
  t.ok(second - first >= 500 && third - second >= 500)
})
