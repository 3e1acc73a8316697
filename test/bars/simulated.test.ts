// Gaps are filled from a simulated gateway over real sockets into real files; whatever happens on the way, the files end the same, byte for byte.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type SeriesCreate, timeframes } from '../../schemas/market-data.ts'
import { readProcesses } from '../../src/adapters/embedded/processes.ts'
import { openEmbeddedStores } from '../../src/adapters/embedded/stores.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { until } from '../fleet/world.ts'
import { silent } from '../session/harness.ts'
import { RawClient } from '../simulator/harness.ts'
import {
  type MadeBars,
  type Market,
  makeBars,
  openGaps,
  openMarket,
  saturday,
  several,
} from './simulated-world.ts'
import { local, MemoryStores } from './world.ts'

/** Wednesday, 18 March 2026, 3 o'clock in New York. */
const beforeTheOpen = Date.UTC(2026, 2, 18, 7)

/** The text of each file after a fill that nothing came between. */
let undisturbed: ReadonlyMap<string, string>

/** A test that ends with a look at what clients did against IBKR's limits: nothing. */
function marketTest(name: string, body: (t: Test, market: Market) => Promise<void>, nowMs = saturday) {
  t.test(name, async (t) => {
    const market = await openMarket(t, {}, nowMs)
    await body(t, market)
    t.strictSame(market.violations, [], "none of IBKR's limits was broken")
  })
}

marketTest('a month of several series fills, complete by the calendar', async (t, market) => {
  const bars = makeBars(t, market)
  await bars.track(...several)
  bars.manager.start()
  await bars.filled()
  undisturbed = filesOf(bars)
  t.equal(undisturbed.size, several.length)
  // 20 days from 4 to 20 o'clock in New York.
  t.equal(rowsOf(bars.fileOf({ symbol: 'SPY', timeframe: '1m' })), 20 * 960)
  t.equal(rowsOf(bars.fileOf({ symbol: 'SPY', timeframe: '1d' })), 20)
  t.strictSame(bars.manager.listGaps({ limit: 10 }).items, [])
  t.match(bars.manager.gapFillerStatus(), { failed: 0, pacingErrors: 0, series: several.length })
  t.strictSame([...bars.alerts.open.keys()], [])
})

marketTest('a deleted day comes back as it was, for bars of every length', async (t, market) => {
  const bars = makeBars(t, market, { maxGapAgeDays: 14 })
  await bars.track(...timeframes.map((timeframe) => ({ symbol: 'SPY', timeframe })))
  bars.manager.start()
  await bars.filled()
  const before = filesOf(bars)
  for (const [file, text] of before) {
    const left = text.replaceAll(/^2026-11-11.*\n/gm, '')
    t.ok(left.length < text.length, `${file} has that day`)
    writeFileSync(join(bars.dir, file), left)
  }
  bars.manager.forceScan(local)
  await until(
    () => differing(bars, before),
    (names) => names.length === 0,
    'all as before',
    30_000,
  )
})

const disturbances: Record<string, (market: Market) => Promise<void> | void> = {
  'cuts every connection': ({ gateway }) => gateway.fault('drop'),
  'goes mute for a while': ({ gateway, clock }) => {
    gateway.fault('mute')
    clock.schedule(15_000, () => gateway.fault('clear'))
  },
  'loses IBKR, and gets it back with all data (1100, 1102)': ({ gateway, clock }) => {
    gateway.fault('1100')
    clock.schedule(5_000, () => gateway.fault('1102'))
  },
  'loses IBKR, and gets it back without subscriptions (1100, 1101)': ({ gateway, clock }) => {
    gateway.fault('1100')
    clock.schedule(5_000, () => gateway.fault('1101'))
  },
  'restarts on the same port': (market) => market.restart(),
}

for (const [what, disturb] of Object.entries(disturbances)) {
  marketTest(`a gateway that ${what} in the middle of a fill: nothing is lost`, async (t, market) => {
    const stores = new MemoryStores()
    let merges = 0
    const bars = makeBars(t, market, {
      stores,
      heartbeatMs: 4_000,
      async beforeMerge(count) {
        merges = count
        if (count === 12) await disturb(market)
      },
    })
    await bars.track(...several)
    bars.manager.start()
    await until(
      () => stores.outageRecords.size,
      (outages) => outages > 0,
      'an outage',
    )
    await bars.filled()
    t.strictSame(differing(bars, undisturbed), [])
    t.ok(merges > 20, `${merges} writes, most of them afterwards`)
    t.ok(
      [...stores.outageRecords.values()].every(({ toMs }) => toMs !== undefined),
      'the outage is over',
    )
  })
}

