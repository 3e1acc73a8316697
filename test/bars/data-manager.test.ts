// Bars for whoever asks: from the file, from IB, from both; and what is said when something is missing.
import t from 'tap'
import { FleetError } from '../../src/ports/errors.ts'
import type { SeriesName } from '../../src/ports/market-data.ts'
import { settle } from '../fake-clock.ts'
import { price } from './fake-market.ts'
import { allOf, dayMs, local, makeBars, until, wednesday } from './world.ts'

const signal = new AbortController().signal
const week = { startMs: wednesday - 7 * dayMs, endMs: wednesday }

t.test('what is in the file is answered without asking anybody', async (t) => {
  const { manager, market, track, idle } = makeBars(t)
  await track('SPY', '1h')
  manager.start()
  await idle()
  market.asked.length = 0
  const answer = await manager.bars({ symbol: 'SPY', timeframe: '1h', ...week, fetch: true }, signal)
  t.match(answer, { source: 'local', complete: true, gaps: [] })
  t.equal(answer.note, undefined)
  t.strictSame(await allOf(answer.bars), market.bars('1h', week.startMs, week.endMs))
  t.strictSame(market.asked, [])
})

t.test('missing parts of a series on the list are fetched, answered and kept', async (t) => {
  const { manager, market, files, track } = makeBars(t)
  const name = { symbol: 'SPY', timeframe: '1h' } as const
  await track('SPY', '1h')
  const all = market.bars('1h', week.startMs, week.endMs)
  files.plant(name, all.slice(0, 30))
  const answer = await manager.bars({ ...name, ...week, fetch: true }, signal)
  t.match(answer, { source: 'mixed', complete: true, gaps: [] })
  t.strictSame(await allOf(answer.bars), all)
  t.strictSame(files.barsOf(name), all)
  t.ok(market.asked.every(({ priority }) => priority === 'interactive'))
})

t.test('a symbol on no list is fetched and not kept', async (t) => {
  const { manager, market, files } = makeBars(t)
  const name = { symbol: 'AAPL', timeframe: '1d' } as const
  const answer = await manager.bars({ ...name, fetch: true }, signal)
  t.match(answer, { source: 'ib', complete: true })
  t.strictSame(await allOf(answer.bars), market.bars('1d', wednesday - 30 * dayMs, wednesday))
  t.equal(await files.has(name), false)
  t.strictSame(manager.listSeries({ limit: 10 }).items, [])
})

t.test('a file of a series that is looked after no more and what IB has make one answer', async (t) => {
  const { manager, market, files, track } = makeBars(t)
  const name = { symbol: 'SPY', timeframe: '5m' } as const
  await track('SPY', '5m')
  const all = market.bars('5m', week.startMs, week.endMs)
  const kept = all.filter((_, index) => index % 400 < 300 && index > 50)
  files.plant(name, kept)
  await manager.untrackSeries(name, local)
  const answer = await manager.bars({ ...name, ...week, fetch: true }, signal)
  t.match(answer, { source: 'mixed', complete: true })
  t.strictSame(await allOf(answer.bars), all)
  t.strictSame(files.barsOf(name), kept, 'the file is left alone')
})

t.test('fetch=false and a connection that is down: local bars, and why', async (t) => {
  const { manager, market, files, track } = makeBars(t)
  const name = { symbol: 'SPY', timeframe: '1h' } as const
  await track('SPY', '1h')
  const all = market.bars('1h', week.startMs, week.endMs)
  files.plant(name, all.slice(10))
  const local = await manager.bars({ ...name, ...week, fetch: false }, signal)
  t.match(local, { source: 'local', complete: false, note: /as asked for/, gaps: [{ missingBars: 10 }] })
  market.connect(false)
  const down = await manager.bars({ ...name, ...week, fetch: true }, signal)
  t.match(down, { source: 'local', complete: false, note: /^Local bars only\. The data connection is down/ })
  t.strictSame(await allOf(down.bars), all.slice(10))
  t.strictSame(market.asked, [])
})

