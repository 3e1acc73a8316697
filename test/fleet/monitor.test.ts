// Heartbeat monitoring: its frequency, a sweep that fails, and its end at once.
import t from 'tap'
import { Monitor } from '../../src/fleet/monitor.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { silent } from './looks.ts'

function monitorOf(sweep: (signal: AbortSignal, clock: FakeClock) => Promise<void>) {
  const clock = new FakeClock()
  const monitor = new Monitor({
    clock,
    log: silent,
    intervalMs: 30_000,
    sweep: (signal) => sweep(signal, clock),
  })
  return { clock, monitor }
}

t.test('looks at its interval; starting twice is starting once', async (t) => {
  const at: number[] = []
  const { clock, monitor } = monitorOf(async (_, { monotonicMs }) => {
    at.push(monotonicMs.call(clock))
  })
  monitor.start()
  monitor.start()
  t.match(monitor.report, { running: true, intervalSeconds: 30, runs: 0, lastRunAt: null })
  await clock.advance(95_000)
  t.strictSame(at, [30_000, 60_000, 90_000])
  t.match(monitor.report, { runs: 3, lastRunAt: clock.now() - 5000 })
  await monitor.stop()
})

t.test('a sweep that fails is not the last', async (t) => {
  let sweeps = 0
  const { clock, monitor } = monitorOf(async () => {
    if (++sweeps === 1) throw new Error('store away')
  })
  monitor.start()
  await clock.advance(60_000)
  t.equal(sweeps, 2)
  t.equal(monitor.report.runs, 1)
  await monitor.stop()
})

t.test('cancelled while waiting and while sweeping, it ends at once and leaves nothing', async (t) => {
  let ended = 0
  const { clock, monitor } = monitorOf(async (signal, { sleep }) => {
    await sleep.call(clock, 1e9, signal).finally(() => ended++)
  })
  monitor.start()
  await settle()
  await monitor.stop()
  t.equal(clock.pendingTimers, 0)
  monitor.start()
  await clock.advance(30_000)
  await monitor.stop()
  await monitor.stop()
  t.equal(ended, 1)
  t.equal(clock.pendingTimers, 0)
  t.equal(monitor.report.running, false)
})
