// Market data of the whole product in one process, asked over HTTP as a user would: bars from a follower's simulated gateway, or from one elsewhere.
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { Static } from 'typebox'
import type { Gateway } from '../../schemas/gateway.ts'
import type { Lease } from '../../schemas/lease.ts'
import type * as wire from '../../schemas/market-data.ts'
import type { IbStatus } from '../../schemas/system.ts'
import { startServer } from '../../src/server/server.ts'
import { apiCalls } from '../api-calls.ts'
import { portRange, until } from '../fleet/world.ts'
import { startLoggedIn } from '../simulator/harness.ts'
import { testFolder } from '../test-folder.ts'

type Bars = Static<typeof wire.Bars>
type GapList = Static<typeof wire.GapList>
type SeriesList = Static<typeof wire.SeriesList>

const log = pino({ level: 'silent' })
const fromFollower = { DATA_FOLLOWER: 'data' }
const dayMs = 86_400_000

async function serve(t: Test, more: Record<string, string>) {
  const { from, to } = portRange(10)
  const env: Record<string, string> = {
    RUNTIME: 'simulated',
    PORT: '0',
    DATA_DIR: testFolder(t),
    SIM_LOGIN_SECONDS: '0.05',
    PORT_RANGE_START: String(from),
    PORT_RANGE_END: String(to),
    IB_MIN_REQUEST_DELAY: '20ms',
    IB_PACING: 'relaxed',
    GAP_MAX_AGE_DAYS: '9',
    ...more,
  }
  return open(t, env)
}

/** A manager with this environment, and how a user talks to it. */
async function open(t: Test, env: Record<string, string>) {
  const server = await startServer({ env, log })
  t.teardown(() => server.close())
  const call = apiCalls(`${server.url}/api/v1`)
  const get = async <T>(path: string) => (await call<T>('GET', path)).body
  const status = () => get<wire.GapFillerStatus>('/system/gap-filler-status')
  const ib = () => get<IbStatus>('/system/ib-status')
  const fileAt = (name: string) => join(env.DATA_DIR ?? '', 'bars', name)
  return {
    env,
    server,
    call,
    get,
    status,
    ib,
    fault: (fault: string, value?: string) =>
      call('POST', '/simulator/data/faults', { fault, ...(value !== undefined && { value }) }),
    async launch() {
      await call('POST', '/followers', { id: 'data' })
      await call('PUT', '/followers/data/credentials', { username: 'user-data', password: 'sim' })
      const launched = await call<Gateway>('POST', '/gateways/data/launch?wait=20', {})
      t.equal(launched.body.status, 'RUNNING')
      await connected(ib)
    },
    /** Tracks them, has them scanned, and resolves when that is over. */
    async fill(...series: Array<{ symbol: string; timeframe: string }>) {
      for (const each of series) t.equal((await call('POST', '/series', each)).status, 201)
      await until(status, ({ running }) => !running, 'no scan running')
      t.equal((await call('POST', '/system/gap-filler/force-scan', {})).status, 202)
      await until(status, ({ running }) => !running, 'filled', 30_000)
    },
    fileAt,
    file: (name: string) => readFileSync(fileAt(name), 'utf8'),
  }
}

function connected(ib: () => Promise<IbStatus>) {
  return until(ib, (now) => now.connected && now.dataConnection.state === 'connected', 'connected')
}

t.test('without a data connection: nothing is asked, what there is is served', async (t) => {
  const { call, get, ib, status, fill } = await serve(t, {})
  t.match(await ib(), { dataConnection: { state: 'disabled', reconnects: 0 } })
  await fill({ symbol: 'SPY', timeframe: '1d' })
  t.match(await status(), { enabled: false, series: 1, gapsFilled: 0, barsWritten: 0, failed: 0 })
  t.ok((await get<GapList>('/gaps')).items.length > 0, 'what is missing is known all the same')
  const bars = await get<Bars>('/bars?symbol=SPY&timeframe=1d')
  t.match(bars, { source: 'local', complete: false, bars: [], note: /DATA_FOLLOWER/ })
  t.equal((await call('GET', '/bars?symbol=SPY&timeframe=2d')).status, 400)
})