t.test('a symbol that IB does not know is an error, unless there are local bars', async (t) => {
  const { manager, files } = makeBars(t)
  const name = { symbol: 'NOPE', timeframe: '1d' } as const
  await t.rejects(manager.bars({ ...name, fetch: true }, signal), {
    code: 'CONTRACT_UNKNOWN',
    message: /NOPE/,
  })
  files.plant(name, [price(Date.UTC(2026, 2, 17))])
  const answer = await manager.bars({ ...name, fetch: true }, signal)
  t.match(answer, { source: 'local', complete: false, note: /not known to IB/ })
  t.equal((await allOf(answer.bars)).length, 1)
})

t.test('what IB has none of does not make an answer incomplete', async (t) => {
  const { manager, market, track, idle } = makeBars(t)
  const [hole] = market.bars('1h', Date.UTC(2026, 2, 16, 14), wednesday)
  market.holes.add(hole?.timeMs ?? 0)
  await track('SPY', '1h')
  manager.start()
  await idle()
  const answer = await manager.bars({ symbol: 'SPY', timeframe: '1h', ...week, fetch: true }, signal)
  t.match(answer, { complete: true, gaps: [{ class: 'no-data', missingBars: 1 }] })
})

t.test('nor one for a symbol on no list, whose holes nobody has kept', async (t) => {
  const { manager, market } = makeBars(t)
  const all = market.bars('1h', week.startMs, week.endMs)
  for (const { timeMs } of all.filter((_, index) => index % 3 === 0)) market.holes.add(timeMs)
  const answer = await manager.bars({ symbol: 'SPY', timeframe: '1h', ...week, fetch: true }, signal)
  t.match(answer, { source: 'ib', complete: true, note: undefined })
  t.strictSame(new Set(answer.gaps.map((gap) => gap.class)), new Set(['no-data']))
  t.equal(
    answer.gaps.reduce((sum, gap) => sum + gap.missingBars, 0),
    market.holes.size,
  )
})

t.test('a slow IB is not waited for for ever: what came is kept and answered', async (t) => {
  const { manager, market, files, clock, track } = makeBars(t)
  const name = { symbol: 'SPY', timeframe: '1m' } as const
  await track('SPY', '1m')
  let answers = 0
  market.beforeAnswer = async ({ kind }) => {
    if (kind === 'historicalBars' && ++answers > 2) await clock.advance(31_000)
  }
  const answer = await manager.bars({ ...name, ...week, fetch: true }, signal)
  t.match(answer, { source: 'ib', complete: false, note: /within 30 s/ })
  const bars = await allOf(answer.bars)
  t.equal(bars.length, 2 * 960 - 240)
  t.strictSame(files.barsOf(name), bars)
  t.equal(clock.pendingTimers, 0)
})

t.test(
  'a fill of the same contract that takes long holds an answer up no longer than a slow IB',
  async (t) => {
    for (const slow of ['historicalBars', 'contractDetails', 'schedule']) {
      const { manager, market, files, clock, track } = makeBars(t)
      const all = market.bars('1h', week.startMs, week.endMs)
      files.plant({ symbol: 'SPY', timeframe: '1h' }, all.slice(0, 30))
      await track('SPY', '1h')
      let release = () => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      market.beforeAnswer = ({ kind }) => (kind === slow ? released : undefined)
      manager.start()
      await until(() => market.asked.some(({ kind }) => kind === slow))

      const asked = manager.bars({ symbol: 'SPY', timeframe: '1h', ...week, fetch: true }, signal)
      const other = manager.bars({ symbol: 'SPY', timeframe: '1d', ...week, fetch: true }, signal)
      const gone = new AbortController()
      const left = manager.bars({ symbol: 'SPY', timeframe: '1h', ...week, fetch: true }, gone.signal)
      await settle()
      gone.abort(new Error('gone'))
      await t.rejects(left, /gone/)
      await clock.advance(30_000)
      const answer = await asked
      t.match(answer, { source: 'local', complete: false, note: /within 30 s/ }, slow)
      t.strictSame(await allOf(answer.bars), all.slice(0, 30))
      if (slow !== 'historicalBars') t.match(await other, { complete: false, note: /within 30 s/ })
      release()
      await until(() => files.barsOf({ symbol: 'SPY', timeframe: '1h' }).length > 30)
      await other
      await manager.stop()
    }
  },
)

