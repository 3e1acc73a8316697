// series, gaps, bars and the data connection's line of status, against a made-up API.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Gap, GapFillerStatus, Series } from '../../schemas/market-data.ts'
import { type AskedRequest, ibgm, problem, type StubAnswer, stubApi } from './harness.ts'

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()

function series(over: Partial<Series> = {}): Series {
  return {
    symbol: 'BRK B',
    timeframe: '1m',
    secType: 'STK',
    exchange: 'SMART',
    currency: 'USD',
    whatToShow: 'TRADES',
    useRth: false,
    origin: 'tracked',
    ...over,
  }
}

function gap(over: Partial<Gap> = {}): Gap {
  return {
    symbol: 'AAPL',
    timeframe: '1m',
    start: '2026-11-20T14:30:00Z',
    end: '2026-11-20T14:35:00Z',
    missingBars: 5,
    class: 'missing',
    position: 'interior',
    ...over,
  }
}

function filler(over: Partial<GapFillerStatus> = {}): GapFillerStatus {
  return {
    enabled: true,
    running: false,
    series: 2,
    gapsFound: 3,
    gapsFilled: 3,
    barsWritten: 0,
    failed: 0,
    pacingWaits: 0,
    pacingErrors: 0,
    ...over,
  }
}

t.test('series: list, add, remove', async (t) => {
  const found = series({
    symbol: 'EUR\x1b[2J',
    secType: 'CASH',
    exchange: 'IDEALPRO',
    whatToShow: 'MIDPOINT',
    useRth: true,
    origin: 'file',
    firstBarAt: '2026-10-21T00:00:00Z',
    lastBarAt: '2026-11-20T20:59:00Z',
    scannedAt: ago(125),
    gaps: 2,
    problem: { code: 'BAR_FILE_DAMAGED', message: 'EUR/1m.csv, line 7.' },
  })
  const api = await stubApi(t, ({ method, path }) => {
    if (method === 'DELETE') return { status: 204 }
    if (method === 'POST') return { status: 201, body: series() }
    if (path.includes('cursor=next')) return { body: { items: [found] } }
    return { body: { items: [series()], nextCursor: 'next' } }
  })
  const env = { IBGM_URL: api.url }
  const lines = (await ibgm(['series'], { env })).stdout.split('\n')
  t.match(
    lines[0],
    /^SYMBOL +TIMEFRAME +CONTRACT +BARS OF +ORIGIN +FIRST \(UTC\) +LAST \(UTC\) +GAPS +SCANNED$/,
  )
  t.match(lines[1], /^BRK B +1m +STK SMART USD +TRADES +tracked +- +- +- +-$/)
  t.match(
    lines[2],
    /^EUR +1m +CASH IDEALPRO USD +MIDPOINT in regular hours +file +2026-10-21T00:00:00Z +2026-11-20T20:59:00Z +2 +2m ago$/,
  )
  t.equal(lines[3], '  BAR_FILE_DAMAGED: EUR/1m.csv, line 7.')
  t.equal(JSON.parse((await ibgm(['series', '--json'], { env })).stdout).items.length, 2)

  api.asked.length = 0
  const contract = ['--sec-type', 'CASH', '--exchange', 'IDEALPRO', '--currency', 'USD']
  const outcomes = [
    await ibgm(['series', 'add', 'BRK B', '1m'], { env }),
    await ibgm(['series', 'add', 'EUR', '1h', ...contract, '--what', 'MIDPOINT', '--rth'], { env }),
    await ibgm(['series', 'remove', '../x', '1m'], { env }),
    await ibgm(['series', 'remove', 'BRK B', '1m', '--json'], { env }),
  ]
  t.strictSame(
    outcomes.map(({ code }) => code),
    [0, 0, 0, 0],
  )
  t.equal(outcomes[0]?.stdout, 'BRK B 1m is tracked\n')
  t.equal(outcomes[2]?.stdout, '../x 1m is no longer tracked; its file stays\n')
  t.strictSame(JSON.parse(outcomes[3]?.stdout ?? ''), { symbol: 'BRK B', timeframe: '1m', removed: true })
  t.strictSame(
    api.asked.map(({ method, path, body }) => ({ method, path, body })),
    [
      { method: 'POST', path: '/series', body: { symbol: 'BRK B', timeframe: '1m' } },
      {
        method: 'POST',
        path: '/series',
        body: {
          symbol: 'EUR',
          timeframe: '1h',
          secType: 'CASH',
          exchange: 'IDEALPRO',
          currency: 'USD',
          whatToShow: 'MIDPOINT',
          useRth: true,
        },
      },
      { method: 'DELETE', path: '/series?symbol=..%2Fx&timeframe=1m', body: undefined },
      { method: 'DELETE', path: '/series?symbol=BRK+B&timeframe=1m', body: undefined },
    ],
  )
})

