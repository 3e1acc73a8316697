// The gap filler: what is missing comes, outages first, whatever breaks meanwhile; and its status tells the truth.
import t from 'tap'
import { timeframes } from '../../schemas/market-data.ts'
import { FleetError } from '../../src/ports/errors.ts'
import { price } from './fake-market.ts'
import { dayMs, local, makeBars, until, wednesday } from './world.ts'

const monthAgo = wednesday - 30 * dayMs

t.test('a new series gets its last 30 days, without the bar that is forming', async (t) => {
  const { manager, market, files, track, idle } = makeBars(t)
  await track('SPY', '1h')
  manager.start()
  await idle()
  t.strictSame(files.barsOf({ symbol: 'SPY', timeframe: '1h' }), market.bars('1h', monthAgo, wednesday))
  t.match(manager.gapFillerStatus(), {
    enabled: true,
    running: false,
    series: 1,
    gapsFound: 1,
    gapsFilled: 1,
    failed: 0,
    barsWritten: files.barsOf({ symbol: 'SPY', timeframe: '1h' }).length,
  })
  t.strictSame(manager.listGaps({ limit: 100 }).items, [])
})

for (const timeframe of timeframes)
  t.test(
    `a day that was deleted from a ${timeframe} file comes back, and nothing else changes`,
    async (t) => {
      const { manager, market, files, track, idle } = makeBars(t)
      const name = { symbol: 'SPY', timeframe }
      await track('SPY', timeframe)
      manager.start()
      await idle()
      const before = files.barsOf(name)
      t.ok(before.length >= 20)
      // Between the sessions, which end in the night by UTC.
      const from = Date.UTC(2026, 2, 4, 5)
      files.plant(
        name,
        before.filter(({ timeMs }) => timeMs < from || timeMs >= from + dayMs),
      )
      market.asked.length = 0
      manager.forceScan(local)
      await idle()
      t.strictSame(files.barsOf(name), before)
      t.equal(market.asked.filter(({ kind }) => kind === 'historicalBars').length, 1)
    },
  )

t.test('what IB has none of is asked for once, and asked again when bars were lost there', async (t) => {
  const { manager, market, files, track, idle } = makeBars(t)
  const name = { symbol: 'SPY', timeframe: '1h' } as const
  const whole = market.bars('1h', monthAgo, wednesday)
  const holes = whole.slice(40, 60)
  for (const { timeMs } of holes) market.holes.add(timeMs)
  await track('SPY', '1h')
  manager.start()
  await idle()
  t.equal(files.barsOf(name).length, whole.length - 20)
  const open = manager.listGaps({ limit: 100 }).items
  t.ok(open.length > 0)
  t.ok(open.every((gap) => gap.class === 'no-data'))
  market.asked.length = 0
  manager.forceScan(local)
  await idle()
  t.strictSame(market.asked, [], 'nothing is asked')
  const kept = files.barsOf(name)
  files.plant(
    name,
    kept.filter((_, index) => index < 30 || index > 35),
  )
  manager.forceScan(local)
  await idle()
  t.strictSame(files.barsOf(name), kept)
})

t.test('without a connection gaps are found, shown and left; they are filled when it comes', async (t) => {
  const { manager, market, files, track, idle } = makeBars(t)
  market.isUsable = false
  await track('SPY', '1d')
  manager.start()
  await idle()
  t.match(manager.gapFillerStatus(), { gapsFound: 1, gapsFilled: 0, barsWritten: 0 })
  t.match(manager.listGaps({ limit: 10 }).items, [{ class: 'missing', position: 'whole' }])
  market.connect(true)
  await until(() => files.barsOf({ symbol: 'SPY', timeframe: '1d' }).length > 0)
  await idle()
  t.strictSame(manager.listGaps({ limit: 10 }).items, [])
})

