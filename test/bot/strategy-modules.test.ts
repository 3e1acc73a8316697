// Strategy modules in threads of their own: the good one is asked, the bad ones are ended, and the bot goes on whatever they do.
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { loadStrategyModule, StrategyFailed } from '../../src/bot/strategies/module-host.ts'

import { until } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'
import { moment, silentLog } from './moment.ts'

const buy = `{ symbol: 'SPY', action: 'BUY', quantity: 1, orderType: 'MKT', effect: 'open' }`
const signal = new AbortController().signal

/** Writes a module and loads it. */
async function loaded(t: Test, source: string, options: object = {}) {
  const path = join(testFolder(t, { 'strategy.mjs': source }), 'strategy.mjs')
  const hosted = await loadStrategyModule(path, { clock: systemClock(), log: silentLog, ...options })
  t.teardown(() => hosted.close())
  return hosted
}
const deciding = (body: string) => `export const strategy = { name: 'X', decide(moment, signal) { ${body} } }`

t.test('a module is shown the moment, and its wishes come back', async (t) => {
  const x = await loaded(
    t,
    `export default { name: 'X', async decide({ account, symbols }) { return [{ ...${buy}, note: account, symbol: symbols[0] }] } }`,
  )
  t.equal(x.name, 'X')
  t.match(await x.decide(moment(), signal), [{ symbol: 'SPY', note: 'DU1' }])
})

t.test('the example works', async (t) => {
  const path = join(import.meta.dirname, '../../../examples/strategy-b.example.mjs')
  const b = await loadStrategyModule(path, { clock: systemClock(), log: silentLog })
  t.teardown(() => b.close())
  t.equal(b.name, 'B')
  t.match(await b.decide(moment(), signal), [
    { symbol: 'SPY', action: 'BUY', orderType: 'LMT', lmtPrice: 600.12 },
  ])
  const late = moment({
    nowMs: moment().sessionCloseMs - 60_000,
    positions: [{ account: 'DU1', contract: { symbol: 'SPY' }, position: 3, own: 1 }],
  })
  t.match(await b.decide(late, signal), [{ symbol: 'SPY', action: 'SELL', quantity: 1, effect: 'close' }])
})

t.test('what does not load says why', async (t) => {
  const cases: Array<[what: string, source: string, why: RegExp]> = [
    ['a syntax error', 'export default {', /did not load/],
    ['a missing import', `import './nowhere.mjs'`, /nowhere/],
    ['a throw', `throw new Error('no key')`, /no key/],
    ['no strategy', 'export const other = 1', /exports no strategy/],
    ['no name', 'export default { decide() {} }', /name/],
    ['no decide', `export default { name: 'X' }`, /exports no strategy/],
    ['an end', 'process.exit(3)', /exit code 3/],
    ['a thrown thing without words', 'throw Object.create(null)', /did not say why/],
  ]
  for (const [what, source, why] of cases)
    await t.rejects(loaded(t, source), { name: 'StrategyFailed', message: why }, what)
  const nowhere = loadStrategyModule('/nowhere.mjs', { clock: systemClock(), log: silentLog })
  await t.rejects(nowhere, { name: 'StrategyFailed', message: /\/nowhere\.mjs did not load/ })
  await t.rejects(loaded(t, 'for (;;);', { loadTimeoutMs: 300 }), { message: /did not load within 0.3 s/ })
})

t.test('what fails in a decision is over, and says why', async (t) => {
  const cases: Array<[what: string, body: string, why: RegExp]> = [
    ['a throw', `throw new Error('oh')`, /Strategy X .* threw: oh/],
    ['a thrown null', 'throw null', /threw: null/],
    ['an endless loop', 'for (;;);', /did not answer within 0.4 s/],
    ['a promise for ever', 'return new Promise(() => {})', /did not answer within 0.4 s/],
    ['an end', 'process.exit(0)', /exit code 0/],
    [
      'an uncaught error',
      `setTimeout(() => { throw new Error('late') }); return new Promise(() => {})`,
      /late/,
    ],
    ['nothing', '', /not a list/],
    ['text', `return 'BUY SPY'`, /not a list/],
    ['a circle', 'const a = []; a.push(a); return a', /threw/],
    ['a whole number too big for JSON', `return [{ ...${buy}, quantity: 1n }]`, /threw/],
    ['101 orders', `return Array(101).fill(${buy})`, /101 orders/],
    ['a long answer', `return [{ ...${buy}, note: 'x'.repeat(300000) }]`, /256 KiB/],
    ['a quantity of NaN', `return [{ ...${buy}, quantity: NaN }]`, /order 1 .*quantity/],
    ['a negative quantity', `return [${buy}, { ...${buy}, quantity: -1 }]`, /order 2 .*quantity/],
    ['an action of its own', `return [{ ...${buy}, action: 'HOLD' }]`, /action/],
    ['a field of its own', `return [{ ...${buy}, limitPrice: 1 }]`, /order 1/],
    ['a limit order without a limit', `return [{ ...${buy}, orderType: 'LMT' }]`, /LMT needs lmtPrice/],
    [
      'a message of its own',
      `process.getBuiltinModule?.('node:worker_threads').parentPort.postMessage({}); return new Promise(() => {})`,
      /only the bot may send/,
    ],
  ]
  for (const [what, body, why] of cases) {
    const hangs = why.source.startsWith('did not answer')
    const x = await loaded(t, deciding(body), { decideTimeoutMs: hangs ? 400 : 20_000 })
    const ended = { name: 'StrategyFailed', message: why }
    await t.rejects(x.decide(moment(), signal), ended, what)
    await t.rejects(x.decide(moment(), signal), ended, `${what}, and it stays so`)
  }
})

t.test('a module that ends between two decisions is over at the next', async (t) => {
  const x = await loaded(t, deciding('process.nextTick(() => setTimeout(() => process.exit(0))); return []'))
  t.strictSame(await x.decide(moment(), signal), [])
  // Ask until it is gone; each answer before is a sound one.
  const asked = async () => {
    for (;;) await x.decide(moment(), signal)
  }
  await t.rejects(asked(), StrategyFailed)
})

t.test('who gives up waiting is told so, and the module goes on', async (t) => {
  const x = await loaded(
    t,
    deciding(
      `return new Promise((done, fail) => moment.dryRun ? signal.addEventListener('abort', () => fail(signal.reason)) : done([]))`,
    ),
  )
  const over = new AbortController()
  const waiting = x.decide(moment(), over.signal)
  over.abort(new Error('the session closed'))
  await t.rejects(waiting, { message: 'the session closed' })
  t.strictSame(await x.decide(moment({ dryRun: false }), signal), [])
  await t.rejects(x.decide(moment(), AbortSignal.abort(new Error('late'))), { message: 'late' })
})

t.test("a module does not see the bot's environment, and writes to the bot's log", async (t) => {
  const lines: object[] = []
  const log = { ...silentLog, info: (fields: object) => void lines.push(fields) }
  const x = await loaded(
    t,
    deciding(
      `console.log('hello'); return [{ ...${buy}, note: Object.keys(process.env).join() || 'empty' }]`,
    ),
    { log },
  )
  t.match(await x.decide(moment(), signal), [{ note: 'empty' }])
  t.match(
    await until(
      () => lines,
      ({ length }) => length > 0,
      'it is logged',
    ),
    [{ text: 'hello' }],
  )
})

t.test('closed, it answers nobody, and nothing of it is left', async (t) => {
  const x = await loaded(t, deciding('return new Promise(() => {})'))
  const waiting = x.decide(moment(), signal)
  await Promise.all([t.rejects(waiting, { message: /was stopped/ }), x.close()])
})
