// Bars as they come from a simulated gateway over a real socket, through cuts and lost subscriptions, and what is left open at the gateway: nothing.
import t, { type Test } from 'tap'
import type { Bar } from '../../src/ports/market-data.ts'
import { until } from '../fleet/world.ts'
import { type MadeBars, type Market, makeBars, openMarket } from './simulated-world.ts'
import { MemoryStores } from './world.ts'

/** Wednesday, 18 November 2026, 11 o'clock in New York. */
const trading = Date.UTC(2026, 10, 18, 16)

async function liveMarket(t: Test) {
  const market = await openMarket(t, {}, trading)
  const stores = new MemoryStores()
  const bars = makeBars(t, market, { stores })
  bars.manager.start()
  await until(
    () => bars.manager.dataConnection(),
    ({ state }) => state === 'connected',
    'connected',
  )
  return { market, bars, outages: stores.outageRecords, listen: (symbol: string) => listen(t, bars, symbol) }
}

/** A reader, and what it has got. */
async function listen(t: Test, { manager }: MadeBars, symbol: string) {
  const leaving = new AbortController()
  t.teardown(() => leaving.abort())
  const coming = await manager.streamBars(symbol, leaving.signal)
  const got: Bar[] = []
  const over = (async () => {
    for await (const bar of coming) got.push(bar)
  })()
  return {
    got,
    more: (count = 2) => {
      const before = got.length
      return until(
        () => got.length - before,
        (news) => news >= count,
        `more bars of ${symbol}`,
      )
    },
    async leave() {
      leaving.abort()
      await over
    },
  }
}

/** Subscriptions that the present gateway has, and those asked of it in all. */
function subscriptions(market: Market) {
  const asked = market.asked('reqRealTimeBars').map(nameOf)
  const ended = market.asked('cancelRealTimeBars').map(nameOf)
  return { asked: asked.length, open: asked.filter((name) => !ended.includes(name)).length }
}

const nameOf = ({ clientId, reqId }: { clientId: number; reqId: number | undefined }) =>
  `${clientId}/${reqId}`

t.test(
  'a bar each five seconds; readers of one symbol share a subscription, which the last one ends',
  async (t) => {
    const { market, listen } = await liveMarket(t)
    const [one, other, euro] = [await listen('SPY'), await listen('SPY'), await listen('AAPL')]
    await Promise.all([one.more(3), other.more(3), euro.more(1)])
    for (const { got } of [one, other]) {
      const steps = got.slice(1).map(({ timeMs }, index) => timeMs - (got[index]?.timeMs ?? 0))
      t.ok(
        steps.every((ms) => ms > 0 && ms % 5_000 === 0),
        `${steps}`,
      )
      t.match(got[0], { open: Number, high: Number, low: Number, close: Number })
      t.ok(Math.abs((got[0]?.timeMs ?? 0) - market.clock.now()) < 60_000, 'of now')
    }
    t.strictSame(subscriptions(market), { asked: 2, open: 2 })
    await one.leave()
    await other.more(1)
    await other.leave()
    await euro.leave()
    await until(
      () => subscriptions(market),
      ({ open }) => open === 0,
      'all cancelled',
    )
    t.strictSame(market.violations, [])
  },
)

t.test('after a cut, bars go on over the next connection', async (t) => {
  const { market, bars, listen } = await liveMarket(t)
  const spy = await listen('SPY')
  await spy.more()
  market.gateway.fault('drop')
  await until(
    () => bars.manager.dataConnection(),
    ({ reconnects }) => reconnects === 1,
    'reconnected',
  )
  await spy.more()
  t.equal(subscriptions(market).asked, 2, 'one for each connection')
  await spy.leave()
  await until(
    () => subscriptions(market),
    ({ open }) => open === 1,
    'only the one that was cut',
  )
})

t.test('a restarted gateway knows of no subscription, and gets it again', async (t) => {
  const { market, listen } = await liveMarket(t)
  const [spy, apple] = [await listen('SPY'), await listen('AAPL')]
  await Promise.all([spy.more(), apple.more()])
  await market.restart()
  await Promise.all([spy.more(), apple.more()])
  t.equal(subscriptions(market).asked, 4)
  t.strictSame(market.violations, [])
})

t.test(
  'IBKR lost and back without subscriptions (1101): they are made anew, the old ones cancelled',
  async (t) => {
    const { market, listen } = await liveMarket(t)
    const spy = await listen('SPY')
    await spy.more()
    market.gateway.fault('1100')
    market.gateway.fault('1101')
    await spy.more()
    t.strictSame(subscriptions(market), { asked: 2, open: 1 })
    await spy.leave()
    await until(
      () => subscriptions(market),
      ({ open }) => open === 0,
      'all cancelled',
    )
  },
)

t.test(
  'IBKR lost and back with all data (1102): the subscription stands, and is not made twice',
  async (t) => {
    const { market, bars, outages, listen } = await liveMarket(t)
    const spy = await listen('SPY')
    await spy.more()
    market.gateway.fault('1100')
    await until(
      () => outages.size,
      (count) => count === 1,
      'the loss is noticed',
    )
    await t.rejects(bars.manager.streamBars('AAPL', new AbortController().signal), {
      code: 'DATA_CONNECTION_DOWN',
      message: /1100/,
    })
    market.gateway.fault('1102')
    await spy.more()
    t.strictSame(subscriptions(market), { asked: 1, open: 1 })
  },
)

t.test('closing cancels every subscription before the connection ends', async (t) => {
  const { market, bars, listen } = await liveMarket(t)
  const readers = [await listen('SPY'), await listen('AAPL'), await listen('MSFT')]
  await Promise.all(readers.map(({ more }) => more(1)))
  await bars.manager.stop()
  await until(
    () => subscriptions(market),
    ({ open }) => open === 0,
    'all cancelled',
  )
  t.equal(subscriptions(market).asked, 3)
  t.strictSame(market.violations, [])
})

t.test('a symbol that IB does not know is told, and leaves nothing open', async (t) => {
  const { market, bars } = await liveMarket(t)
  await t.rejects(bars.manager.streamBars('NOSUCH', new AbortController().signal), {
    code: 'CONTRACT_UNKNOWN',
  })
  t.strictSame(subscriptions(market), { asked: 0, open: 0 })
})
