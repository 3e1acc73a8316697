import t from 'tap'
import { testApp } from './app.ts'

t.test('a series is tracked, found where Location says, and tracked no longer', async (t) => {
  const { call, marketData } = await testApp(t)
  for (const symbol of ['AAPL', 'BRK B', '../x', 'a&b=c?#%', '"x"', '日本', 'ES.Z6', '$gt', '\u{1F600}']) {
    const created = await call('POST', '/series', { symbol, timeframe: '5m' })
    t.match(created, {
      status: 201,
      body: {
        symbol,
        timeframe: '5m',
        secType: 'STK',
        exchange: 'SMART',
        currency: 'USD',
        whatToShow: 'TRADES',
        useRth: false,
        origin: 'tracked',
      },
    })
    const location = String(created.headers.location)
    t.match(location, /^\/api\/v1\/series\?symbol=[\x21-\x7e]+&timeframe=5m$/)
    const path = location.replace('/api/v1', '')
    t.match(await call('GET', path), { status: 200, body: { items: [{ symbol }] } })
    t.match(await call('POST', '/series', { symbol, timeframe: '5m' }), {
      status: 409,
      body: { code: 'SERIES_EXISTS' },
    })
    const removed = await call('DELETE', path)
    t.match(removed, { status: 204, text: '' })
    t.match(await call('DELETE', path), { status: 404, body: { code: 'SERIES_NOT_FOUND' } })
  }
  t.equal(marketData.series.size, 0)
  t.match(marketData.callers[0], { actor: 'local', requestId: /./ })
})

t.test('all that a series may say of itself', async (t) => {
  const { call } = await testApp(t)
  const asked = {
    symbol: 'EUR',
    timeframe: '1h',
    secType: 'CASH',
    exchange: 'IDEALPRO',
    currency: 'USD',
    whatToShow: 'MIDPOINT',
    useRth: true,
  }
  t.match(await call('POST', '/series', asked), { status: 201, body: asked })
})

t.test('series by pages', async (t) => {
  const { call } = await testApp(t)
  for (const symbol of ['C', 'A', 'B']) await call('POST', '/series', { symbol, timeframe: '1d' })
  const first = await call('GET', '/series?limit=2')
  t.match(first.body, { items: [{ symbol: 'A' }, { symbol: 'B' }], nextCursor: /./ })
  const second = await call('GET', `/series?limit=2&cursor=${encodeURIComponent(first.body.nextCursor)}`)
  t.match(second.body.items, [{ symbol: 'C' }])
  t.notOk('nextCursor' in second.body)
})

t.test('what is no series', async (t) => {
  const { call, marketData } = await testApp(t)
  const rows: Array<[body: object, path: string, message: RegExp]> = [
    [{ timeframe: '1m' }, 'body/symbol', /is required/],
    [{ symbol: 'A' }, 'body/timeframe', /is required/],
    [{ symbol: 'A', timeframe: '2m' }, 'body/timeframe', /must be one of 1m, 5m, 15m, 30m, 1h, 4h, 1d/],
    [{ symbol: '', timeframe: '1m' }, 'body/symbol', /fewer than 1/],
    [{ symbol: ' A', timeframe: '1m' }, 'body/symbol', /without blanks at its ends/],
    [{ symbol: 'A\n', timeframe: '1m' }, 'body/symbol', /without blanks/],
    [{ symbol: 'A\0B', timeframe: '1m' }, 'body/symbol', /without control characters/],
    [{ symbol: 'A\ud800', timeframe: '1m' }, 'body/symbol', /must match/],
    [{ symbol: 'A'.repeat(65), timeframe: '1m' }, 'body/symbol', /more than 64/],
    [{ symbol: 5, timeframe: '1m' }, 'body/symbol', /string/],
    [{ symbol: 'A', timeframe: '1m', whatToShow: 'SCHEDULE' }, 'body/whatToShow', /must be one of TRADES/],
    [{ symbol: 'A', timeframe: '1m', useRth: 'yes' }, 'body/useRth', /boolean/],
    [{ symbol: 'A', timeframe: '1m', exchange: 'a b' }, 'body/exchange', /must match/],
    [{ symbol: 'A', timeframe: '1m', sectype: 'STK' }, 'body/sectype', /not a known field/],
  ]
  for (const [body, path, message] of rows) {
    t.match(
      await call('POST', '/series', body),
      { status: 400, body: { code: 'INVALID_REQUEST', errors: [{ path, message }] } },
      JSON.stringify(body),
    )
  }
  t.equal((await call('DELETE', '/series?symbol=A')).status, 400)
  t.equal((await call('DELETE', '/series?symbol=A&symbol=B&timeframe=1m')).status, 400)
  t.equal((await call('GET', '/series?symbols=A')).status, 400)
  t.equal((await call('PUT', '/series')).headers.allow, 'DELETE, GET, HEAD, POST')
  t.equal(marketData.series.size, 0)
})