t.test('no series yet, and series that are refused', async (t) => {
  const none = await stubApi(t, () => ({ body: { items: [] } }))
  t.match((await ibgm(['series', '--url', none.url])).stdout, /no series yet; `ibgm series add/)
  const known = await stubApi(t, () => problem(409, 'SERIES_EXISTS', 'AAPL 1m is tracked already.'))
  const { code, stderr } = await ibgm(['series', 'add', 'AAPL', '1m', '--url', known.url])
  t.equal(code, 1)
  t.match(stderr, /SERIES_EXISTS\n.*what to do: `ibgm series remove/)
  t.equal((await ibgm(['series', 'add', 'AAPL'])).code, 2)
})

t.test('gaps, and what the gap filler does about them', async (t) => {
  const statuses: Array<[status: GapFillerStatus, line: RegExp]> = [
    [
      filler({ lastScanAt: ago(125), nextScanAt: ago(-200) }),
      /^gap filler: 3 gaps found, 3 filled, 0 failed by the scan 2m ago; next scan in 3m$/,
    ],
    [filler({ nextScanAt: ago(-5.5) }), /^gap filler: no scan yet; next scan in [\d.]+m?s$/],
    [filler({ enabled: false }), /^gap filler: no scan yet; nothing is filled without .*DATA_FOLLOWER/],
    [
      filler({
        running: true,
        gapsFilled: 1,
        failed: 2,
        current: {
          stage: 'filling',
          done: 1,
          total: 3,
          symbols: ['AAPL 1m', 'BRK B 1m'],
          requestsLeft: 17,
          waitingUntil: ago(-30),
        },
      }),
      /^gap filler: filling 1\/3 gaps: AAPL 1m, BRK B 1m; 17 requests left, waits \d+s for IB's limits; 3 gaps found, 1 filled, 2 failed$/,
    ],
    [
      filler({ running: true, gapsFound: 1, current: { stage: 'scanning', done: 4, total: 9, symbols: [] } }),
      /^gap filler: scanning 4\/9 series; 1 gap found/,
    ],
    [filler({ running: true }), /^gap filler: running; /],
  ]
  for (const [status, line] of statuses) {
    const api = await stubApi(t, ({ path }) =>
      path.startsWith('/system') ? { body: status } : { body: { items: [] } },
    )
    const { code, stdout } = await ibgm(['gaps', '--url', api.url])
    t.equal(code, 0)
    t.match(stdout.split('\n')[0], line)
    t.equal(stdout.split('\n')[1], 'no gaps')
  }

  const gaps = [gap({ class: 'outage' }), gap({ timeframe: '1d', class: 'no-data', position: 'whole' })]
  const api = await stubApi(t, ({ path }) =>
    path.startsWith('/system') ? { body: filler() } : { body: { items: gaps } },
  )
  const asked = ['gaps', '--symbol', 'BRK B', '--timeframe', '1m', '--url', api.url]
  const lines = (await ibgm(asked)).stdout.split('\n')
  t.match(lines[1], /^SYMBOL +TIMEFRAME +FROM \(UTC\) +TO \(UTC\) +BARS +CLASS +POSITION$/)
  t.match(lines[2], /^AAPL +1m +2026-11-20T14:30:00Z +2026-11-20T14:35:00Z +5 +outage +interior$/)
  t.match(lines[3], /^AAPL +1d .* no-data +whole$/)
  t.match(api.asked[1]?.path, '/gaps?symbol=BRK+B&timeframe=1m&limit=1000')
  t.match(JSON.parse((await ibgm([...asked, '--json'])).stdout), { filler: { series: 2 }, items: gaps })
})

/** A gap filler that goes on to its next status each time it is looked at. */
function scanning(statuses: readonly GapFillerStatus[]) {
  let at = -1
  return ({ method }: AskedRequest): StubAnswer => {
    if (method === 'POST') return { status: 202, body: { scanId: 'scan-1' } }
    at = Math.min(at + 1, statuses.length - 1)
    return { body: statuses[at] }
  }
}

const running = (over: Partial<NonNullable<GapFillerStatus['current']>>) =>
  filler({
    running: true,
    scanId: 'scan-1',
    current: { stage: 'scanning', done: 0, total: 2, symbols: [], ...over },
  })