t.test('another client uses up what IBKR allows: a pause, then the rest is filled', async (t) => {
  const market = await openMarket(t, { pacing: 'strict' })
  const greedy = await RawClient.ready(t, market.gateway.port, 40)
  const isRefused = () => market.violations.some(({ clientId }) => clientId === 1)
  let asked = 0
  /** Asks for the same series again and again, until a question of ours about it is one too many. */
  const flood = async () => {
    while (!isRefused() && asked < 400) {
      asked++
      greedy.send(
        20,
        asked,
        ...stockFields('AAPL'),
        0,
        endText(asked),
        '1 min',
        '60 S',
        1,
        'TRADES',
        0,
        2,
        0,
        '',
      )
      await market.clock.sleep(50)
    }
  }
  const bars = makeBars(t, market, {
    pacing: 'strict',
    async beforeMerge(_count, { symbol }) {
      if (symbol !== 'AAPL' || asked > 0) return
      void flood()
      await until(
        () => asked,
        (count) => count > 6,
        'a flood',
      )
    },
  })
  await bars.track(...several.filter(({ symbol, timeframe }) => symbol === 'AAPL' || timeframe === '1d'))
  bars.manager.start()
  await bars.filled()
  t.ok(isRefused(), 'we were refused too')
  t.ok(bars.manager.gapFillerStatus().pacingErrors > 0)
  for (const [file, text] of filesOf(bars)) t.equal(text, undisturbed.get(file), file)
})

marketTest('a client id that somebody has is left to them', async (t, market) => {
  await RawClient.ready(t, market.gateway.port, 1)
  const bars = makeBars(t, market, { maxGapAgeDays: 3 })
  await bars.track({ symbol: 'SPY', timeframe: '1d' })
  bars.manager.start()
  await bars.filled()
  t.match(bars.manager.dataConnection(), { state: 'connected', clientId: 2, reconnects: 0 })
})

marketTest('ids that others have been promised are never used, nor is 0', async (t, market) => {
  const { port } = market.gateway
  const takenClientIds = new Set([0, 1, 2, 3, 50])
  const target = { name: 'alpha', host: '127.0.0.1', port, takenClientIds, generation: 'one' }
  const bars = makeBars(t, market, {
    source: { target: async () => target, onChange: () => () => {} },
    async beforeMerge(count) {
      if (count <= 2) await market.restart()
    },
    maxGapAgeDays: 3,
  })
  await bars.track({ symbol: 'SPY', timeframe: '1m' })
  bars.manager.start()
  await bars.filled()
  t.equal(bars.manager.dataConnection().clientId, 4)
  t.strictSame(new Set(market.asked('reqHistoricalData').map(({ clientId }) => clientId)), new Set([4]))
})

marketTest('what IB does not have is remembered, and not asked for again', async (t, market) => {
  const bars = makeBars(t, market, { maxGapAgeDays: 5 })
  await bars.track({ symbol: 'THIN', timeframe: '1m' })
  bars.manager.start()
  await bars.filled()
  const gaps = bars.manager.listGaps({ limit: 10_000 }).items
  t.ok(gaps.length > 100 && gaps.every((gap) => gap.class === 'no-data'), `${gaps.length} gaps`)
  const [text, asked] = [filesOf(bars), market.asked('reqHistoricalData').length]
  await bars.scanned()
  await bars.scanned()
  t.equal(market.asked('reqHistoricalData').length, asked)
  t.strictSame(differing(bars, text), [])
})

marketTest('share classes, currencies and futures by their own names are found', async (t, market) => {
  const bars = makeBars(t, market, { maxGapAgeDays: 5 })
  await bars.track(
    { symbol: 'BRK B', timeframe: '1h' },
    { symbol: 'EUR', timeframe: '1h', secType: 'CASH', exchange: 'IDEALPRO', whatToShow: 'MIDPOINT' },
    { symbol: 'ESZ6', timeframe: '1h', ...future },
    { symbol: 'ESU6', timeframe: '1h', ...future },
    { symbol: 'ES', timeframe: '1h', ...future },
    { symbol: 'NOSUCH', timeframe: '1h' },
  )
  bars.manager.start()
  await bars.filled()
  const found = bars.manager.listSeries({ limit: 10 }).items
  t.strictSame(
    found.map(({ symbol, problem }) => `${symbol} ${problem?.code ?? 'good'}`),
    [
      'BRK B good',
      'ES CONTRACT_AMBIGUOUS',
      'ESU6 CONTRACT_EXPIRED',
      'ESZ6 good',
      'EUR good',
      'NOSUCH CONTRACT_UNKNOWN',
    ],
  )
  t.strictSame([...filesOf(bars).keys()], ['BRK%20B/1h.csv', 'ESZ6/1h.csv', 'EUR/1h.csv'])
  t.match(bars.fileOf({ symbol: 'EUR', timeframe: '1h' }), /,-1\n$/, 'currencies have no volume')
  t.equal([...bars.alerts.open.values()].length, 3)
})

