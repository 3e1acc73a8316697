// What every store promises about series and outages.
import type { Test } from 'tap'
import type { OutageRecord, SeriesRecord } from '../../src/ports/stores.ts'
import type { StoresSubject } from './stores.ts'

const minuteMs = 60_000

export function seriesRecord(symbol: string, over: Partial<SeriesRecord> = {}): SeriesRecord {
  return {
    symbol,
    timeframe: '1m',
    secType: 'STK',
    exchange: 'SMART',
    currency: 'USD',
    whatToShow: 'TRADES',
    useRth: false,
    origin: 'tracked',
    createdAt: 1_763_649_000_000,
    empty: [],
    ...over,
  }
}

export function outage(id: string, fromMs: number, toMs?: number): OutageRecord {
  return { id, fromMs, ...(toMs !== undefined && { toMs }), cause: 'The gateway was restarted.' }
}

export function marketDataContract(t: Test, makeSubject: (t: Test) => Promise<StoresSubject>): void {
  t.test('series', async (t) => {
    const { series } = await (await makeSubject(t)).open()
    t.strictSame(await series.list(), [])
    const apple = seriesRecord('AAPL', {
      secType: 'CASH',
      exchange: 'IDEALPRO',
      whatToShow: 'MIDPOINT',
      useRth: true,
      empty: [{ fromMs: 0, toMs: minuteMs, bars: 1, askedAt: 5 }],
    })
    await series.put(apple)
    t.strictSame(await series.list(), [apple])
    const daily = seriesRecord('AAPL', { timeframe: '1d', origin: 'file' })
    await series.put(daily)
    const ignored = seriesRecord('AAPL', { origin: 'ignored' })
    await series.put(ignored)
    t.strictSame(byName(await series.list()), byName([ignored, daily]), 'one per symbol and timeframe')
    await series.delete('AAPL', '1m')
    await series.delete('AAPL', '1m')
    await series.delete('MSFT', '1d')
    t.strictSame(await series.list(), [daily])
  })

  t.test('symbols are data, whatever they look like', async (t) => {
    const { series } = await (await makeSubject(t)).open()
    const symbols = [
      'BRK B',
      'BRK.B',
      'BRK/B',
      '../x',
      '1m/AAPL',
      '.',
      '$gt',
      '$where.a',
      '__proto__',
      'constructor',
      '%2e',
      '"',
      "'",
      '\\',
      'aapl',
      'AAPL',
      '日本',
      // Composed and not: two symbols, though they look alike.
      '\u00e9',
      'e\u0301',
      '\u{1F600}'.repeat(64),
    ]
    const records = symbols.flatMap((symbol) => [
      seriesRecord(symbol),
      seriesRecord(symbol, { timeframe: '4h' }),
    ])
    await Promise.all(records.map((record) => series.put(record)))
    t.strictSame(byName(await series.list()), byName(records))
    for (const symbol of symbols) {
      await series.delete(symbol, '4h')
      const left = (await series.list()).filter((record) => record.symbol === symbol)
      t.strictSame(left, [seriesRecord(symbol)], symbol)
    }
  })

  t.test('a series with thousands of empty stretches', async (t) => {
    const { series } = await (await makeSubject(t)).open()
    const empty = Array.from({ length: 2_000 }, (_, n) => ({
      fromMs: n * 2 * minuteMs,
      toMs: (n * 2 + 1) * minuteMs,
      bars: 1,
      askedAt: 1_763_649_000_000 + n,
    }))
    const record = seriesRecord('AAPL', { empty })
    await series.put(record)
    t.strictSame(await series.list(), [record])
    await series.put({ ...record, empty: [] })
    t.strictSame(await series.list(), [seriesRecord('AAPL')])
  })

  t.test('outages', async (t) => {
    const { outages } = await (await makeSubject(t)).open()
    const ids = async (sinceMs: number) => (await outages.list(sinceMs)).map(({ id }) => id)
    t.strictSame(await outages.list(0), [])
    for (const record of [outage('c', 300, 400), outage('a', 100, 200), outage('b', 150)])
      await outages.put(record)
    t.strictSame(await outages.list(0), [outage('a', 100, 200), outage('b', 150), outage('c', 300, 400)])
    t.strictSame(await ids(199), ['a', 'b', 'c'])
    t.strictSame(await ids(200), ['b', 'c'], 'its end is not part of it')
    t.strictSame(await ids(10_000), ['b'], 'one that lasts is always there')

    t.equal(await outages.sweep(10_000), 2, 'one that lasts is never old')
    await outages.put(outage('b', 150, 500))
    t.strictSame(await outages.list(0), [outage('b', 150, 500)], 'replaced, not added')
    t.equal(await outages.sweep(500), 0)
    t.equal(await outages.sweep(501), 1)
    t.equal(await outages.sweep(501), 0)
    t.strictSame(await outages.list(0), [])
  })

  t.test('more than a thousand outages are listed in order, and swept whole', async (t) => {
    const { outages } = await (await makeSubject(t)).open()
    // 7,919 is prime, so that each place is written once and in no order.
    const starts = Array.from({ length: 1_200 }, (_, n) => (n * 7_919) % 1_200)
    for (let at = 0; at < starts.length; at += 100) {
      const group = starts.slice(at, at + 100)
      await Promise.all(group.map((fromMs) => outages.put(outage(`o${fromMs}`, fromMs, fromMs + 1))))
    }
    const listed = (await outages.list(0)).map(({ fromMs }) => fromMs)
    t.strictSame(
      listed,
      [...starts].sort((a, b) => a - b),
    )
    t.equal(await outages.sweep(1_101), 1_100)
    t.equal((await outages.list(0)).length, 100)
  })

  t.test('series and outages are there after closing and opening', async (t) => {
    const subject = await makeSubject(t)
    const first = await subject.open()
    await Promise.all([first.series.put(seriesRecord('BRK B')), first.outages.put(outage('a', 1))])
    await first.close()
    await t.rejects(first.series.list(), { code: 'STORE_UNAVAILABLE' })
    await t.rejects(first.outages.put(outage('b', 2)), { code: 'STORE_UNAVAILABLE' })
    const second = await subject.open()
    t.strictSame(await second.series.list(), [seriesRecord('BRK B')])
    t.strictSame(await second.outages.list(0), [outage('a', 1)])
  })
}

function byName(records: readonly SeriesRecord[]): SeriesRecord[] {
  const name = ({ symbol, timeframe }: SeriesRecord) => `${timeframe} ${symbol}`
  return [...records].sort((a, b) => (name(a) < name(b) ? -1 : 1))
}
