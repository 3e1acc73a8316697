import t from 'tap'
import { FleetError } from '../../src/ports/errors.ts'
import { type TestApp, testApp } from './app.ts'

const aapl = 'symbol=AAPL&timeframe=1m'

t.test('JSON and CSV', async (t) => {
  const { call, marketData } = await testApp(t)
  const gap = {
    symbol: 'AAPL',
    timeframe: '1m',
    start: '2026-11-20T14:33:00Z',
    end: '2026-11-20T14:35:00Z',
    missingBars: 2,
    class: 'missing',
    position: 'trailing',
  } as const
  marketData.answer = { source: 'mixed', complete: false, gaps: [gap], note: 'The data connection is down.' }
  const json = await call('GET', `/bars?${aapl}`)
  t.equal(json.headers['content-type'], 'application/json; charset=utf-8')
  t.strictSame(json.body, {
    symbol: 'AAPL',
    timeframe: '1m',
    source: 'mixed',
    complete: false,
    gaps: [gap],
    note: 'The data connection is down.',
    bars: [
      { timestamp: '2026-11-20T14:30:00Z', open: 100, high: 100, low: 99.5, close: 100, volume: 0 },
      { timestamp: '2026-11-20T14:31:00Z', open: 100, high: 100.01, low: 99.5, close: 100.01, volume: 1 },
      { timestamp: '2026-11-20T14:32:00Z', open: 100, high: 100.02, low: 99.5, close: 100.02, volume: 2 },
    ],
  })
  const csv = await call('GET', `/bars?${aapl}&format=csv`)
  t.match(csv, {
    status: 200,
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="AAPL_1m.csv"',
    },
  })
  t.equal(
    csv.text,
    `timestamp,open,high,low,close,volume
2026-11-20T14:30:00Z,100,100,99.5,100,0
2026-11-20T14:31:00Z,100,100.01,99.5,100.01,1
2026-11-20T14:32:00Z,100,100.02,99.5,100.02,2
`,
  )
  t.equal(marketData.readers, 0)
})

t.test('HEAD would read bars for nobody', async (t) => {
  const { call, marketData } = await testApp(t)
  for (const path of [`/bars?${aapl}`, '/bars/stream?symbol=AAPL'])
    t.match(await call('HEAD', path), { status: 405, headers: { allow: 'GET' } })
  t.equal(marketData.readers, 0)
})

t.test('no bars at all', async (t) => {
  const { call, marketData } = await testApp(t)
  marketData.count = 0
  t.strictSame((await call('GET', `/bars?${aapl}`)).body, {
    symbol: 'AAPL',
    timeframe: '1m',
    source: 'local',
    complete: true,
    gaps: [],
    bars: [],
  })
  const csv = await call('GET', `/bars?${aapl}&format=csv`)
  t.equal(csv.text, 'timestamp,open,high,low,close,volume\n')
})

t.test('what is asked of the market data', async (t) => {
  const { call, marketData } = await testApp(t)
  const rows: Array<[query: string, asked: object]> = [
    ['', { fetch: true }],
    ['&fetch=true', { fetch: true }],
    ['&fetch=1', { fetch: true }],
    ['&fetch=false', { fetch: false }],
    ['&fetch=0', { fetch: false }],
    ['&start=2026-11-20', { startMs: Date.UTC(2026, 10, 20), fetch: true }],
    ['&end=2026-11-20T14:30', { endMs: Date.UTC(2026, 10, 20, 14, 30), fetch: true }],
    ['&end=2026-11-20+14:30:59', { endMs: Date.UTC(2026, 10, 20, 14, 30, 59), fetch: true }],
    ['&start=2026-11-20t14:30:00z', { startMs: Date.UTC(2026, 10, 20, 14, 30), fetch: true }],
    [
      '&start=2026-11-20T14:30:00.123456789Z',
      { startMs: Date.UTC(2026, 10, 20, 14, 30, 0, 123), fetch: true },
    ],
    ['&start=2026-11-20T14:30:00.5Z', { startMs: Date.UTC(2026, 10, 20, 14, 30, 0, 500), fetch: true }],
    ['&start=2026-11-20T09:30:00-05:00', { startMs: Date.UTC(2026, 10, 20, 14, 30), fetch: true }],
    ['&start=2026-11-20T20:00:00%2B05:30', { startMs: Date.UTC(2026, 10, 20, 14, 30), fetch: true }],
    ['&start=2024-02-29&end=2024-03-01', { startMs: Date.UTC(2024, 1, 29), endMs: Date.UTC(2024, 2, 1) }],
  ]
  for (const [query, asked] of rows) {
    t.equal((await call('GET', `/bars?${aapl}${query}`)).status, 200, query)
    t.match(marketData.requests.pop(), { symbol: 'AAPL', timeframe: '1m', ...asked }, query)
  }
  await call('GET', '/bars?symbol=BRK%20B&timeframe=1d')
  t.strictSame(marketData.requests.pop(), { symbol: 'BRK B', timeframe: '1d', fetch: true })
})