t.test('the missing bars of an outage come first, of every series', async (t) => {
  const { manager, market, files, clock, track, idle } = makeBars(
    t,
    { batchSize: 2 },
    Date.UTC(2026, 2, 18, 15),
  )
  await track('SPY', '5m')
  await track('AAPL', '5m')
  manager.start()
  await idle()
  market.connect(false)
  await clock.advance(7_200_000)
  await idle()
  // A series that misses fewer bars, but none of an outage, must wait behind them.
  await track('MSFT', '1d')
  market.asked.length = 0
  market.connect(true)
  await until(() => files.barsOf({ symbol: 'MSFT', timeframe: '1d' }).length > 0)
  const bars = market.asked.filter(({ kind }) => kind === 'historicalBars')
  t.strictSame(new Set(bars.slice(0, 2).map(({ symbol }) => symbol)), new Set(['SPY', 'AAPL']))
  t.ok(bars.slice(0, 2).every(({ priority }) => priority === 'outage'))
  await idle()
  for (const symbol of ['SPY', 'AAPL'])
    t.strictSame(
      files.barsOf({ symbol, timeframe: '5m' }),
      market.bars('5m', Date.UTC(2026, 2, 18, 15) - 30 * dayMs, clock.now()),
    )
})

t.test('a connection lost in the middle of a fill leaves no hole and no duplicate', async (t) => {
  const { manager, market, files, track, idle } = makeBars(t)
  const name = { symbol: 'SPY', timeframe: '1m' } as const
  await track('SPY', '1m')
  let answers = 0
  market.beforeAnswer = ({ kind }) => {
    if (kind === 'historicalBars' && ++answers === 5) market.connect(false)
  }
  manager.start()
  await idle()
  const kept = files.barsOf(name).length
  t.equal(kept, 4 * 960 - 240, 'four days, the newest of which is still open')
  t.equal(manager.gapFillerStatus().failed, 0, 'the series is not to blame')
  market.connect(true)
  await until(() => files.barsOf(name).length > kept)
  await idle()
  t.strictSame(files.barsOf(name), market.bars('1m', monthAgo, wednesday))
})

t.test('a pacing error is waited out and asked again; a refusal is told', async (t) => {
  const { manager, market, files, track, idle } = makeBars(t)
  await track('SPY', '1d')
  const refuse = (text: string) => {
    throw new FleetError('REQUEST_REJECTED', `IB refused the request: [162] ${text}`, {
      cause: { id: 1, code: 162, text },
    })
  }
  const refusals = { schedule: 2, headTimestamp: 2, historicalBars: 2 }
  market.beforeAnswer = ({ kind }) => {
    if (kind in refusals && refusals[kind as keyof typeof refusals]-- > 0)
      refuse('Historical Market Data Service error message:Historical data request pacing violation')
  }
  manager.start()
  await idle()
  t.equal(manager.gapFillerStatus().failed, 0)
  t.ok(files.barsOf({ symbol: 'SPY', timeframe: '1d' }).length > 0)
  for (const kind of Object.keys(refusals))
    t.equal(
      market.asked.filter((asked) => asked.kind === kind).length,
      3,
      `${kind} is no answer until it is one`,
    )
  market.beforeAnswer = ({ kind }) => {
    if (kind === 'historicalBars') refuse('No market data permissions for ARCA STK')
  }
  await track('AAPL', '1d')
  manager.forceScan(local)
  await idle()
  t.match(manager.gapFillerStatus(), {
    failed: 1,
    lastError: { code: 'REQUEST_REJECTED', symbol: 'AAPL', message: /permissions/ },
  })
  t.match(manager.listSeries({ limit: 10 }).items[0], {
    symbol: 'AAPL',
    problem: { code: 'REQUEST_REJECTED' },
  })
})

t.test(
  'symbols that IB does not know, knows several of, or that are over, each say so and raise an alert',
  async (t) => {
    const { manager, market, alerts, track, idle } = makeBars(t)
    await track('NOPE', '1d')
    await manager.trackSeries({ symbol: 'ES', timeframe: '1d', secType: 'FUT', exchange: 'CME' }, local)
    await manager.trackSeries({ symbol: 'ESH5', timeframe: '1d', secType: 'FUT', exchange: 'CME' }, local)
    await track('SPY', '1d')
    manager.start()
    await idle()
    t.strictSame(
      manager.listSeries({ limit: 10 }).items.map(({ symbol, problem }) => [symbol, problem?.code]),
      [
        ['ES', 'CONTRACT_AMBIGUOUS'],
        ['ESH5', 'CONTRACT_EXPIRED'],
        ['NOPE', 'CONTRACT_UNKNOWN'],
        ['SPY', undefined],
      ],
    )
    t.equal(manager.gapFillerStatus().failed, 3)
    t.equal(
      [...alerts.open.values()].filter(({ action }) => action?.startsWith('Remove the series')).length,
      3,
    )
    market.asked.length = 0
    market.contracts.set('NOPE', 'one')
    manager.forceScan(local)
    await idle()
    t.equal(manager.gapFillerStatus().failed, 2, 'a forced scan asks again')
    t.equal(alerts.open.size, 2)
  },
)

