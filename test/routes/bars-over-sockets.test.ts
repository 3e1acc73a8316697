// Bars over real connections: slow readers, readers that leave, answers that break off, and the stream of events.
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { FleetError } from '../../src/ports/errors.ts'
import { listening, testApp, turnsUntil } from './app.ts'
import { minuteBar } from './fake-market-data.ts'

const aapl = '/bars?symbol=AAPL&timeframe=1m'

async function asked(t: Test, path: string, prepare: (app: Awaited<ReturnType<typeof testApp>>) => void) {
  const testing = await testApp(t, { streamHeartbeatMs: 5 })
  prepare(testing)
  const port = await listening(testing.app)
  const sockets: Socket[] = []
  testing.app.server.on('connection', (socket) => sockets.push(socket))
  const sent = request({ port, path: `/api/v1${path}` }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  return { ...testing, sent, response, sockets }
}

/** All of it, and whether it ended as HTTP says that an answer ends. */
async function read(response: IncomingMessage): Promise<{ text: string; isWhole: boolean }> {
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  response.resume()
  await new Promise((resolve) => response.once('close', resolve))
  return { text, isWhole: response.complete }
}

t.test('a reader that waits is waited for', async (t) => {
  const { call, marketData, response, sockets } = await asked(t, `${aapl}&format=csv`, ({ marketData }) => {
    // 25 MB: more than the system keeps for a connection.
    marketData.count = 500_000
  })
  response.pause()
  await turnsUntil(() => sockets.some(({ writableNeedDrain }) => writableNeedDrain))
  // Twice the turns that all of it takes when nobody waits.
  for (let turn = 0; turn < 1_000; turn += 1) await new Promise(setImmediate)
  t.ok(marketData.taken < marketData.count, `${marketData.taken} of ${marketData.count} have been taken`)
  t.equal((await call('GET', '/gaps')).status, 200, 'others are answered meanwhile')
  const { text, isWhole } = await read(response)
  t.ok(isWhole)
  t.equal(text.split('\n').length, 500_002)
  t.equal(marketData.readers, 0)
})

t.test('a reader that leaves ends the reading', async (t) => {
  for (const format of ['json', 'csv']) {
    const { logged, marketData, response, sent } = await asked(
      t,
      `${aapl}&format=${format}`,
      ({ marketData }) => {
        marketData.count = Number.POSITIVE_INFINITY
      },
    )
    await once(response, 'data')
    t.equal(marketData.readers, 1)
    sent.destroy()
    await turnsUntil(() => marketData.readers === 0)
    t.notOk(
      logged.some(({ level }) => Number(level) >= 50),
      'and is no error',
    )
  }
})

t.test('a reader that leaves while IB is asked ends that too', async (t) => {
  const { app, logged, marketData } = await testApp(t)
  marketData.isHolding = true
  const sent = request({ port: await listening(app), path: `/api/v1${aapl}` }).end()
  sent.on('error', () => {})
  await turnsUntil(() => marketData.held === 1)
  sent.destroy()
  await turnsUntil(() => marketData.held === 0)
  await turnsUntil(() => logged.some(({ code }) => code === 'CONNECTION_CLOSED'))
  t.notOk(
    logged.some(({ level }) => Number(level) >= 50),
    'and is no error',
  )
})

t.test('an answer that breaks off does not look whole', async (t) => {
  for (const format of ['json', 'csv']) {
    const { logged, marketData, response } = await asked(t, `${aapl}&format=${format}`, ({ marketData }) => {
      marketData.count = 10_000
      const error = new FleetError('BAR_FILE_DAMAGED', 'AAPL/1m.csv, line 5001.')
      marketData.damage = { after: 5_000, error }
    })
    t.equal(response.statusCode, 200)
    const { isWhole, text } = await read(response)
    t.notOk(isWhole)
    t.notMatch(text, /\]\}$/)
    t.equal(marketData.readers, 0)
    t.match(JSON.stringify(logged), 'line 5001', 'the log says why')
  }
})

t.test('closing the app breaks off what is being read', async (t) => {
  const { app, marketData, response } = await asked(t, aapl, ({ marketData }) => {
    marketData.count = Number.POSITIVE_INFINITY
  })
  await once(response, 'data')
  response.pause()
  await app.close()
  t.equal(marketData.readers, 0)
  t.notOk((await read(response)).isWhole)
})

t.test('bars as they come', async (t) => {
  const streamed = '/bars/stream?symbol=BRK%20B'

  await t.test('one event each, a comment while quiet, until the client leaves', async (t) => {
    const { marketData, response, sent } = await asked(t, streamed, () => {})
    t.equal(response.headers['content-type'], 'text/event-stream')
    const seen = gather(response)
    await seen.until(/^:\n\n:\n\n/)
    marketData.publish(minuteBar(0))
    marketData.publish({ ...minuteBar(1), volume: -1 })
    await seen.until(
      /data: {"timestamp":"2026-11-20T14:30:00Z","open":100,"high":100,"low":99.5,"close":100,"volume":0}\n\n/,
    )
    await seen.until(/data: {"timestamp":"2026-11-20T14:31:00Z",.*"volume":-1}\n\n/)
    t.strictSame([marketData.readers, marketData.subscriptions], [1, 1])
    sent.destroy()
    await turnsUntil(() => marketData.readers === 0 && marketData.subscriptions === 0)
  })

  await t.test('until the app closes', async (t) => {
    const { app, marketData, response } = await asked(t, streamed, () => {})
    const seen = gather(response)
    await seen.until(/^:/)
    await app.close()
    t.strictSame([marketData.readers, marketData.subscriptions], [0, 0])
  })

  await t.test('until it breaks, which it says without saying too much', async (t) => {
    const { marketData, response } = await asked(t, streamed, () => {})
    const seen = gather(response)
    await seen.until(/^:/)
    marketData.publish({ ...minuteBar(0), volume: -2 })
    await seen.until(/event: error\ndata: {"code":"INTERNAL"/)
    t.notMatch(seen.text(), 'a secret detail')
    await turnsUntil(() => marketData.subscriptions === 0)
  })

  await t.test('of a symbol', async (t) => {
    const { call } = await testApp(t)
    t.match(await call('GET', '/bars/stream'), { status: 400, body: { errors: [{ path: 'query/symbol' }] } })
    t.equal((await call('GET', `${streamed}&timeframe=1m`)).status, 400)
  })
})

/** Text as it arrives. */
function gather(response: IncomingMessage) {
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const until = async (pattern: RegExp) => {
    while (!pattern.test(text)) await once(response, 'data')
  }
  return { text: () => text, until }
}