t.test('a user tracks series, watches them fill, reads them, loses a day and has it back', async (t) => {
  const user = await serve(t, fromFollower)
  const { call, get, status, fill, launch, file, fileAt } = user
  await launch()
  for (const timeframe of ['1m', '5m', '1h', '1d'])
    t.equal((await call('POST', '/series', { symbol: 'SPY', timeframe })).status, 201)
  t.match(await call('POST', '/series', { symbol: 'SPY', timeframe: '1m' }), {
    status: 409,
    body: { code: 'SERIES_EXISTS' },
  })
  await until(status, ({ running }) => !running, 'no scan running')
  const started = await call<{ scanId: string }>('POST', '/system/gap-filler/force-scan', {})
  t.equal(started.status, 202)
  t.match(await call('POST', '/system/gap-filler/force-scan', {}), {
    status: 409,
    body: { code: 'SCAN_RUNNING' },
  })
  const seen = new Set<string>()
  await until(
    status,
    ({ running, current, barsWritten }) => {
      if (current) seen.add(`${current.stage} ${current.done}/${current.total} ${barsWritten}`)
      return !running
    },
    'filled',
  )
  t.ok(seen.size > 5, `progress is seen to move: ${[...seen].join(', ')}`)
  const filled = await status()
  t.match(filled, { scanId: started.body.scanId, failed: 0, pacingErrors: 0, series: 4 })
  t.ok(filled.gapsFound > 0 && filled.barsWritten > 3_000, `${filled.barsWritten} bars`)
  t.strictSame((await get<GapList>('/gaps?class=outage')).items, [])

  // The last but one.
  const day = file('SPY/1d.csv').split('\n').at(-3)?.slice(0, 10) ?? ''
  const oneDay = `symbol=SPY&timeframe=1m&start=${day}T08:00:00Z&end=${day}T23:00:00Z`
  const json = await get<Bars>(`/bars?${oneDay}`)
  t.match(json, { source: 'local', complete: true, gaps: [] })
  const csv = (await call<string>('GET', `/bars?${oneDay}&format=csv`)).text
  t.equal(csv.split('\n').length - 2, json.bars.length)
  t.ok(json.bars.length > 600 && file('SPY/1m.csv').includes(csv.slice(csv.indexOf('\n') + 1)))

  const missing = await get<Bars>(
    `/bars?symbol=AAPL&timeframe=1h&start=${day}T14:00:00Z&end=${day}T18:00:00Z`,
  )
  t.match(missing, { source: 'ib', complete: true, bars: { length: 4 } }, 'a series that nobody tracks')
  const local = await get<Bars>(
    `/bars?symbol=AAPL&timeframe=1h&start=${day}T14:00:00Z&end=${day}T18:00:00Z&fetch=false`,
  )
  t.match(local, { source: 'local', complete: false, bars: { length: 0 } })

  const names = ['1m', '5m', '1h', '1d'].map((timeframe) => `SPY/${timeframe}.csv`)
  const before = names.map(file)
  for (const [index, name] of names.entries())
    writeFileSync(fileAt(name), (before[index] ?? '').replaceAll(new RegExp(`^${day}.*\\n`, 'gm'), ''))
  await fill()
  // On a trading day newer bars have come.
  for (const [index, name] of names.entries()) t.ok(file(name).startsWith(before[index] ?? 'nothing'), name)

  t.equal((await call('DELETE', '/series?symbol=SPY&timeframe=1m')).status, 204)
  t.equal((await call('DELETE', '/series?symbol=SPY&timeframe=1m')).status, 404)
  await fill()
  const left = await get<SeriesList>('/series')
  t.strictSame(
    left.items.map(({ timeframe }) => timeframe),
    ['5m', '1h', '1d'],
  )
  t.ok(file('SPY/1m.csv').startsWith(before[0] ?? 'nothing'), 'its file stays')
})

t.test(
  'cut, lost and stopped gateways: the connection comes back by itself, and what is missing is filled',
  async (t) => {
    const user = await serve(t, fromFollower)
    const { call, get, ib, status, fault, launch, fill, file, fileAt } = user
    await launch()
    await fill({ symbol: 'SPY', timeframe: '1d' })
    const whole = file('SPY/1d.csv')

    // Whoever connects is cut off too, until it is cleared.
    await fault('handshake', 'B')
    await fault('drop')
    const cut = await until(ib, (now) => now.dataConnection.state === 'waiting', 'cut')
    t.match(cut, { connected: false, dataConnection: { reconnects: 0, lastError: { message: String } } })
    writeFileSync(fileAt('SPY/1d.csv'), whole.replace(/\n.*\n$/, '\n'))
    await fault('clear')
    t.equal((await connected(ib)).dataConnection.reconnects, 1)
    await until(
      () => file('SPY/1d.csv'),
      (text) => text.startsWith(whole),
      'filled again, unasked',
    )

    await fault('1100')
    // What is asked before the notice is read would wait for an answer in vain.
    await until(ib, ({ sessions }) => sessions.some(({ lastError }) => lastError?.code === 1100), 'noticed')
    const question = `/bars?symbol=AAPL&timeframe=1d&end=${lately()}`
    await until(
      () => get<Bars>(question),
      ({ note }) => /1100/.test(note ?? ''),
      'IBKR is lost',
    )
    await fault('1102')
    await until(
      () => get<Bars>(question),
      ({ complete, source }) => complete && source === 'ib',
      'and back',
    )

    t.equal((await call('POST', '/gateways/data/stop?wait=10', {})).status, 200)
    const waiting = await until(ib, ({ dataConnection }) => dataConnection.state === 'waiting', 'stopped')
    await until(ib, ({ dataConnection }) => dataConnection.lastError?.code === 'GATEWAY_NOT_RUNNING', 'why')
    t.notOk(waiting.dataConnection.clientId === 0)
    t.match(await call('GET', question), { status: 200, body: { note: /not RUNNING/ } })
    t.equal((await call('POST', '/gateways/data/launch?wait=20', {})).status, 200)
    const launchedAt = performance.now()
    await connected(ib)
    t.ok(performance.now() - launchedAt < 3_000, 'at once, not after a delay')
    await until(status, ({ running }) => !running, 'no scan running')
  },
)

