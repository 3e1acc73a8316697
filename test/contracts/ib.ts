// What every connector of the ib port promises, against a gateway that can be told to misbehave.
import type { Test } from 'tap'
import { type FleetError, isFleetError } from '../../src/ports/errors.ts'
import type { IbConnection, IbConnector, IbNotice, IbStep, IbTick, IbWelcome } from '../../src/ports/ib.ts'
import { until } from '../simulator/harness.ts'

/** A gateway under test; the faults are those of the simulated one. */
export interface IbSubject {
  readonly port: number
  fault(name: string, value?: string): void
}

export interface Watched {
  readonly connection: IbConnection
  readonly steps: IbStep[]
  readonly notices: IbNotice[]
  welcome: IbWelcome | undefined
  error: FleetError | undefined
  /** Resolves with the welcome; rejects with what ended it before. */
  readonly ready: Promise<IbWelcome>
}

export function watch(t: Test, connector: IbConnector, port: number, clientId = 1): Watched {
  const watched: Partial<Watched> & Pick<Watched, 'steps' | 'notices'> = { steps: [], notices: [] }
  const ready = new Promise<IbWelcome>((resolve, reject) => {
    const connection = connector.open(
      { host: '127.0.0.1', port, clientId },
      {
        onStep: (step) => watched.steps.push(step),
        onReady(welcome) {
          watched.welcome = welcome
          resolve(welcome)
        },
        onNotice: (notice) => watched.notices.push(notice),
        onClosed(error) {
          if (watched.error) t.fail('closed twice')
          watched.error = error
          reject(error)
        },
      },
    )
    t.teardown(() => connection.close())
    Object.assign(watched, { connection })
  })
  ready.catch(() => {})
  return Object.assign(watched, { ready }) as Watched
}

/** What keeps this process alive: sockets and timers, counted. */
export function openResources(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap' || kind === 'Timeout')
    .length
}

const aapl = { symbol: 'AAPL', secType: 'STK', exchange: 'SMART', currency: 'USD' }

