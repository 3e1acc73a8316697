// Callers that wait: arrival, time, a client that goes away, shutdown; nothing left behind.
import t from 'tap'
import type { Keeper } from '../../../src/fleet/reconcile/keeper.ts'
import { Waiting } from '../../../src/fleet/reconcile/waiting.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { keeperOf, runningKeeper } from '../keepers.ts'

const arrived = (keeper: Keeper) => keeper.state.phase === 'ready'
const started = () => {
  const clock = new FakeClock()
  return { clock, waiting: new Waiting(clock), keeper: keeperOf() }
}

t.test('there already, or no time to wait', async (t) => {
  const { waiting, keeper } = started()
  t.equal(await waiting.until(runningKeeper(), arrived, 0), true)
  t.equal(await waiting.until(keeper, arrived, 0), false)
  t.equal(await waiting.until(keeper, arrived, 1e9, AbortSignal.abort()), false)
})

t.test('arrives; others of the same and of other gateways go on waiting', async (t) => {
  const { clock, waiting, keeper } = started()
  const other = keeperOf({}, 'f2')
  const both = [waiting.until(keeper, arrived, 1000), waiting.until(keeper, arrived, 1000)]
  const never = waiting.until(keeper, () => false, 1000)
  const elsewhere = waiting.until(other, arrived, 1000)
  waiting.notice(keeper)
  keeper.state = { ...keeper.state, phase: 'ready' }
  waiting.notice(keeper)
  t.strictSame(await Promise.all(both), [true, true])
  t.equal(clock.pendingTimers, 2)
  await clock.advance(1000)
  t.strictSame(await Promise.all([never, elsewhere]), [false, false])
  t.equal(clock.pendingTimers, 0)
})

t.test('the caller goes away', async (t) => {
  const { clock, waiting, keeper } = started()
  const caller = new AbortController()
  const answer = waiting.until(keeper, arrived, 1000, caller.signal)
  caller.abort()
  t.equal(await answer, false)
  t.equal(clock.pendingTimers, 0)
})

t.test('shutdown rejects everyone, now and later', async (t) => {
  const { clock, waiting, keeper } = started()
  const answer = waiting.until(keeper, arrived, 1000)
  waiting.close()
  await t.rejects(answer, { code: 'SHUTTING_DOWN', retryAfterMs: 5000 })
  await t.rejects(waiting.until(keeper, arrived, 1000), { code: 'SHUTTING_DOWN' })
  t.equal(await waiting.until(runningKeeper(), arrived, 1000), true, 'but what is so already is so')
  await settle()
  t.equal(clock.pendingTimers, 0)
})
