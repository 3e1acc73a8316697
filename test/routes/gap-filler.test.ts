import t from 'tap'
import { testApp } from './app.ts'

t.test('what the gap filler says of itself is shown whole', async (t) => {
  const { call, marketData } = await testApp(t)
  marketData.filler = {
    ...marketData.filler,
    running: true,
    scanId: 'scan-7',
    lastScanAt: '2026-11-20T14:30:00Z',
    nextScanAt: '2026-11-20T14:35:00Z',
    current: {
      stage: 'filling',
      done: 1,
      total: 4,
      symbols: ['BRK B 1m'],
      requestsLeft: 3,
      waitingUntil: '2026-11-20T14:31:00Z',
    },
    lastError: {
      code: 'CONTRACT_UNKNOWN',
      message: 'IB knows no XYZ.',
      symbol: 'XYZ',
      timeframe: '1m',
      at: '2026-11-20T14:30:01Z',
    },
  }
  const answer = await call('GET', '/system/gap-filler-status')
  t.equal(answer.status, 200)
  t.strictSame(answer.body, marketData.filler)
})

t.test('a scan out of turn, one at a time', async (t) => {
  const { call, marketData } = await testApp(t)
  t.match(await call('POST', '/system/gap-filler/force-scan'), { status: 202, body: { scanId: 'scan-1' } })
  t.match(await call('POST', '/system/gap-filler/force-scan'), {
    status: 409,
    body: { code: 'SCAN_RUNNING', detail: /scan-1/ },
  })
  t.match(marketData.callers, [{ actor: 'local', requestId: /./ }])
})

t.test('two that are asked for at once are one', async (t) => {
  const { call } = await testApp(t)
  const answers = await Promise.all([1, 2].map(() => call('POST', '/system/gap-filler/force-scan')))
  t.strictSame(answers.map(({ status }) => status).sort(), [202, 409])
})

t.test('it takes no body and no parameters', async (t) => {
  const { call, marketData } = await testApp(t)
  const scan = (body?: unknown) => call('POST', '/system/gap-filler/force-scan', body)
  t.match(await scan({ symbol: 'AAPL' }), { status: 400, body: { errors: [{ path: 'body' }] } })
  t.equal((await call('POST', '/system/gap-filler/force-scan?symbol=AAPL')).status, 400)
  t.equal((await call('GET', '/system/gap-filler/force-scan')).headers.allow, 'POST')
  t.equal(marketData.callers.length, 0)
  t.equal((await scan({})).status, 202, 'an empty object is no body')
})