t.test('gaps scan asks once; with --wait it tells each step until the end', async (t) => {
  const once = await stubApi(t, scanning([]))
  t.equal(
    (await ibgm(['gaps', 'scan', '--url', once.url])).stdout,
    'scan scan-1 has begun; `ibgm gaps` shows how far it is\n',
  )
  t.match(once.asked, [{ method: 'POST', path: '/system/gap-filler/force-scan', body: undefined }])

  const steps = [
    running({}),
    running({}),
    running({ stage: 'filling', symbols: ['AAPL 1m'], requestsLeft: 1, waitingUntil: ago(-0.5) }),
    running({ stage: 'filling', symbols: ['AAPL 1m'], requestsLeft: 1, waitingUntil: ago(-1) }),
    filler({ scanId: 'scan-1' }),
  ]
  const api = await stubApi(t, scanning(steps))
  const { code, stdout } = await ibgm(['gaps', 'scan', '--wait', '--url', api.url])
  t.equal(code, 0)
  t.match(
    stdout,
    /^ +[\d.]+m?s {2}scanning 0\/2 series\n +[\d.]+m?s {2}filling 0\/2 gaps: AAPL 1m; 1 request left\ndone after [\d.]+m?s: 3 gaps found, 3 filled, 0 failed\n$/,
  )
  const json = await stubApi(t, scanning(steps))
  const last = await ibgm(['gaps', 'scan', '--wait', '10', '--json', '--url', json.url])
  t.strictSame(JSON.parse(last.stdout), filler({ scanId: 'scan-1' }))
})

t.test('a scan that fails, is lost, lasts too long, or may not begin', async (t) => {
  const lastError = {
    code: 'CONTRACT_UNKNOWN',
    message: 'IB knows no XYZ.',
    symbol: 'XYZ',
    timeframe: '1m',
    at: ago(0),
  } as const
  const failing = await stubApi(t, scanning([filler({ scanId: 'scan-1', failed: 1, lastError })]))
  const failed = await ibgm(['gaps', 'scan', '--wait', '--url', failing.url])
  t.equal(failed.code, 1)
  t.match(failed.stdout, /1 failed\n {2}CONTRACT_UNKNOWN \(XYZ 1m\): IB knows no XYZ\.\n$/)
  const several = await stubApi(t, scanning([filler({ scanId: 'scan-1', failed: 3, lastError })]))
  t.match(
    (await ibgm(['gaps', 'scan', '--wait', '--url', several.url])).stdout,
    /3 failed\n {2}CONTRACT_UNKNOWN .*\n {2}`ibgm series` shows each\n$/,
  )

  const restarted = await stubApi(t, scanning([running({}), filler()]))
  const lost = await ibgm(['gaps', 'scan', '--wait', '--url', restarted.url])
  t.equal(lost.code, 1)
  t.match(lost.stderr, /SCAN_LOST/)

  const slow = await stubApi(t, scanning([running({})]))
  const late = await ibgm(['gaps', 'scan', '--wait', '300ms', '--url', slow.url])
  t.equal(late.code, 1)
  t.match(late.stdout, /still running after .*; it goes on\n$/)

  const busy = await stubApi(t, () => problem(409, 'SCAN_RUNNING', 'Scan scan-0 is running.'))
  const refused = await ibgm(['gaps', 'scan', '--wait', '--url', busy.url])
  t.equal(refused.code, 1)
  t.match(refused.stderr, /Scan scan-0 is running\.\n {2}code: SCAN_RUNNING\n {2}what to do: `ibgm gaps`/)
  t.equal((await ibgm(['gaps', 'scan', '--wait', 'soon'])).code, 2)

  const interrupt = new AbortController()
  const stopped = await ibgm(['gaps', 'scan', '--wait', '--url', slow.url], {
    signal: interrupt.signal,
    onOutput: (stdout) => stdout.includes('scanning') && interrupt.abort(),
  })
  t.equal(stopped.code, 1)
  t.match(stopped.stderr, /interrupted/)
})

