// The gameplan as its file changes under the bot, and as the day does.
import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { GameplanReading } from '../../src/bot/gameplan.ts'
import { GameplanWatch } from '../../src/bot/gameplan-watch.ts'
import { FakeClock } from '../fake-clock.ts'
import { until } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'

const noon = Date.UTC(2026, 1, 10, 17)
const plan = (strategy: string, date = '2026-02-10') =>
  JSON.stringify({
    date,
    strategy,
    symbols: ['SPY'],
    hard_limits: { max_daily_loss_pct: 0.1, max_single_position: 120 },
  })

function watched(t: Test, folder: string) {
  const clock = new FakeClock(noon)
  const news: GameplanReading[] = []
  const path = join(folder, 'gameplan.json')
  const watch = new GameplanWatch({ path, clock, onChange: (reading) => news.push(reading) })
  t.teardown(() => watch.stop())
  /** Lets the next look happen, whole: it reads from disk in real time. */
  const nextLook = async () => {
    await until(
      () => clock.pendingTimers,
      (timers) => timers === 1,
      'the next look is due',
    )
    await clock.advance(5_000)
    await until(
      () => clock.pendingTimers,
      (timers) => timers === 1,
      'it is over',
    )
  }
  return { clock, news, path, watch, nextLook }
}

t.test('a file that appears, changes, is replaced and goes is told, once each', async (t) => {
  const { news, path, watch, nextLook } = watched(t, testFolder(t))
  t.match(await watch.start(), { ok: false, kind: 'missing' })
  writeFileSync(path, plan('A'))
  await nextLook()
  t.match(news, [{ ok: true, gameplan: { strategy: 'A' } }])
  await nextLook()
  t.equal(news.length, 1, 'nothing new is not told')
  writeFileSync(`${path}.new`, plan('B'))
  renameSync(`${path}.new`, path)
  await nextLook()
  t.match(news[1], { ok: true, gameplan: { strategy: 'B' } })
  writeFileSync(path, '{')
  await nextLook()
  t.match(news[2], { ok: false, kind: 'malformed' })
  rmSync(path)
  await nextLook()
  t.match(news[3], { ok: false, kind: 'missing' })
  t.equal(news.length, 4)
})

t.test('a file of the same size with its old time stamp is seen to be another', async (t) => {
  const folder = testFolder(t, { 'gameplan.json': plan('A') })
  const { news, path, watch, nextLook } = watched(t, folder)
  utimesSync(path, 1e9, 1e9)
  await watch.start()
  writeFileSync(path, plan('B'))
  utimesSync(path, 1e9, 1e9)
  await nextLook()
  t.match(news, [{ ok: true, gameplan: { strategy: 'B' } }])
})

t.test('at midnight in New York the plan is stale, without any look', async (t) => {
  const { clock, news, watch, nextLook } = watched(t, testFolder(t, { 'gameplan.json': plan('A') }))
  t.match(await watch.start(), { ok: true })
  clock.jumpWallClock(Date.UTC(2026, 1, 11, 4, 59, 59) - noon)
  t.match(watch.reading, { ok: true })
  clock.jumpWallClock(1_000)
  t.match(watch.reading, { ok: false, kind: 'stale', why: /2026-02-11/ })
  await nextLook()
  t.match(news, [{ ok: false, kind: 'stale' }])
})

t.test('stopped, it looks no more', async (t) => {
  const { clock, news, path, watch } = watched(t, testFolder(t))
  await watch.start()
  watch.stop()
  writeFileSync(path, plan('A'))
  t.equal(clock.pendingTimers, 0)
  await watch.look()
  t.strictSame(news, [])
})