t.test('what is no request for bars', async (t) => {
  const { call, marketData } = await testApp(t)
  const all = '1m, 5m, 15m, 30m, 1h, 4h, 1d'
  const rows: Array<[query: string, path: string, message: string | RegExp]> = [
    ['', 'query/symbol', 'is required'],
    ['symbol=AAPL', 'query/timeframe', 'is required'],
    ['symbol=AAPL&timeframe=1min', 'query/timeframe', `must be one of ${all}`],
    ['symbol=AAPL&timeframe=1M', 'query/timeframe', `must be one of ${all}`],
    ['symbol=%20&timeframe=1m', 'query/symbol', /without blanks/],
    ['symbol=A%00&timeframe=1m', 'query/symbol', /without control characters/],
    ['symbol=A&symbol=B&timeframe=1m', 'query/symbol', /string/],
    [`${aapl}&format=xml`, 'query/format', 'must be one of json, csv'],
    [`${aapl}&fetch=no`, 'query/fetch', /must be one of true, false/],
    [`${aapl}&from=2026-11-20`, 'query/from', 'is not a known field'],
    [`${aapl}&start=yesterday`, 'query/start', /an RFC 3339 time or a date/],
    [`${aapl}&start=1763649000`, 'query/start', /an RFC 3339 time or a date/],
    [`${aapl}&start=2026-02-31`, 'query/start', /a time that there is/],
    [`${aapl}&start=2025-02-29`, 'query/start', /a time that there is/],
    [`${aapl}&end=2026-13-01`, 'query/end', /a time that there is/],
    [`${aapl}&end=2026-00-10`, 'query/end', /a time that there is/],
    [`${aapl}&end=2026-11-20T24:00:00Z`, 'query/end', /a time that there is/],
    [`${aapl}&end=2026-11-20T14:60:00Z`, 'query/end', /a time that there is/],
    [`${aapl}&end=2026-11-20T14:00:00%2B25:00`, 'query/end', /a time that there is/],
    [`${aapl}&start=2026-11-20&end=2026-11-20`, 'query/start', 'must lie before end'],
    [
      `${aapl}&start=2026-11-20T15:00:00Z&end=2026-11-20T09:30:00-05:00`,
      'query/start',
      'must lie before end',
    ],
  ]
  for (const [query, path, message] of rows) {
    t.match(
      await call('GET', `/bars?${query}`),
      { status: 400, body: { code: 'INVALID_REQUEST', errors: [{ path, message }] } },
      query,
    )
  }
  t.equal(marketData.requests.length, 0)
})

t.test('symbols in names of files', async (t) => {
  const { call } = await testApp(t)
  const rows = [
    ['../x', '_x_1m.csv'],
    ['..\\..\\x', '_x_1m.csv'],
    ['"; filename=evil.exe', '_filename_evil_exe_1m.csv'],
    ['BRK B', 'BRK_B_1m.csv'],
    ['日本', '__1m.csv'],
    ['\u{1F600}', '__1m.csv'],
    ['A\u202egpj', 'A_gpj_1m.csv'],
    ['%2e%2e%2f', '_2e_2e_2f_1m.csv'],
    ['ES-Z6', 'ES-Z6_1m.csv'],
  ] as const
  for (const [symbol, file] of rows) {
    const csv = await call('GET', `/bars?symbol=${encodeURIComponent(symbol)}&timeframe=1m&format=csv`)
    t.equal(csv.headers['content-disposition'], `attachment; filename="${file}"`, symbol)
  }
  const json = await call('GET', `/bars?symbol=${encodeURIComponent('"\u{1F600}\\')}&timeframe=1m`)
  t.equal(json.body.symbol, '"\u{1F600}\\')
})

t.test('what stands in the way is told, as long as nothing has been sent', async (t) => {
  const { call, marketData } = await testApp(t)
  const refusals = [
    ['CONTRACT_UNKNOWN', 404],
    ['CONTRACT_AMBIGUOUS', 409],
    ['BAR_FILE_DAMAGED', 409],
    ['REQUEST_REJECTED', 502],
    ['DATA_CONNECTION_DOWN', 503],
  ] as const
  for (const [code, status] of refusals) {
    marketData.outage = new FleetError(code, 'What happened.')
    for (const path of [`/bars?${aapl}`, `/bars?${aapl}&format=csv`, '/bars/stream?symbol=AAPL']) {
      const answer = await call('GET', path)
      t.match(answer, { status, body: { code, detail: 'What happened.' } }, path)
      t.match(answer.headers['content-type'], /^application\/problem\+json/)
      t.notOk(answer.headers['content-disposition'])
    }
  }
  marketData.outage = null
  marketData.damage = { after: 0, error: new FleetError('BAR_FILE_DAMAGED', 'AAPL/1m.csv, line 2.') }
  t.match(await call('GET', `/bars?${aapl}`), { status: 409, body: { detail: 'AAPL/1m.csv, line 2.' } })
  t.equal(marketData.readers, 0)
})

t.test('100,000 bars', async (t) => {
  const { call, marketData } = await testApp(t)
  marketData.count = 100_000
  // One portion of everything, too, is cut into pieces.
  for (const portion of [999, 100_000]) {
    marketData.portion = portion
    const { bars } = (await call('GET', `/bars?${aapl}`)).body
    t.equal(bars.length, 100_000)
    t.strictSame(
      [0, 1_000, 99_999].map((n) => bars[n].volume),
      [0, 1_000, 99_999],
    )
    const lines = (await call('GET', `/bars?${aapl}&format=csv`)).text.split('\n')
    t.equal(lines.length, 100_002)
    t.equal(lines[100_000], '2027-01-29T01:09:00Z,100,1099.99,99.5,1099.99,99999')
  }
  t.equal(await answerTurns(marketData, call), true, 'other requests are answered meanwhile')
})

/** Whether another request, asked after the bars, is answered before all bars have been taken. */
async function answerTurns(marketData: TestApp['marketData'], call: TestApp['call']): Promise<boolean> {
  marketData.taken = 0
  marketData.portion = 1_000
  const bars = call('GET', `/bars?${aapl}`)
  await call('GET', '/gaps')
  const wasEarlier = marketData.taken < marketData.count
  await bars
  return wasEarlier
}