t.test('a damaged file is told, never written, and goes on when it is mended', async (t) => {
  const { manager, files, alerts, track, idle } = makeBars(t)
  const name = { symbol: 'SPY', timeframe: '1h' } as const
  await track('SPY', '1h')
  files.plant(name, [price(Date.UTC(2026, 2, 17, 15))])
  files.damage(name, 4711)
  manager.start()
  await idle()
  t.equal(files.barsOf(name).length, 1)
  t.match(alerts.open.get('bars:BAR_FILE_DAMAGED:SPY 1h'), { level: 'ERROR', message: /line 4711/ })
  t.match(manager.gapFillerStatus(), { failed: 1, lastError: { code: 'BAR_FILE_DAMAGED' } })
  files.mend(name)
  manager.forceScan(local)
  await idle()
  t.ok(files.barsOf(name).length > 1)
  t.equal(alerts.open.size, 0)
  t.equal(manager.listSeries({ limit: 1 }).items[0]?.problem, undefined)
})

t.test('a full disk raises an alert, and filling goes on when there is room', async (t) => {
  const { manager, market, files, alerts, track, idle } = makeBars(t)
  await track('SPY', '1h')
  market.beforeAnswer = ({ kind }) => {
    if (kind === 'historicalBars') files.setDiskFull(true)
  }
  manager.start()
  await idle()
  t.match(alerts.open.get('bars:FOLDER'), { level: 'CRITICAL', message: /full/ })
  market.beforeAnswer = () => {}
  files.setDiskFull(false)
  manager.forceScan(local)
  await idle()
  t.ok(files.barsOf({ symbol: 'SPY', timeframe: '1h' }).length > 0)
  t.equal(alerts.open.size, 0)
})

t.test('a folder that cannot be listed is told, and no longer when it can', async (t) => {
  const { manager, files, alerts, idle } = makeBars(t)
  files.setDiskFull(true)
  manager.start()
  await idle()
  t.match(alerts.open.get('bars:FOLDER'), { level: 'CRITICAL' })
  t.match(manager.gapFillerStatus(), { failed: 1, lastError: { code: 'BARS_DIR_UNUSABLE' } })
  files.setDiskFull(false)
  manager.forceScan(local)
  await idle()
  t.equal(alerts.open.size, 0)
})

t.test('two series of one contract ask once what they share', async (t) => {
  const { manager, market, track, idle } = makeBars(t)
  for (const timeframe of ['1h', '1d'] as const) await track('SPY', timeframe)
  manager.start()
  await idle()
  for (const kind of ['contractDetails', 'schedule', 'headTimestamp'])
    t.equal(market.asked.filter((asked) => asked.kind === kind).length, 1, kind)
})

t.test('a series removed while it is filled is left as it is', async (t) => {
  const { manager, market, files, track, idle } = makeBars(t)
  const name = { symbol: 'SPY', timeframe: '1m' } as const
  await track('SPY', '1m')
  let answers = 0
  let removed: Promise<void> | undefined
  market.beforeAnswer = async ({ kind }) => {
    if (kind === 'historicalBars' && ++answers === 3) removed = manager.untrackSeries(name, local)
    await removed
  }
  manager.start()
  await idle()
  t.equal(files.barsOf(name).length, 2 * 960 - 240)
  t.strictSame(manager.listSeries({ limit: 10 }).items, [])
  t.equal(manager.gapFillerStatus().failed, 0)
  manager.forceScan(local)
  await idle()
  t.strictSame(manager.listSeries({ limit: 10 }).items, [], 'its file is not taken for a new series')
  await track('SPY', '1m')
  market.beforeAnswer = () => {}
  manager.forceScan(local)
  await idle()
  t.strictSame(files.barsOf(name), market.bars('1m', monthAgo, wednesday))
})

t.test('of two scans at once the second is refused', async (t) => {
  const { manager, track, idle } = makeBars(t)
  await track('SPY', '1h')
  manager.start()
  t.throws(() => manager.forceScan(local), { code: 'SCAN_RUNNING' })
  await idle()
  t.ok(manager.forceScan(local).scanId)
  t.throws(() => manager.forceScan(local), { code: 'SCAN_RUNNING' })
  await idle()
})

