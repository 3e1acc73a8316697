// Strategy C opens nothing, and closes what it was told to and not one unit more.
import fc from 'fast-check'
import t from 'tap'
import type { BotPosition } from '../../src/bot/intents.ts'
import { leftToPerson, preserveCash } from '../../src/bot/strategies/strategy-c.ts'
import { moment } from './moment.ts'

const held = (symbol: string, position: number, own: number, account = 'DU1'): BotPosition => ({
  account,
  contract: { symbol, secType: 'STK', exchange: 'ARCA', currency: 'USD' },
  position,
  own,
})
const positions = [held('SPY', 120, 20), held('QQQ', -10, -10), held('IWM', 7, 0), held('DIA', 5, 5, 'DU2')]

t.test('told to close nothing, it does nothing', async (t) => {
  t.strictSame(preserveCash(moment({ positions }), 'nothing'), [])
})

t.test('told to close its own, it sells or buys back what the bot has opened, in its account', async (t) => {
  const base = { secType: 'STK', exchange: 'SMART', currency: 'USD', orderType: 'MKT', effect: 'close' }
  t.match(preserveCash(moment({ positions }), 'own'), [
    { ...base, symbol: 'SPY', action: 'SELL', quantity: 20 },
    { ...base, symbol: 'QQQ', action: 'BUY', quantity: 10 },
  ])
})

t.test('told to close all, it closes every position of its account', async (t) => {
  const closed = preserveCash(moment({ positions }), 'all')
  t.strictSame(
    closed.map(({ symbol, action, quantity }) => [symbol, action, quantity]),
    [
      ['SPY', 'SELL', 120],
      ['QQQ', 'BUY', 10],
      ['IWM', 'SELL', 7],
    ],
  )
})

t.test('futures and options are left to a person, since a symbol does not name them', async (t) => {
  const future: BotPosition = {
    ...held('ES', 2, 0),
    contract: { symbol: 'ES', secType: 'FUT', localSymbol: 'ESH6' },
  }
  const all = moment({ positions: [...positions, future] })
  t.equal(preserveCash(all, 'all').length, 3)
  t.strictSame(leftToPerson(all, 'all'), [future])
  t.strictSame(leftToPerson(all, 'own'), [], 'nothing of it is our own')
  t.strictSame(leftToPerson(all, 'nothing'), [])
})

t.test('currencies are closed where they are traded', async (t) => {
  const euro: BotPosition = {
    ...held('EUR', -1000, -1000),
    contract: { symbol: 'EUR', secType: 'CASH', currency: 'USD' },
  }
  t.match(preserveCash(moment({ positions: [euro] }), 'own'), [
    { symbol: 'EUR', secType: 'CASH', exchange: 'IDEALPRO', currency: 'USD', action: 'BUY', quantity: 1000 },
  ])
})

t.test('whatever the positions, it only ever closes, never more than is there', async () => {
  const number = fc.oneof(fc.integer({ min: -500, max: 500 }), fc.double())
  const any = fc.array(fc.tuple(number, number), { maxLength: 5 })
  fc.assert(
    fc.property(
      any,
      fc.constantFrom('nothing' as const, 'own' as const, 'all' as const),
      (each, closeOut) => {
        const positions = each.map(([position, own], index) => held(`S${index}`, position, own))
        return preserveCash(moment({ positions }), closeOut).every((intent) => {
          const { position } = positions.find(
            ({ contract }) => contract.symbol === intent.symbol,
          ) as BotPosition
          const right = intent.action === (position > 0 ? 'SELL' : 'BUY')
          return (
            right && intent.effect === 'close' && intent.quantity > 0 && intent.quantity <= Math.abs(position)
          )
        })
      },
    ),
  )
})
