// Regular hours of the exchange: holidays, half days, and both changes of the clock.
import t from 'tap'
import { isMarketOpen, newYorkDate, nextMarketOpen, sessionClose } from '../../src/bot/market-hours.ts'

const at = (iso: string) => Date.parse(iso)

t.test('a plain day: open from 9:30 to 16:00 in New York', async (t) => {
  t.notOk(isMarketOpen(at('2026-02-10T09:29:59-05:00')))
  t.ok(isMarketOpen(at('2026-02-10T09:30:00-05:00')))
  t.ok(isMarketOpen(at('2026-02-10T15:59:59-05:00')))
  t.notOk(isMarketOpen(at('2026-02-10T16:00:00-05:00')))
  t.equal(sessionClose(at('2026-02-10T12:00:00-05:00')), at('2026-02-10T16:00:00-05:00'))
  t.equal(sessionClose(at('2026-02-10T17:00:00-05:00')), undefined)
})

t.test('a holiday after a weekend: the next open is on Tuesday', async (t) => {
  t.notOk(isMarketOpen(at('2026-02-16T12:00:00-05:00')), "Washington's Birthday")
  t.equal(nextMarketOpen(at('2026-02-13T16:00:00-05:00')), at('2026-02-17T09:30:00-05:00'))
})

t.test('a half day closes at 13:00', async (t) => {
  t.ok(isMarketOpen(at('2026-11-27T12:59:59-05:00')))
  t.notOk(isMarketOpen(at('2026-11-27T13:00:00-05:00')))
  t.equal(sessionClose(at('2026-11-27T10:00:00-05:00')), at('2026-11-27T13:00:00-05:00'))
  t.equal(nextMarketOpen(at('2026-11-27T13:00:00-05:00')), at('2026-11-30T09:30:00-05:00'))
})

t.test('the clock goes forward, and the open comes an hour earlier for the rest of the world', async (t) => {
  t.equal(nextMarketOpen(at('2026-03-06T21:00:00Z')), at('2026-03-09T13:30:00Z'))
  t.equal(nextMarketOpen(at('2026-03-05T21:00:00Z')), at('2026-03-06T14:30:00Z'))
  t.equal(sessionClose(at('2026-03-09T15:00:00Z')), at('2026-03-09T20:00:00Z'))
})

t.test('the clock goes back, and the open comes an hour later for the rest of the world', async (t) => {
  t.equal(nextMarketOpen(at('2026-10-30T20:00:00Z')), at('2026-11-02T14:30:00Z'))
  t.equal(nextMarketOpen(at('2026-10-29T20:00:00Z')), at('2026-10-30T13:30:00Z'))
  t.equal(sessionClose(at('2026-11-02T15:00:00Z')), at('2026-11-02T21:00:00Z'))
})

t.test('the date is that of New York', async (t) => {
  t.equal(newYorkDate(at('2026-02-10T04:59:59Z')), '2026-02-09')
  t.equal(newYorkDate(at('2026-02-10T05:00:00Z')), '2026-02-10')
  t.equal(newYorkDate(at('2026-07-01T03:59:59Z')), '2026-06-30')
  t.equal(newYorkDate(at('2026-07-01T04:00:00Z')), '2026-07-01')
})
