// What every connector of the ib port promises, against a gateway that can be told to misbehave.
import type { Test } from 'tap'
import { type FleetError, isFleetError } from '../../src/ports/errors.ts'
import type {
  IbConnection,
  IbConnector,
  IbNotice,
  IbOrder,
  IbOrderEvent,
  IbStep,
  IbTick,
  IbWelcome,
} from '../../src/ports/ib.ts'
import { until } from '../simulator/harness.ts'

/** A gateway under test; the faults are those of the simulated one. */
export interface IbSubject {
  readonly port: number
  fault(name: string, value?: string): void
  /** What it was asked, oldest first. */
  readonly requests: ReadonlyArray<{ name: string; reqId: number | undefined; orderRef?: string }>
}

export interface Watched {
  readonly connection: IbConnection
  readonly steps: IbStep[]
  readonly notices: IbNotice[]
  readonly orderEvents: IbOrderEvent[]
  welcome: IbWelcome | undefined
  error: FleetError | undefined
  /** Resolves with the welcome; rejects with what ended it before. */
  readonly ready: Promise<IbWelcome>
}

export function watch(t: Test, connector: IbConnector, port: number, clientId = 1): Watched {
  const watched: Partial<Watched> & Pick<Watched, 'steps' | 'notices' | 'orderEvents'> = {
    steps: [],
    notices: [],
    orderEvents: [],
  }
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
        onOrderEvent: (event) => watched.orderEvents.push(event),
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

const buy: Omit<IbOrder, 'account' | 'orderRef'> = { action: 'BUY', totalQuantity: 10, orderType: 'MKT' }
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

  t.test('an order is told from its acknowledgement to its fill, and every list has it', async (t) => {
    const gateway = await start(t)
    gateway.fault('order-any-hour')
    const { connection, ready, orderEvents } = watch(t, connector, gateway.port)
    const { accounts, nextOrderId } = await ready
    const [account = ''] = accounts
    t.strictSame(await connection.request('positions', {}), [])
    connection.placeOrder(nextOrderId, aapl, { ...buy, account, orderRef: 'bought' })
    await until(() => orderEvents.some((event) => event.kind === 'status' && event.status === 'Filled'))
    const contract = { symbol: 'AAPL', secType: 'STK', conId: 265598 }
    t.match(orderEvents, [
      { kind: 'open-order', orderId: nextOrderId, clientId: 1, order: { orderRef: 'bought', account } },
      { kind: 'status', status: 'PreSubmitted', filled: 0, remaining: 10, avgFillPrice: 0 },
      { kind: 'execution', side: 'BOT', shares: 10, orderRef: 'bought', account, contract },
      { kind: 'open-order', status: 'Filled', contract },
      { kind: 'status', status: 'Filled', filled: 10, remaining: 0, permId: Number },
    ])
    const [fill, ...others] = await connection.request('executions', { all: false })
    t.match(fill, { orderId: nextOrderId, clientId: 1, orderRef: 'bought', execId: /./, shares: 10 })
    t.strictSame(others, [])
    const [position] = await connection.request('positions', {})
    t.match(position, { account, contract, position: 10, avgCost: fill?.price })
    const values = await connection.request('accountSummary', { tags: ['NetLiquidation', 'TotalCashValue'] })
    t.match(values, [
      { account, tag: 'NetLiquidation', value: /^\d+\.\d\d$/, currency: 'USD' },
      { account, tag: 'TotalCashValue' },
    ])
    t.strictSame(await connection.request('openOrders', { all: true }), [])
    const [asked, cancelled] = ['reqPositions', 'cancelPositions'].map(
      (name) => gateway.requests.filter((request) => request.name === name).length,
    )
    t.strictSame([asked, cancelled], [2, 2])
  })

  t.test('an order that rests is listed for its client and for all, and is cancelled', async (t) => {
    const gateway = await start(t)
    gateway.fault('order-any-hour')
    const [one, two] = [watch(t, connector, gateway.port, 1), watch(t, connector, gateway.port, 2)]
    const { accounts } = await one.ready
    await two.ready
    const limit = { ...buy, orderType: 'LMT', lmtPrice: 1, account: accounts[0] ?? '', tif: 'GTC' } as const
    one.connection.placeOrder(5, aapl, { ...limit, orderRef: 'one' })
    two.connection.placeOrder(5, aapl, { ...limit, orderRef: 'two' })
    await until(() =>
      [one, two].every(({ orderEvents }) =>
        orderEvents.some((event) => event.kind === 'status' && event.status === 'Submitted'),
      ),
    )
    const refs = async (all: boolean) =>
      (await one.connection.request('openOrders', { all })).map(({ order }) => order.orderRef)
    t.strictSame(await Promise.all([refs(false), refs(true), refs(false)]), [
      ['one'],
      ['one', 'two'],
      ['one'],
    ])
    one.connection.cancelOrder(5)
    await until(() => one.notices.some(({ id, code }) => id === 5 && code === 202))
    t.match(one.orderEvents.at(-1), { kind: 'status', status: 'Cancelled', orderId: 5, remaining: 10 })
    t.strictSame(await refs(false), [])
    t.strictSame(await refs(true), ['two'])
  })

  t.test('a refused order is a notice with its id', async (t) => {
    const { port } = await start(t)
    const { connection, ready, notices, orderEvents } = watch(t, connector, port)
    const { accounts } = await ready
    connection.placeOrder(
      3,
      { ...aapl, symbol: 'NOSUCH999' },
      { ...buy, account: accounts[0] ?? '', orderRef: 'x' },
    )
    await until(() => notices.some(({ id }) => id === 3))
    t.match(
      notices.find(({ id }) => id === 3),
      { code: 200 },
    )
    t.strictSame(orderEvents, [])
    connection.cancelOrder(9)
    await until(() => notices.some(({ id, code }) => id === 9 && code === 10_147))
  })

  t.test('who asks without a request id at the same time shares one question', async (t) => {
    const gateway = await start(t)
    const { connection, ready } = watch(t, connector, gateway.port)
    await ready
    const ask = () => connection.request('openOrders', { all: true })
    const giveUp = new AbortController()
    const gone = connection.request('openOrders', { all: true }, giveUp.signal)
    const others = Promise.all([ask(), ask()])
    giveUp.abort(new Error('enough'))
    await t.rejects(gone, { message: 'enough' })
    t.strictSame(await others, [[], []])
    t.equal(gateway.requests.filter(({ name }) => name === 'reqAllOpenOrders').length, 1)
  })

  t.test('orders and marks leave in the order in which they were written; none after the end', async (t) => {
    const gateway = await start(t)
    const { connection, ready } = watch(t, connector, gateway.port)
    connection.mark()
    t.throws(() => connection.placeOrder(1, aapl, { ...buy, account: 'DU1', orderRef: 'early' }), {
      code: 'CONNECTION_CLOSED',
    })
    const { accounts } = await ready
    const place = (id: number) =>
      connection.placeOrder(id, aapl, { ...buy, account: accounts[0] ?? '', orderRef: `no ${id}` })
    const written = () =>
      gateway.requests
        .filter(({ name }) => ['reqIds', 'placeOrder', 'cancelOrder'].includes(name))
        .map(({ name, reqId, orderRef }) => [name, orderRef ?? reqId])
    connection.mark()
    place(1)
    connection.mark()
    place(2)
    connection.cancelOrder(2)
    await connection.close()
    connection.mark()
    t.throws(() => place(3), { code: 'CONNECTION_CLOSED' })
    t.throws(() => connection.cancelOrder(1), { code: 'CONNECTION_CLOSED' })
    const again = watch(t, connector, gateway.port)
    await again.ready
    await again.connection.currentTime()
    t.strictSame(written(), [
      ['reqIds', undefined],
      ['placeOrder', 'no 1'],
      ['reqIds', undefined],
      ['placeOrder', 'no 2'],
      ['cancelOrder', 2],
    ])
  })

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
