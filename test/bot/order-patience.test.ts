// Orders that IB keeps refusing are repeated ever later, and nobody else's order waits for them.
import t from 'tap'
import type { BotOrder } from '../../src/bot/order-book.ts'
import { patienceFor } from '../../src/bot/order-patience.ts'

const now = Date.UTC(2026, 2, 18, 15)

function order(changes: Partial<BotOrder>): BotOrder {
  return {
    orderRef: 'x',
    orderId: 1,
    clientId: 1,
    account: 'DU1',
    contract: { symbol: 'SPY', secType: 'STK', exchange: 'SMART', currency: 'USD' },
    action: 'SELL',
    quantity: 1,
    orderType: 'MKT',
    tif: 'DAY',
    effect: 'close',
    createdAt: now - 1_000,
    changedAt: now - 1_000,
    state: 'ended',
    permId: 0,
    filled: 0,
    said: 'Order rejected - reason: no shares',
    ...changes,
  }
}

const close = { symbol: 'SPY', effect: 'close' } as const

t.test('after each refusal in a row the wait is longer, and a person hears of the third', async (t) => {
  const waits = [1, 2, 3, 4, 5].map((failures) => {
    const patience = patienceFor(
      close,
      Array.from({ length: failures }, () => order({})),
      now,
    )
    return [(patience?.notBefore ?? 0) - (now - 1_000), patience?.tell]
  })
  t.strictSame(waits, [
    [10_000, false],
    [30_000, false],
    [60_000, true],
    [300_000, false],
    [300_000, false],
  ])
})

t.test('when the time is over, or was never filled in vain, nothing speaks against it', async (t) => {
  t.equal(patienceFor(close, [], now), undefined)
  t.equal(patienceFor(close, [order({ changedAt: now - 10_000 })], now), undefined)
  t.equal(patienceFor(close, [order({}), order({ state: 'filled', filled: 1 })], now), undefined)
  t.equal(patienceFor(close, [order({ filled: 1 })], now), undefined, 'filled in part is no refusal')
  t.equal(patienceFor(close, [order({ changedAt: now - 2 * 3_600_000 })], now), undefined)
})

t.test('another symbol, or opening instead of closing, does not wait', async (t) => {
  t.equal(patienceFor({ ...close, symbol: 'AAPL' }, [order({})], now), undefined)
  t.equal(patienceFor({ ...close, effect: 'open' }, [order({})], now), undefined)
})
