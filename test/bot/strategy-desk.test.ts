// Which strategy is active: the gameplan's, or Strategy C with its reason.
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/adapters/system-clock.ts'
import type { GameplanReading } from '../../src/bot/gameplan.ts'
import { type StrategyChoice, StrategyDesk } from '../../src/bot/strategies/strategy-desk.ts'
import { until } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'
import { moment, silentLog } from './moment.ts'

const signal = new AbortController().signal
const positions = [{ account: 'DU1', contract: { symbol: 'SPY', secType: 'STK' }, position: 3, own: 2 }]

function plan(strategy: string, date = '2026-02-10'): GameplanReading {
  const hard_limits = { max_daily_loss_pct: 0.1, max_single_position: 120 }
  return { ok: true, gameplan: { date, strategy, symbols: ['SPY'], hard_limits }, warnings: [] }
}

const buying = (name: string, before = '') =>
  `export default { name: '${name}', async decide(moment) { ${before}
    return [{ symbol: 'SPY', action: 'BUY', quantity: 1, orderType: 'MKT', effect: 'open' }] } }`

async function desk(t: Test, modules: Record<string, string>) {
  const folder = testFolder(t, modules)
  const news: StrategyChoice[] = []
  const opened = await StrategyDesk.open({
    modules: Object.keys(modules).map((name) => join(folder, name)),
    clock: systemClock(),
    log: silentLog,
    onChange: (choice) => news.push(choice),
    decideTimeoutMs: 2_000,
  })
  t.teardown(() => opened.close())
  return { desk: opened, news }
}

t.test('without a gameplan it is C, which closes nothing', async (t) => {
  const { desk: empty, news } = await desk(t, {})
  t.match(empty.choice, { name: 'C', event: 'No gameplan found, defaulting to Strategy C' })
  t.strictSame(await empty.decide(moment({ positions }), signal), [])
  empty.follow({ ok: false, kind: 'malformed', why: 'It is not JSON.' })
  empty.follow({ ok: false, kind: 'stale', why: 'It is of yesterday.' })
  empty.follow(plan('C'))
  t.match(news, [
    { event: 'Gameplan malformed, defaulting to Strategy C', why: 'It is not JSON.' },
    { event: 'Gameplan is not for today, defaulting to Strategy C', why: 'It is of yesterday.' },
    { name: 'C', event: 'Strategy C active by gameplan' },
  ])
  t.strictSame(await empty.decide(moment({ positions }), signal), [])
})

t.test('the strategy that the gameplan names is asked; one that nobody provides is C', async (t) => {
  const { desk: two } = await desk(t, { 'a.mjs': buying('A'), 'b.mjs': buying('B') })
  t.strictSame(two.names, ['A', 'B', 'C'])
  two.follow(plan('B'))
  t.match(two.choice, { name: 'B' })
  t.match(await two.decide(moment(), signal), [{ symbol: 'SPY', action: 'BUY' }])
  two.follow(plan('D'))
  t.match(two.choice, { name: 'C', why: /strategy D, which no module provides; there is A, B, C/ })
  t.strictSame(await two.decide(moment(), signal), [])
})

t.test('cash preservation wins over the gameplan until it is called off', async (t) => {
  const { desk: one, news } = await desk(t, { 'a.mjs': buying('A') })
  one.follow(plan('A'))
  one.preserveCash('The gateway has gone.', 'own')
  t.match(one.choice, { name: 'C', why: 'The gateway has gone.' })
  t.match(await one.decide(moment({ positions }), signal), [{ action: 'SELL', quantity: 2, effect: 'close' }])
  one.follow(plan('A'))
  t.equal(one.choice.name, 'C')
  one.resume()
  one.resume()
  t.strictSame(
    news.map(({ name }) => name),
    ['A', 'C', 'A'],
  )
})

t.test('an answer that comes after its strategy was replaced is dropped', async (t) => {
  const { desk: one } = await desk(t, {
    'a.mjs': buying('A', 'await new Promise((done) => setTimeout(done, 200));'),
  })
  one.follow(plan('A'))
  const asked = one.decide(moment(), signal)
  one.preserveCash('The gateway has gone.', 'nothing')
  t.strictSame(await asked, [])
})

t.test('a strategy that fails is C for that day, and another day gives it a new chance', async (t) => {
  const throwing = buying('A', `if (moment.dryRun) throw new Error('oh');`)
  const { desk: one, news } = await desk(t, { 'a.mjs': throwing })
  one.follow(plan('A'))
  t.strictSame(await one.decide(moment({ positions }), signal), [], 'and nothing is closed')
  t.match(one.choice, { name: 'C', event: 'Strategy failed, replaced by Strategy C', why: /threw: oh/ })
  one.follow({ ok: false, kind: 'missing', why: 'It has gone.' })
  one.follow(plan('A'))
  t.equal(one.choice.name, 'C', 'the same day again')
  one.follow(plan('A', '2026-02-11'))
  await until(
    () => one.choice.name,
    (name) => name === 'A',
    'it is loaded again',
  )
  t.match(await one.decide(moment({ dryRun: false }), signal), [{ action: 'BUY' }])
  t.equal(news.at(-1)?.name, 'A')
})

t.test('modules that cannot be used together stop the start', async (t) => {
  await t.rejects(desk(t, { 'a.mjs': buying('A'), 'b.mjs': buying('A') }), {
    message: /both call their strategy A/,
  })
  await t.rejects(desk(t, { 'c.mjs': buying('C') }), { message: /the bot's own/ })
  await t.rejects(desk(t, { 'a.mjs': buying('A'), 'b.mjs': 'throw 1' }), { name: 'StrategyFailed' })
})