t.test('bars as a table, as JSON and as CSV', async (t) => {
  const body = {
    symbol: 'BRK B',
    timeframe: '1m',
    source: 'mixed',
    complete: false,
    gaps: [gap({ class: 'no-data' }), gap({ class: 'outage', missingBars: 1 }), gap()],
    note: 'The data connection is down.',
    bars: [{ timestamp: '2026-11-20T14:30:00Z', open: 1, high: 2, low: 0.5, close: 1.5, volume: -1 }],
  }
  const csv = 'timestamp,open,high,low,close,volume\n2026-11-20T14:30:00Z,1,2,0.5,1.5,-1\n'
  const api = await stubApi(t, ({ path }) =>
    path.includes('format=csv') ? { body: csv, headers: { 'content-type': 'text/csv' } } : { body },
  )
  const env = { IBGM_URL: api.url }
  const asked = ['bars', 'BRK B', '1m', '--start', '2026-11-20', '--end', '2026-11-20T15:00+01:00']
  t.equal(
    (await ibgm([...asked, '--no-fetch'], { env })).stdout,
    `TIMESTAMP (UTC)       OPEN  HIGH  LOW  CLOSE  VOLUME
2026-11-20T14:30:00Z  1     2     0.5  1.5    -1
BRK B 1m: 1 bar from files and IB, not complete
  2026-11-20T14:30:00Z to 2026-11-20T14:35:00Z: 5 bars missing, since IB has none
  2026-11-20T14:30:00Z to 2026-11-20T14:35:00Z: 1 bar missing, since an outage
  2026-11-20T14:30:00Z to 2026-11-20T14:35:00Z: 5 bars missing
  The data connection is down.
`,
  )
  t.equal(
    api.asked[0]?.path,
    '/bars?symbol=BRK+B&timeframe=1m&start=2026-11-20&end=2026-11-20T15%3A00%2B01%3A00&fetch=false',
  )
  t.strictSame(JSON.parse((await ibgm([...asked, '--json'], { env })).stdout), body)
  t.notMatch(api.asked[1]?.path, 'fetch')
  t.strictSame(await ibgm(['bars', 'BRK B', '1m', '--csv'], { env }), { code: 0, stdout: csv, stderr: '' })
  t.equal(api.asked[2]?.headers.accept, 'text/csv, application/problem+json')
  t.equal((await ibgm(['bars', 'BRK B', '1m', '--csv', '--json'], { env })).code, 2)
})

t.test('no bars, and bars that are refused', async (t) => {
  const empty = { symbol: 'A', timeframe: '1d', source: 'local', complete: true, gaps: [], bars: [] }
  const none = await stubApi(t, () => ({ body: empty }))
  t.equal((await ibgm(['bars', 'A', '1d', '--url', none.url])).stdout, 'A 1d: 0 bars from files, complete\n')
  const faults = { errors: [{ path: 'query/timeframe', message: 'must be one of 1m, 5m' }] }
  const refusing = await stubApi(t, () => problem(400, 'INVALID_REQUEST', 'No such timeframe.', faults))
  for (const more of [[], ['--csv'], ['--json']]) {
    const { code, stderr } = await ibgm(['bars', 'A', '2m', ...more, '--url', refusing.url])
    t.equal(code, 2)
    t.match(stderr, /must be one of 1m, 5m/)
  }
})

t.test('CSV that breaks off is told, and what came is printed', async (t) => {
  let breakOff = () => {}
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/csv' })
    response.write('timestamp,open\n')
    breakOff = () => response.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { code, stdout, stderr } = await ibgm(['bars', 'A', '1m', '--csv', '--url', url], {
    onOutput: () => breakOff(),
  })
  t.equal(code, 1)
  t.equal(stdout, 'timestamp,open\n')
  t.match(stderr, /broke off: what came is not all\n {2}code: BROKEN_OFF/)
})

t.test('status tells of the data connection', async (t) => {
  const host = { host: '127.0.0.1', port: 4002, clientId: 1 }
  const lastError = { code: 502, message: 'Nobody\x1b[2J listens.', at: ago(5) }
  const rows: Array<[connection: object, line: RegExp]> = [
    [{ state: 'disabled', reconnects: 0 }, /: none \(DATA_FOLLOWER or IB_HOST names its gateway\)$/],
    [{ state: 'connecting', reconnects: 0, ...host }, /: connecting to 127\.0\.0\.1:4002 as client 1$/],
    [
      { state: 'connected', reconnects: 2, ...host, lastHeartbeatAt: ago(3.5), lastError },
      /: connected to 127\.0\.0\.1:4002 as client 1, heartbeat \d+s ago, 2 reconnects$/,
    ],
    [{ state: 'connected', reconnects: 0, ...host }, /: connected to 127\.0\.0\.1:4002 as client 1$/],
    [
      { state: 'waiting', reconnects: 0, nextRetryAt: ago(-60), lastError },
      /: waiting, next try in \d+s \(502: Nobody listens\.\)$/,
    ],
    [{ state: 'waiting', reconnects: 0 }, /: waiting$/],
  ]
  for (const [dataConnection, line] of rows) {
    const api = await stubApi(t, ({ path }) =>
      path === '/system/ib-status' ? { body: { dataConnection } } : { body: { items: [], counts: {} } },
    )
    const { stdout } = await ibgm(['status', '--url', api.url])
    t.match(stdout, /^no followers yet/)
    t.match(stdout.trimEnd(), line)
    const json = JSON.parse((await ibgm(['status', '--json', '--url', api.url])).stdout)
    t.strictSame(json.dataConnection, dataConnection)
  }
})