export function ibContract(t: Test, connector: IbConnector, start: (t: Test) => Promise<IbSubject>): void {
  t.test('goes through all steps in order and says who is there', async (t) => {
    const { port } = await start(t)
    const watched = watch(t, connector, port)
    t.strictSame(watched.steps, [], 'nothing is called before open has returned')
    const welcome = await watched.ready
    t.strictSame(watched.steps, ['handshake', 'accounts', 'order-id'])
    t.ok(welcome.serverVersion >= 100)
    t.match(welcome.accounts[0], /^DU\d+$/)
    t.ok(welcome.nextOrderId >= 1)
    await until(() => watched.notices.some(({ code }) => code === 2104))
  })

  t.test('tells the time, once for all who ask at once', async (t) => {
    const { port } = await start(t)
    const { connection, ready } = watch(t, connector, port)
    await t.rejects(connection.currentTime(), { code: 'CONNECTION_CLOSED' }, 'not before it is open')
    await ready
    const [one, two] = await Promise.all([connection.currentTime(), connection.currentTime()])
    t.equal(one, two)
    t.ok(Math.abs(one - Date.now() / 1000) < 5)
  })

  t.test('answers requests, refuses with the notice as cause, streams until cancelled', async (t) => {
    const { port } = await start(t)
    const { connection, ready } = watch(t, connector, port)
    await ready
    const [details] = await connection.request('contractDetails', aapl)
    t.match(details, { symbol: 'AAPL', currency: 'USD', conId: Number })
    await t.rejects(connection.request('contractDetails', { ...aapl, symbol: 'NOSUCH999' }), {
      code: 'REQUEST_REJECTED',
      cause: { code: 200 },
    })
    const quote = await connection.request('quote', aapl)
    t.ok(quote.size > 0)
    const ticks: IbTick[] = []
    const cancel = connection.stream('marketData', aapl, {
      onItem: (tick) => ticks.push(tick),
      onEnd: (error) => t.fail(String(error)),
    })
    await until(() => ticks.length > 0)
    cancel()
    cancel()
    const reason = new Error('enough')
    await t.rejects(connection.request('quote', aapl, AbortSignal.abort(reason)), reason)
  })

  t.test('bars come whole, in order, with the starts of bars in epoch milliseconds', async (t) => {
    const { port } = await start(t)
    const { connection, ready } = watch(t, connector, port)
    await ready
    const asked = { contract: aapl, whatToShow: 'TRADES', useRth: true }
    const endMs = Date.UTC(2026, 5, 12, 20)
    const minutes = await connection.request('historicalBars', {
      ...asked,
      endMs,
      duration: '1 D',
      barSize: '1 min',
    })
    t.equal(minutes.length, 390)
    t.strictSame(
      [minutes[0]?.timeMs, minutes.at(-1)?.timeMs],
      [Date.UTC(2026, 5, 12, 13, 30), endMs - 60_000],
    )
    for (const { open, high, low, close, volume } of minutes)
      t.ok(low <= Math.min(open, close) && high >= Math.max(open, close) && volume >= 0)
    const days = await connection.request('historicalBars', {
      ...asked,
      whatToShow: 'MIDPOINT',
      duration: '3 D',
      barSize: '1 day',
      endMs,
    })
    t.strictSame(
      days.map(({ timeMs, volume }) => [timeMs, volume]),
      [10, 11, 12].map((day) => [Date.UTC(2026, 5, day), -1]),
      'midnight UTC of the trading day',
    )
    const latest = await connection.request('historicalBars', { ...asked, duration: '2 D', barSize: '1 day' })
    t.equal(latest.length, 2, 'no end is now')
    await t.rejects(
      connection.request('historicalBars', {
        ...asked,
        endMs: Date.UTC(1970, 0, 5),
        duration: '1 D',
        barSize: '1 hour',
      }),
      { code: 'REQUEST_REJECTED', cause: { code: 162, text: /no data/ } },
    )
  })

  t.test('schedules, first moments with data, and bars of five seconds', async (t) => {
    const { port } = await start(t)
    const { connection, ready } = watch(t, connector, port)
    await ready
    const asked = { contract: aapl, useRth: true }
    t.strictSame(
      await connection.request('schedule', { ...asked, endMs: Date.UTC(2026, 5, 12, 20), duration: '2 D' }),
      {
        timeZone: 'US/Eastern',
        sessions: [
          { start: '20260611-09:30:00', end: '20260611-16:00:00', date: '20260611' },
          { start: '20260612-09:30:00', end: '20260612-16:00:00', date: '20260612' },
        ],
      },
    )
    const head = await connection.request('headTimestamp', { ...asked, whatToShow: 'TRADES' })
    t.equal(head, Date.UTC(1980, 11, 12, 14, 30))
    for (const kind of ['headTimestamp', 'historicalBars'] as const)
      await t.rejects(
        connection.request(kind, {
          contract: { ...aapl, symbol: 'NOSUCH999' },
          whatToShow: 'TRADES',
          useRth: true,
          duration: '1 D',
          barSize: '1 hour',
        }),
        { code: 'REQUEST_REJECTED', cause: { code: 200 } },
      )
    const ended = new Promise<FleetError>((onEnd) => {
      connection.stream(
        'realTimeBars',
        { ...asked, contract: { ...aapl, symbol: 'NOSUCH999' }, whatToShow: 'TRADES' },
        { onItem: () => t.fail('no bars of nothing'), onEnd },
      )
    })
    t.match(await ended, { code: 'REQUEST_REJECTED', cause: { code: 200 } })
  })

  t.test(
    'who gives up a historical request gets the reason, and its late answer reaches nobody',
    async (t) => {
      const gateway = await start(t)
      const { connection, ready } = watch(t, connector, gateway.port)
      await ready
      gateway.fault('slow', '50')
      const asked = { contract: aapl, useRth: true, whatToShow: 'TRADES', duration: '1 D', barSize: '1 hour' }
      for (const kind of ['historicalBars', 'schedule', 'headTimestamp'] as const) {
        const giveUp = new AbortController()
        const answer = connection.request(kind, asked, giveUp.signal)
        giveUp.abort(new Error(`no more ${kind}`))
        await t.rejects(answer, { message: `no more ${kind}` })
      }
      const cancel = connection.stream('realTimeBars', asked, {
        onItem: () => t.fail('cancelled'),
        onEnd: () => t.fail('cancelled'),
      })
      cancel()
      cancel()
      const next = await connection.request('historicalBars', { ...asked, duration: '2 D' })
      t.ok(next.length > 7, 'the connection goes on')
    },
  )

  t.test('a port where nothing listens is refused', async (t) => {
    const { port } = await start(t)
    const free = await unusedPort()
    t.not(free, port)
    const { ready, error } = watch(t, connector, free)
    t.equal(error, undefined)
    await t.rejects(ready, { code: 'CONNECTION_REFUSED' })
  })

  t.test('a client id in use is a notice and then the end, and the first client works on', async (t) => {
    const { port } = await start(t)
    const first = watch(t, connector, port, 7)
    await first.ready
    const second = watch(t, connector, port, 7)
    await t.rejects(second.ready, { code: 'CONNECTION_CLOSED' })
    t.match(second.notices, [{ id: -1, code: 326 }])
    t.ok(await first.connection.currentTime())
    await first.connection.close()
    await watch(t, connector, port, 7).ready
  })

  t.test('the end of a connection reaches everything that waits on it', async (t) => {
    const gateway = await start(t)
    const watched = watch(t, connector, gateway.port)
    await watched.ready
    gateway.fault('mute')
    const ends: unknown[] = []
    const { connection } = watched
    connection.stream('marketData', aapl, { onItem() {}, onEnd: (error) => ends.push(error) })
    const time = connection.currentTime().catch((error) => error)
    const quote = connection.request('quote', aapl).catch((error) => error)
    gateway.fault('drop')
    t.ok(isFleetError(await time, 'CONNECTION_CLOSED'))
    t.ok(isFleetError(await quote, 'CONNECTION_CLOSED'))
    t.equal(ends.length, 1)
    t.ok(isFleetError(watched.error, 'CONNECTION_CLOSED'))
    await t.rejects(connection.currentTime(), { code: 'CONNECTION_CLOSED' })
    t.throws(() => connection.stream('marketData', aapl, { onItem() {}, onEnd() {} }), {
      code: 'CONNECTION_CLOSED',
    })
  })

  t.test('close is idempotent, quick against a mute gateway, silent, and leaves nothing', async (t) => {
    const gateway = await start(t)
    const before = openResources()
    const watched = watch(t, connector, gateway.port)
    await watched.ready
    await watched.connection.currentTime()
    gateway.fault('half-open')
    const startedAt = performance.now()
    await Promise.all([watched.connection.close(), watched.connection.close()])
    await watched.connection.close()
    t.ok(performance.now() - startedAt < 500)
    t.equal(watched.error, undefined)
    gateway.fault('clear')
    await until(() => openResources() <= before)
    const early = watch(t, connector, gateway.port, 2)
    await early.connection.close()
    t.strictSame([early.welcome, early.error], [undefined, undefined])
  })
}

async function unusedPort(): Promise<number> {
  const { createServer } = await import('node:net')
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
