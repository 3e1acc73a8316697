// Real-time bars: one subscription for all readers of a symbol, back after an interruption, gone with the last reader.
import t from 'tap'
import { FleetError } from '../../src/ports/errors.ts'
import type { Bar } from '../../src/ports/market-data.ts'
import { settle } from '../fake-clock.ts'
import { price } from './fake-market.ts'
import { makeBars, until } from './world.ts'

function reader(bars: AsyncIterable<Bar>): { readonly got: Bar[]; readonly done: Promise<void> } {
  const got: Bar[] = []
  const done = (async () => {
    for await (const bar of bars) got.push(bar)
  })()
  return { got, done }
}

t.test('readers share one subscription, and the last one ends it', async (t) => {
  const { manager, market } = makeBars(t)
  const [first, second] = [new AbortController(), new AbortController()]
  const one = reader(await manager.streamBars('SPY', first.signal))
  const two = reader(await manager.streamBars('SPY', second.signal))
  await until(() => market.streams.size === 1)
  market.streams.get('SPY')?.onItem(price(5_000))
  await until(() => one.got.length === 1 && two.got.length === 1)
  t.strictSame(one.got, [price(5_000)])
  first.abort()
  await one.done
  t.equal(market.streams.size, 1)
  second.abort()
  await two.done
  await settle()
  t.equal(market.streams.size, 0)
})

t.test('a subscription comes back after the connection, and after 1101', async (t) => {
  const { manager, market } = makeBars(t)
  const gone = new AbortController()
  const { got, done } = reader(await manager.streamBars('SPY', gone.signal))
  await until(() => market.streams.size === 1)
  market.connect(false)
  t.equal(market.streams.size, 0)
  market.connect(true)
  await until(() => market.streams.size === 1)
  market.streams.get('SPY')?.onItem(price(5_000))
  const before = market.streams.get('SPY')
  market.dataLost++
  market.tell()
  await until(() => market.streams.get('SPY') !== before && market.streams.size === 1)
  market.streams.get('SPY')?.onItem(price(10_000))
  await until(() => got.length === 2)
  gone.abort()
  await done
})

t.test('no connection, or no such symbol, is told at once; nothing is opened for it', async (t) => {
  const { manager, market } = makeBars(t)
  const { signal } = new AbortController()
  await t.rejects(manager.streamBars('NOPE', signal), { code: 'CONTRACT_UNKNOWN' })
  market.connect(false)
  await t.rejects(manager.streamBars('SPY', signal), { code: 'DATA_CONNECTION_DOWN' })
  t.equal(market.streams.size, 0)
})

t.test(
  'a reader that does not read loses old bars, not new ones; bars that are none are dropped',
  async (t) => {
    const { manager, market } = makeBars(t)
    const gone = new AbortController()
    const bars = await manager.streamBars('SPY', gone.signal)
    await until(() => market.streams.size === 1)
    const listener = market.streams.get('SPY')
    for (let bar = 1; bar <= 500; bar++) listener?.onItem(price(bar * 5_000))
    listener?.onItem({ ...price(0), open: Number.NaN })
    const { got, done } = reader(bars)
    await until(() => got.length >= 120)
    t.equal(got.length, 120)
    t.equal(got.at(-1)?.timeMs, 500 * 5_000)
    gone.abort()
    await done
  },
)

t.test('a reader that just stops reading leaves too, and one that IB refuses', async (t) => {
  const { manager, market } = makeBars(t)
  const { signal } = new AbortController()
  const bars = await manager.streamBars('SPY', signal)
  await until(() => market.streams.size === 1)
  market.streams.get('SPY')?.onItem(price(5_000))
  for await (const _bar of bars) break
  t.equal(market.streams.size, 0)
  const refused = await manager.streamBars('AAPL', signal)
  await until(() => market.streams.size === 1)
  market.streams
    .get('AAPL')
    ?.onEnd(new FleetError('REQUEST_REJECTED', 'IB refused the request: [420] no permission'))
  await t.rejects(reader(refused).done, { code: 'REQUEST_REJECTED' })
})

t.test(
  'a subscription that IB has no room for now is begun again, and again, until it runs or nobody reads',
  async (t) => {
    const { manager, market, clock } = makeBars(t)
    const gone = new AbortController()
    let refusals = 0
    market.beforeStream = () => {
      refusals++
      throw new FleetError('PACING_QUEUE_FULL', 'Too many wait.', { retryAfterMs: 1_000 })
    }
    const { got, done } = reader(await manager.streamBars('SPY', gone.signal))
    await until(() => refusals === 1)
    await clock.advance(20_000)
    t.ok(refusals > 1 && refusals < 6, `${refusals} tries`)
    market.beforeStream = () => {}
    await clock.advance(60_000)
    t.equal(market.streams.size, 1)
    market.streams.get('SPY')?.onItem(price(5_000))
    await until(() => got.length === 1)
    gone.abort()
    await done
    t.equal(clock.pendingTimers, 0)

    refusals = 0
    market.beforeStream = () => {
      refusals++
      throw new FleetError('PACING_QUEUE_FULL', 'Too many wait.', { retryAfterMs: 1_000 })
    }
    const leaving = new AbortController()
    const left = reader(await manager.streamBars('SPY', leaving.signal))
    await until(() => refusals === 1)
    await settle()
    leaving.abort()
    await left.done
    t.equal(clock.pendingTimers, 0)
    await manager.streamBars('SPY', new AbortController().signal)
    await until(() => refusals === 2)
    await settle()
    await manager.stop()
    t.equal(clock.pendingTimers, 0)
  },
)

t.test('stopping cancels every subscription', async (t) => {
  const { manager, market } = makeBars(t)
  const gone = new AbortController()
  for (const symbol of ['SPY', 'AAPL']) await manager.streamBars(symbol, gone.signal)
  await until(() => market.streams.size === 2)
  await manager.stop()
  t.equal(market.streams.size, 0)
  gone.abort()
})
