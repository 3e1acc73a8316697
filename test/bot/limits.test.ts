// The limits held against single intents, and how exposure is counted.
import t from 'tap'
import { contractKey, exposureOf } from '../../src/bot/exposure.ts'
import type { OrderIntent } from '../../src/bot/intents.ts'
import { type LimitFacts, whyMalformed, whyRefused } from '../../src/bot/limits.ts'
import { buy, sell } from './order-world.ts'

const flat = { low: 0, high: 0, buying: 0, selling: 0 }
const facts: LimitFacts = {
  limits: { max_daily_loss_pct: 0.1, max_single_position: 120 },
  exposure: flat,
  netLiquidation: 100_000,
  openingNetLiquidation: 100_000,
}
const held = (units: number, changes: Partial<LimitFacts['exposure']> = {}): LimitFacts => ({
  ...facts,
  exposure: { ...flat, low: units, high: units, ...changes },
})

t.test('what is no order', (t) => {
  const bad: Array<Partial<Record<keyof OrderIntent, unknown>>> = [
    { symbol: '' },
    { symbol: 7 },
    { symbol: 'SPY\0' },
    { symbol: 'X'.repeat(33) },
    { secType: 'STK;' },
    { currency: 5 },
    { action: 'HOLD' },
    { effect: undefined },
    { quantity: 0 },
    { quantity: -1 },
    { quantity: Number.NaN },
    { quantity: Number.POSITIVE_INFINITY },
    { quantity: '10' },
    { orderType: 'TRAIL' },
    { tif: 'OPG' },
    { orderType: 'LMT' },
    { orderType: 'LMT', lmtPrice: 0 },
    { orderType: 'LMT', lmtPrice: Number.NaN },
    { orderType: 'STP' },
    { orderType: 'STP LMT', lmtPrice: 1 },
    { orderType: 'STP LMT', auxPrice: 1 },
  ]
  for (const changes of bad)
    t.match(whyMalformed({ ...buy('SPY'), ...changes } as OrderIntent), /\.$/, JSON.stringify(changes))
  for (const changes of [
    {},
    { symbol: 'BRK B' },
    { quantity: 0.5 },
    { orderType: 'LMT', lmtPrice: 1, tif: 'GTC' },
    { orderType: 'STP LMT', lmtPrice: 1, auxPrice: 2 },
  ] as const)
    t.equal(whyMalformed({ ...buy('SPY'), ...changes }), undefined, JSON.stringify(changes))
  t.end()
})

t.test('max_single_position counts what is held and what works in the same direction', (t) => {
  t.equal(whyRefused(buy('SPY', 120), facts), undefined)
  t.match(whyRefused(buy('SPY', 120.5), facts), /a position of 120.5 .*max_single_position is 120/)
  t.equal(whyRefused(buy('SPY', 70), held(50)), undefined)
  t.match(whyRefused(buy('SPY', 71), held(50)), /position of 121/)
  t.match(whyRefused(buy('SPY', 70), held(50, { buying: 1 })), /position of 121/)
  t.equal(whyRefused(buy('SPY', 70), held(50, { selling: 30 })), undefined, 'a sale that works helps nobody')
  t.match(whyRefused(buy('SPY', 100), held(0, { high: 30 })), /position of 130/, 'a fill that may be missing')
  const short = { action: 'SELL', effect: 'open' } as const
  t.equal(whyRefused(buy('SPY', 70, short), held(-50)), undefined)
  t.match(whyRefused(buy('SPY', 71, short), held(-50)), /position of 121/)
  t.match(whyRefused(buy('SPY', 70, short), held(-50, { selling: 1 })), /position of 121/)
  t.equal(whyRefused(buy('SPY', 170, short), held(50)), undefined, 'through zero')
  t.end()
})

t.test("max_daily_loss_pct: a share of the day's opening", (t) => {
  const lost = (netLiquidation: number | undefined, openingNetLiquidation: number | undefined = 100_000) =>
    whyRefused(buy('SPY'), { ...facts, netLiquidation, openingNetLiquidation })
  t.equal(lost(90_001), undefined)
  t.match(lost(90_000), /loss of 10.00 % has reached max_daily_loss_pct, 10.00 % of 100000/)
  t.match(lost(undefined), /loss is not known/)
  t.match(lost(90_000, 0), /loss is not known/)
  t.match(lost(Number.NaN), /loss is not known/)
  t.equal(
    whyRefused(sell('SPY', 5), { ...held(5), netLiquidation: 1, limits: undefined }),
    undefined,
    'closing is always allowed',
  )
  t.match(whyRefused(buy('SPY'), { ...facts, limits: undefined }), /No gameplan is in force/)
  t.match(
    whyRefused(buy('SPY'), {
      ...facts,
      limits: { max_daily_loss_pct: 0.1, max_single_position: Number.NaN },
    }),
    /max_single_position/,
    'a limit that is no number allows nothing',
  )
  t.match(
    whyRefused(buy('SPY'), { ...facts, limits: { max_daily_loss_pct: Number.NaN, max_single_position: 1 } }),
    /max_daily_loss_pct/,
  )
  t.end()
})

t.test('a close may only make a position smaller', (t) => {
  t.equal(whyRefused(sell('SPY', 50), held(50)), undefined)
  t.match(whyRefused(sell('SPY', 51), held(50)), /more than the 50 units held/)
  t.match(whyRefused(sell('SPY', 50), held(50, { selling: 1 })), /less 1 in orders that work/)
  t.match(whyRefused(sell('SPY', 50), held(0, { low: 20, high: 50 })), /more than the 20 units held/)
  t.match(whyRefused(sell('SPY', 1), facts), /no certain position in SPY to close \(0 units\)/)
  t.match(whyRefused(sell('SPY', 1), held(0, { low: -1, high: 5 })), /between -1 and 5/)
  t.match(whyRefused(buy('SPY', 1, { effect: 'close' }), held(50)), /BUY does not make the position/)
  t.equal(whyRefused(buy('SPY', 50, { effect: 'close' }), held(-50)), undefined)
  t.match(whyRefused(buy('SPY', 50, { effect: 'close' }), held(-50, { buying: 5 })), /more than the 50 units/)
  t.end()
})

t.test('exposure: only the same symbol, and what is uncertain in the worse direction', (t) => {
  const spy = { symbol: 'SPY', secType: 'STK', currency: 'USD' }
  t.equal(contractKey({ symbol: 'spy' }), contractKey(spy))
  t.strictSame(
    exposureOf(
      { symbol: 'SPY' },
      [
        { contract: spy, position: 10 },
        { contract: { symbol: 'QQQ' }, position: 99 },
        { contract: { ...spy, secType: 'OPT' }, position: 99 },
      ],
      [
        { contract: spy, units: 5 },
        { contract: spy, units: -3 },
        { contract: { symbol: 'QQQ' }, units: 99 },
      ],
      [
        { contract: spy, action: 'BUY', units: 2 },
        { contract: spy, action: 'SELL', units: 1 },
        { contract: { symbol: 'QQQ' }, action: 'SELL', units: 99 },
      ],
    ),
    { low: 7, high: 15, buying: 2, selling: 1 },
  )
  t.end()
})
