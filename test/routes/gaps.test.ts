import t from 'tap'
import type { Gap } from '../../schemas/market-data.ts'
import { testApp } from './app.ts'

function gap(symbol: string, over: Partial<Gap> = {}): Gap {
  return {
    symbol,
    timeframe: '1m',
    start: '2026-11-20T14:30:00Z',
    end: '2026-11-20T14:35:00Z',
    missingBars: 5,
    class: 'missing',
    position: 'interior',
    ...over,
  }
}

t.test('gaps, all or some of them', async (t) => {
  const { call, marketData } = await testApp(t)
  marketData.gaps = [
    gap('AAPL', { class: 'outage' }),
    gap('AAPL', { timeframe: '1d', position: 'whole' }),
    gap('BRK B', { class: 'no-data' }),
  ]
  const symbols = async (query: string) =>
    (await call('GET', `/gaps${query}`)).body.items.map(({ symbol }: Gap) => symbol)
  t.strictSame((await call('GET', '/gaps')).body, { items: marketData.gaps })
  t.strictSame(await symbols('?symbol=BRK%20B'), ['BRK B'])
  t.strictSame(await symbols('?symbol=BRK+B'), ['BRK B'])
  t.strictSame(await symbols('?timeframe=1d'), ['AAPL'])
  t.strictSame(await symbols('?class=outage'), ['AAPL'])
  t.strictSame(await symbols('?symbol=MSFT'), [])
  const first = await call('GET', '/gaps?limit=2')
  t.equal(first.body.items.length, 2)
  t.strictSame(await symbols(`?limit=2&cursor=${encodeURIComponent(first.body.nextCursor)}`), ['BRK B'])
})

t.test('gaps that cannot be asked for', async (t) => {
  const { call } = await testApp(t)
  for (const [query, path] of [
    ['timeframe=1M', 'query/timeframe'],
    ['class=all', 'query/class'],
    ['symbol=', 'query/symbol'],
    ['limit=0', 'query/limit'],
    ['from=2026-11-20', 'query/from'],
  ] as const) {
    t.match(await call('GET', `/gaps?${query}`), { status: 400, body: { errors: [{ path }] } }, query)
  }
  t.match((await call('GET', '/gaps?timeframe=1M')).body.detail, /1m, 5m, 15m, 30m, 1h, 4h, 1d/)
})