t.test('a caller who goes away ends the asking', async (t) => {
  const { manager, market } = makeBars(t)
  const gone = new AbortController()
  market.beforeAnswer = () => gone.abort(new Error('gone'))
  await t.rejects(manager.bars({ symbol: 'SPY', timeframe: '1d', fetch: true }, gone.signal), /gone/)
  t.equal(market.asked.length, 1)
})

t.test('start after end, and a damaged file, are told as what they are', async (t) => {
  const { manager, files } = makeBars(t)
  const name = { symbol: 'SPY', timeframe: '1d' } as const
  await t.rejects(manager.bars({ ...name, startMs: wednesday, endMs: wednesday, fetch: true }, signal), {
    code: 'INVALID_REQUEST',
  })
  files.plant(name, [price(Date.UTC(2026, 2, 17))])
  files.damage(name)
  await t.rejects(manager.bars({ ...name, fetch: true }, signal), { code: 'BAR_FILE_DAMAGED' })
})

t.test('series: tracked once, shown with what they have, removed', async (t) => {
  const { manager, stores, track, idle } = makeBars(t)
  t.match(await track('SPY', '1d'), {
    symbol: 'SPY',
    secType: 'STK',
    whatToShow: 'TRADES',
    origin: 'tracked',
  })
  await t.rejects(track('SPY', '1d'), { code: 'SERIES_EXISTS' })
  const both = await Promise.allSettled([track('AAPL', '1d'), track('AAPL', '1d')])
  t.strictSame(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  manager.start()
  await idle()
  const first = manager.listSeries({ limit: 1 })
  t.match(first, { items: [{ symbol: 'AAPL', gaps: 0 }], nextCursor: String })
  t.match(manager.listSeries({ limit: 1, cursor: first.nextCursor ?? '' }), {
    items: [{ symbol: 'SPY' }],
    nextCursor: undefined,
  })
  await manager.untrackSeries({ symbol: 'SPY', timeframe: '1d' }, local)
  await t.rejects(manager.untrackSeries({ symbol: 'SPY', timeframe: '1d' }, local), {
    code: 'SERIES_NOT_FOUND',
  })
  t.equal(stores.seriesRecords.get('SPY 1d')?.origin, 'ignored', 'its file stays, so it is remembered')
})

t.test('a page of series or gaps follows the one before, whatever was removed meanwhile', async (t) => {
  const { manager, files, market, track, idle } = makeBars(t)
  market.connect(false)
  const some = market.bars('1d', week.startMs, week.endMs)
  for (const [symbol, timeframe] of [
    ['AAPL', '1d'],
    ['BRK A/x', '5m'],
    ['BRK A/x', '1d'],
    ['SPY', '1d'],
  ] as const) {
    await track(symbol, timeframe)
    files.plant({ symbol, timeframe }, some.slice(1, 2))
  }
  manager.start()
  await idle()
  const titles = (items: readonly SeriesName[]) =>
    items.map(({ symbol, timeframe }) => `${symbol} ${timeframe}`)
  const gaps = manager.listGaps({ limit: 1000 }).items
  const firstGaps = manager.listGaps({ limit: 3 })
  const first = manager.listSeries({ limit: 2 })
  t.strictSame(titles(first.items), ['AAPL 1d', 'BRK A/x 5m'])

  await manager.untrackSeries({ symbol: 'AAPL', timeframe: '1d' }, local)
  await manager.untrackSeries({ symbol: 'BRK A/x', timeframe: '5m' }, local)
  const second = manager.listSeries({ limit: 2, cursor: first.nextCursor ?? '' })
  t.strictSame(titles(second.items), ['BRK A/x 1d', 'SPY 1d'])
  t.notOk('nextCursor' in second)
  const left = gaps.slice(3).filter(({ symbol, timeframe }) => symbol !== 'AAPL' && timeframe !== '5m')
  t.strictSame(manager.listGaps({ limit: 1000, cursor: firstGaps.nextCursor ?? '' }).items, left)
  t.equal(left.length, 4)

  const paged = []
  let page = manager.listGaps({ limit: 1 })
  for (paged.push(...page.items); page.nextCursor !== undefined; paged.push(...page.items))
    page = manager.listGaps({ limit: 1, cursor: page.nextCursor })
  t.strictSame(paged, left)
})

t.test('a cursor that no list gave is refused', async (t) => {
  const { manager, track } = makeBars(t)
  await track('SPY', '1d')
  for (const cursor of ['zzz', '2', '2m/0/SPY', '1d/x/SPY', '1d/0/', '1d/99999999999999999/SPY']) {
    const refused = { code: 'INVALID_REQUEST', faults: [{ path: 'query/cursor' }] }
    t.throws(() => manager.listSeries({ limit: 1, cursor }), refused, cursor)
    t.throws(() => manager.listGaps({ limit: 1, cursor }), refused, cursor)
  }
})

t.test('a store that is away: nothing is tracked, and the scan says so', async (t) => {
  const { manager, stores, track, idle } = makeBars(t)
  const away = async () => {
    throw new FleetError('STORE_UNAVAILABLE', 'The store does not answer.')
  }
  const { put, list } = stores.series
  Object.assign(stores.series, { put: away, list: away })
  await t.rejects(track('SPY', '1d'), { code: 'STORE_UNAVAILABLE' })
  t.strictSame(manager.listSeries({ limit: 10 }).items, [])
  manager.start()
  await idle()
  t.match(manager.gapFillerStatus().lastError, { code: 'STORE_UNAVAILABLE' })
  Object.assign(stores.series, { put, list })
  await track('SPY', '1d')
  manager.forceScan(local)
  await idle()
  t.equal(manager.gapFillerStatus().gapsFilled, 1)
})

t.test('a record that was made or removed by hand takes effect at the next scan', async (t) => {
  const { manager, stores, track, idle } = makeBars(t)
  await track('SPY', '1d')
  const record = stores.seriesRecords.get('SPY 1d')
  stores.seriesRecords.clear()
  if (record) stores.seriesRecords.set('MSFT 1d', { ...record, symbol: 'MSFT' })
  manager.start()
  await idle()
  t.strictSame(
    manager.listSeries({ limit: 10 }).items.map(({ symbol }) => symbol),
    ['MSFT'],
  )
})

t.test('the alert of a connection that stays away comes after five minutes, and goes with it', async (t) => {
  const { manager, market, clock, alerts, idle } = makeBars(t)
  manager.start()
  await idle()
  market.connect(false)
  await clock.advance(299_000)
  t.equal(alerts.open.size, 0)
  await clock.advance(1_000)
  t.match(alerts.open.get('data:DOWN'), { level: 'ERROR', message: /5 minutes/ })
  market.connect(true)
  t.equal(alerts.open.size, 0)
  await idle()
})

t.test('outages are recorded with their ends, also one that an earlier manager left open', async (t) => {
  const { manager, market, clock, stores, idle } = makeBars(t)
  stores.outageRecords.set('old', { id: 'old', fromMs: wednesday - 1_000, cause: 'cut' })
  market.isUsable = false
  manager.start()
  await idle()
  market.connect(true)
  await until(() => stores.outageRecords.get('old')?.toMs !== undefined)
  await clock.advance(10_000)
  market.connect(false)
  await clock.advance(5_000)
  market.connect(true)
  await until(() => stores.outageRecords.size === 2)
  await idle()
  const [, second] = [...stores.outageRecords.values()]
  t.equal((second?.toMs ?? 0) - (second?.fromMs ?? 0), 5_000)
})