marketTest('two managers fill one folder: each file is good, and as if there were one', async (t, market) => {
  const one = makeBars(t, market)
  const other = makeBars(t, market, { dir: one.dir })
  for (const bars of [one, other]) {
    await bars.track(...several)
    bars.manager.start()
  }
  await Promise.all([one.filled(), other.filled()])
  t.not(one.manager.dataConnection().clientId, other.manager.dataConnection().clientId)
  t.strictSame(differing(one, undisturbed), [])
  await Promise.all([one.manager.stop(), other.manager.stop()])
  t.strictSame(
    readdirSync(one.dir, { recursive: true, encoding: 'utf8' }).filter((name) => !/\.csv$|^\w+$/.test(name)),
    [],
    'and no lock or half file is left',
  )
})

marketTest(
  'a series that is removed while it fills keeps what it has, and is left alone',
  async (t, market) => {
    let writesAfter = 0
    const bars = makeBars(t, market, {
      async beforeMerge(_count, { symbol, timeframe }) {
        if (symbol !== 'SPY' || timeframe !== '1m') return
        writesAfter++
        if (writesAfter === 4) await bars.manager.untrackSeries({ symbol, timeframe }, local)
      },
    })
    await bars.track(...several)
    bars.manager.start()
    await bars.filled()
    t.equal(writesAfter, 4, 'the one under way was the last')
    const kept = bars.fileOf({ symbol: 'SPY', timeframe: '1m' })
    t.ok(rowsOf(kept) >= 3 * 960 && rowsOf(kept) < 6 * 960, `${rowsOf(kept)} bars`)
    t.ok(undisturbed.get('SPY/1m.csv')?.endsWith(kept.slice(kept.indexOf('\n') + 1)), 'the newest')
    t.notOk(bars.manager.listSeries({ limit: 10, symbol: 'SPY', timeframe: '1m' }).items[0])
    await bars.scanned()
    t.equal(bars.fileOf({ symbol: 'SPY', timeframe: '1m' }), kept)
    for (const [file, text] of filesOf(bars))
      if (file !== 'SPY/1m.csv') t.equal(text, undisturbed.get(file), file)
  },
)

marketTest(
  'a new manager goes on with the series, what IB does not have, and the outages of the one before',
  async (t, market) => {
    const stores = await embeddedStores(t)
    const first = makeBars(t, market, { stores, maxGapAgeDays: 5 })
    await first.track({ symbol: 'THIN', timeframe: '1m' }, { symbol: 'SPY', timeframe: '1m' })
    first.manager.start()
    await first.filled()
    market.gateway.fault('exit', '1')
    await until(
      () => first.manager.dataConnection(),
      ({ state }) => state !== 'connected',
      'lost',
    )
    await first.manager.stop()
    market.clock.jumpWallClock(18 * 3_600_000)

    const second = makeBars(t, market, { stores, dir: first.dir, maxGapAgeDays: 5 })
    second.manager.start()
    await until(
      () => second.manager.listGaps({ limit: 10, symbol: 'SPY' }).items,
      ({ length }) => length > 0,
      'gaps',
    )
    t.match(second.manager.listGaps({ limit: 10, symbol: 'SPY' }).items, [
      { class: 'outage', position: 'trailing', missingBars: 960, start: '2026-03-18T08:00:00.000Z' },
    ])
    await market.open()
    const asked = market.asked('reqHistoricalData').length
    await second.filled()
    t.strictSame(
      second.manager.listSeries({ limit: 10 }).items.map(({ symbol }) => symbol),
      ['SPY', 'THIN'],
    )
    t.strictSame(openGaps(second.manager), [])
    const askedAnew = market.asked('reqHistoricalData').length - asked
    t.ok(askedAnew <= 8, `${askedAnew} requests: schedules and one day, not all days again`)
    t.strictSame(await stores.outages.list(0).then((outages) => outages.map(({ toMs }) => typeof toMs)), [
      'number',
    ])
  },
  beforeTheOpen,
)

const future = { secType: 'FUT', exchange: 'CME', currency: 'USD' } satisfies Partial<SeriesCreate>

function filesOf({ dir }: MadeBars): Map<string, string> {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.csv'),
  )
  return new Map(files.sort().map((name) => [name, readFileSync(join(dir, name), 'utf8')]))
}

/** The files that are not there, or not byte for byte as they were. */
function differing(bars: MadeBars, wanted: ReadonlyMap<string, string>): string[] {
  const files = filesOf(bars)
  return [...wanted.keys()].filter((name) => files.get(name) !== wanted.get(name))
}

const rowsOf = (text: string) => text.split('\n').length - 2

const stockFields = (symbol: string) => ['', symbol, 'STK', '', '', '', '', 'SMART', '', 'USD', '', '']

/** Another minute of June for each. */
function endText(index: number): string {
  const at = new Date(Date.UTC(2026, 5, 12, 14) + index * 60_000).toISOString()
  return `20260612-${at.slice(11, 19)}`
}

async function embeddedStores(t: Test) {
  const stores = await openEmbeddedStores({
    dataDir: join(t.testdirName, 'data'),
    clock: systemClock(),
    log: silent,
    processes: readProcesses(),
    onLockLost: () => {},
  })
  t.teardown(() => stores.close())
  return stores
}