t.test('a file without a record is a series too, a US stock', async (t) => {
  const { manager, market, files, stores, idle } = makeBars(t)
  files.plant({ symbol: 'AAPL', timeframe: '1d' }, market.bars('1d', monthAgo, wednesday - 5 * dayMs))
  manager.start()
  await idle()
  t.match(manager.listSeries({ limit: 10 }).items, [{ symbol: 'AAPL', secType: 'STK', origin: 'file' }])
  t.strictSame(files.barsOf({ symbol: 'AAPL', timeframe: '1d' }), market.bars('1d', monthAgo, wednesday))
  t.equal(stores.seriesRecords.get('AAPL 1d')?.origin, 'file')
})

t.test('a series that is tracked is looked at within seconds', async (t) => {
  const { manager, files, clock, track, idle } = makeBars(t)
  manager.start()
  await idle()
  await track('SPY', '1d')
  t.equal(Date.parse(manager.gapFillerStatus().nextScanAt ?? ''), clock.now() + 10_000)
  await clock.advance(10_000)
  await idle()
  t.ok(files.barsOf({ symbol: 'SPY', timeframe: '1d' }).length > 0)
})

t.test('it scans every five minutes, and at most so many series are filled at once', async (t) => {
  const { manager, market, clock, track, idle } = makeBars(t, { batchSize: 2 })
  for (const symbol of ['SPY', 'AAPL', 'MSFT']) await track(symbol, '1d')
  let most = 0
  market.beforeAnswer = () => {
    most = Math.max(most, manager.gapFillerStatus().current?.symbols.length ?? 0)
  }
  manager.start()
  await idle()
  t.equal(most, 2)
  const { lastScanAt, nextScanAt } = manager.gapFillerStatus()
  t.equal(Date.parse(nextScanAt ?? ''), clock.now() + 300_000)
  await clock.advance(300_000)
  await idle()
  t.equal(Date.parse(manager.gapFillerStatus().lastScanAt ?? ''), Date.parse(lastScanAt ?? '') + 300_000)
})

t.test(
  'a scan that outlasts its interval makes room for a new one, which goes on where it was',
  async (t) => {
    const { manager, market, files, clock, track, idle } = makeBars(t)
    await track('SPY', '1m')
    market.beforeAnswer = async ({ kind }) => {
      if (kind === 'historicalBars') await clock.advance(100_000)
    }
    manager.start()
    const first = manager.gapFillerStatus().scanId
    await idle()
    t.match(manager.gapFillerStatus(), { scanId: first, nextScanAt: new Date(clock.now()).toISOString() })
    t.ok(files.barsOf({ symbol: 'SPY', timeframe: '1m' }).length > 0)
    market.beforeAnswer = () => {}
    await clock.advance(1)
    await idle()
    t.strictSame(
      files.barsOf({ symbol: 'SPY', timeframe: '1m' }).at(0),
      market.bars('1m', clock.now() - 30 * dayMs, clock.now()).at(0),
    )
  },
)

t.test('before the first bar that IB has nothing is asked for', async (t) => {
  const { manager, market, files, track, idle } = makeBars(t)
  market.headMs = Date.UTC(2026, 2, 16, 13, 30)
  for (const { timeMs } of market.bars('1h', monthAgo, market.headMs)) market.holes.add(timeMs)
  await track('SPY', '1h')
  manager.start()
  await idle()
  t.equal(files.barsOf({ symbol: 'SPY', timeframe: '1h' })[0]?.timeMs, Date.UTC(2026, 2, 16, 14))
  t.strictSame(manager.listGaps({ limit: 10, class: 'missing' }).items, [])
})

t.test('stopping in the middle of a fill leaves no timer behind', async (t) => {
  const { manager, market, clock, track } = makeBars(t)
  await track('SPY', '1m')
  let answers = 0
  let stopped: Promise<void> | undefined
  market.beforeAnswer = ({ kind }) => {
    if (kind === 'historicalBars' && ++answers === 2) stopped = manager.stop()
  }
  manager.start()
  await until(() => stopped !== undefined)
  await stopped
  t.equal(clock.pendingTimers, 0)
  t.equal(answers, 2)
})