t.test('client ids of leases and of the manager itself are left alone', async (t) => {
  const range = { CLIENT_ID_RANGE_START: '1', CLIENT_ID_RANGE_END: '6' }
  const { call, ib, launch } = await serve(t, { ...fromFollower, ...range })
  await launch()
  const leases = await Promise.all(
    ['a', 'b', 'c'].map((purpose) => call<Lease>('POST', '/gateways/data/clients', { purpose })),
  )
  const promised = leases.map(({ body }) => body.clientId)
  t.equal(new Set(promised).size, 3)
  await call('POST', '/gateways/data/stop?wait=10', {})
  await call('POST', '/gateways/data/launch?wait=20', {})
  await connected(ib)
  const { dataConnection, sessions } = await ib()
  const others = [0, ...promised, ...sessions.map(({ clientId }) => clientId)]
  t.notOk(others.includes(dataConnection.clientId ?? 0), `${dataConnection.clientId}, beside ${others}`)
})

t.test(
  'a manager that is stopped in the middle of a fill leaves good files, and the next goes on',
  async (t) => {
    const gateway = await startLoggedIn(t, { pacing: 'relaxed' })
    const elsewhere = { IB_HOST: '127.0.0.1', IB_PORT: String(gateway.port) }
    const first = await serve(t, { ...elsewhere, IB_MIN_REQUEST_DELAY: '50ms' })
    await connected(first.ib)
    await until(first.status, ({ running }) => !running, 'no scan running')
    await first.call('POST', '/series', { symbol: 'SPY', timeframe: '1m' })
    await first.call('POST', '/series', { symbol: 'THIN', timeframe: '1m' })
    await first.call('POST', '/system/gap-filler/force-scan', {})
    await until(first.status, ({ barsWritten }) => barsWritten > 0, 'begun', 15_000, 1)
    const startedAt = performance.now()
    await first.server.close()
    t.ok(performance.now() - startedAt < 3_000, 'closed at once')
    const part = first.file('SPY/1m.csv')
    const kinds = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout')
    await until(kinds, ({ length }) => length === 0, 'no timer is left')

    const second = await open(t, first.env)
    await connected(second.ib)
    await until(second.status, ({ running }) => !running, 'filled')
    const whole = second.file('SPY/1m.csv')
    const rows = part.slice(part.indexOf('\n') + 1)
    t.ok(rows.length > 0 && rows.length < whole.length && whole.includes(rows), 'what was there is as it was')
    const thin = await second.get<GapList>('/gaps?symbol=THIN&class=no-data&limit=1')
    t.equal(thin.items.length, 1)
    await second.server.close()

    const barsAsked = () =>
      gateway.requests.filter(({ name, fields }) => {
        return name === 'reqHistoricalData' && fields.includes('1 min')
      }).length
    const asked = barsAsked()
    t.ok(asked >= 12, `${asked} requests for six days and more of both`)
    const third = await open(t, first.env)
    await connected(third.ib)
    await until(third.status, ({ lastScanAt, running }) => lastScanAt !== undefined && !running, 'scanned')
    await third.fill()
    t.strictSame(
      (await third.get<SeriesList>('/series')).items.map(({ symbol }) => symbol),
      ['SPY', 'THIN'],
    )
    // On a trading day, the minutes that have passed meanwhile.
    t.ok(barsAsked() - asked <= 6, `${barsAsked() - asked} requests: what IB does not have is remembered`)
    t.strictSame(gateway.violations, [])
  },
)

t.test(
  'nothing listens where the gateway should be: it is said, tried again, and found when it comes',
  async (t) => {
    const port = await freePort()
    const { ib, call, get } = await serve(t, { IB_HOST: '127.0.0.1', IB_PORT: String(port) })
    const { dataConnection } = await until(
      ib,
      (now) => now.dataConnection.nextRetryAt !== undefined,
      'a failure',
    )
    t.match(dataConnection, {
      state: 'waiting',
      port,
      reconnects: 0,
      lastError: { code: 'CONNECTION_REFUSED', message: new RegExp(String(port)) },
    })
    const waitMs = Date.parse(dataConnection.nextRetryAt ?? '') - Date.now()
    t.ok(waitMs > 0 && waitMs <= 5_000, `again in ${waitMs} ms`)
    t.match(await get('/bars?symbol=SPY&timeframe=1d'), { complete: false, note: /down/, bars: [] })
    t.match(await call('GET', '/bars/stream?symbol=SPY'), {
      status: 503,
      body: { code: 'DATA_CONNECTION_DOWN' },
    })
    await startLoggedIn(t, { port })
    await connected(ib)
    t.match(await get(`/bars?symbol=SPY&timeframe=1d&end=${lately()}`), { complete: true, source: 'ib' })
  },
)

/** Midnight of a day that is over for all markets. */
const lately = () => new Date(Date.now() - 2 * dayMs).toISOString().slice(0, 10)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await until(() => server.listening, Boolean, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
