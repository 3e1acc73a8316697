// The Clock port's promises, held by the real clock and by the tests' own.
import t from 'tap'
import { systemClock } from '../../src/adapters/system-clock.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { FakeClock, settle } from '../fake-clock.ts'

const clocks: Record<string, () => { clock: Clock; pass: (ms: number) => Promise<void> }> = {
  systemClock: () => {
    const clock = systemClock()
    return { clock, pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) }
  },
  FakeClock: () => {
    const clock = new FakeClock()
    return { clock, pass: (ms) => clock.advance(ms) }
  },
}

for (const [name, make] of Object.entries(clocks)) {
  t.test(name, async (t) => {
    t.test('schedule runs once, in order of time, unless cancelled', async (t) => {
      const { clock, pass } = make()
      const ran: string[] = []
      clock.schedule(15, () => ran.push('second'))
      clock.schedule(1, () => ran.push('first'))
      const cancel = clock.schedule(1, () => ran.push('never'))
      cancel()
      cancel()
      await pass(60)
      t.strictSame(ran, ['first', 'second'])
    })
    t.test('sleep ends by time, or by the signal with its reason', async (t) => {
      const { clock, pass } = make()
      const slept = clock.sleep(5)
      await Promise.all([slept, pass(20)])
      const controller = new AbortController()
      const reason = new Error('stop')
      const sleeping = clock.sleep(60_000, controller.signal)
      controller.abort(reason)
      await t.rejects(sleeping, reason)
      await t.rejects(clock.sleep(60_000, controller.signal), reason)
    })
    t.test('both clocks move on', async (t) => {
      const { clock, pass } = make()
      const [wall, monotonic] = [clock.now(), clock.monotonicMs()]
      await pass(20)
      t.ok(clock.now() >= wall + 15)
      t.ok(clock.monotonicMs() >= monotonic + 15)
    })
  })
}

t.test('a wait of a month does not end at once', async (t) => {
  let ran = false
  const cancel = systemClock().schedule(31 * 86_400_000, () => {
    ran = true
  })
  t.teardown(cancel)
  await new Promise((resolve) => setTimeout(resolve, 10))
  t.notOk(ran)
})

t.test(
  'FakeClock: advance runs a timer at its own moment, with what it started settled before the next',
  async (t) => {
    const clock = new FakeClock(1_000)
    const seen: Array<[string, number, number]> = []
    const note = (what: string) => seen.push([what, clock.monotonicMs(), clock.now()])
    void clock.sleep(10).then(async () => {
      note('a')
      await clock.sleep(10)
      note('b')
    })
    clock.schedule(25, () => note('c'))
    t.equal(clock.nextTimerMs, 10)
    await clock.advance(30)
    t.strictSame(seen, [
      ['a', 10, 1_010],
      ['b', 20, 1_020],
      ['c', 25, 1_025],
    ])
    t.equal(clock.pendingTimers, 0)
    clock.jumpWallClock(-500)
    t.strictSame([clock.now(), clock.monotonicMs()], [530, 30])
    await settle()
  },
)
