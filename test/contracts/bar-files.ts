// What bar files promise, as one suite that runs against the folder of CSV files and the fake.
import type { Test } from 'tap'
import type { BarFiles } from '../../src/ports/bar-files.ts'
import type { Bar, SeriesName } from '../../src/ports/market-data.ts'

/** Friday's opening in New York. */
export const opening = Date.UTC(2026, 10, 20, 14, 30)
export const minuteMs = 60_000
export const dayMs = 86_400_000

/** A bar so many minutes after the opening. */
export function bar(minute: number, over: Partial<Bar> = {}): Bar {
  const close = 100 + (minute % 7) / 4
  return {
    timeMs: opening + minute * minuteMs,
    open: 100,
    high: 102.5,
    low: 99.75,
    close,
    volume: 1000 + minute,
    ...over,
  }
}

/** One bar for each of the minutes, from the first to before the last. */
export function barsFrom(first: number, end: number): Bar[] {
  return Array.from({ length: end - first }, (_, index) => bar(first + index))
}

export async function barsOf(
  files: BarFiles,
  name: SeriesName,
  startMs = Number.NEGATIVE_INFINITY,
  endMs = Number.POSITIVE_INFINITY,
): Promise<Bar[]> {
  const bars: Bar[] = []
  for await (const portion of files.read(name, startMs, endMs)) bars.push(...portion)
  return bars
}

export interface BarFilesSubject {
  readonly files: BarFiles
  /** Spoils one row of the file of this series. */
  damage(name: SeriesName): Promise<void>
  remove(name: SeriesName): Promise<void>
}

export function barFilesContract(t: Test, makeSubject: (t: Test) => Promise<BarFilesSubject>): void {
  const apple: SeriesName = { symbol: 'AAPL', timeframe: '1m' }
  const since = opening - dayMs

  t.test('where there is no file there are no bars', async (t) => {
    const { files } = await makeSubject(t)
    t.equal(await files.has(apple), false)
    t.strictSame(await files.list(), [])
    t.strictSame(await files.coverage(apple, since), { runs: [], bars: 0 })
    t.strictSame(await barsOf(files, apple), [])
    t.strictSame(await files.merge(apple, []), { added: 0, changed: 0 })
    t.equal(await files.has(apple), false, 'no bars make no file')
  })

  t.test('what is merged is there, once, in order', async (t) => {
    const { files } = await makeSubject(t)
    t.strictSame(await files.merge(apple, barsFrom(10, 20)), { added: 10, changed: 0 })
    t.equal(await files.has(apple), true)
    t.strictSame(await files.merge(apple, barsFrom(0, 12)), { added: 10, changed: 0 })
    t.strictSame(await files.merge(apple, [bar(3, { close: 101.25 }), bar(30)]), { added: 1, changed: 1 })
    t.strictSame(await files.merge(apple, [bar(30)]), { added: 0, changed: 0 })
    const expected = [...barsFrom(0, 20), bar(30)].map((kept) =>
      kept.timeMs === bar(3).timeMs ? { ...kept, close: 101.25 } : kept,
    )
    t.strictSame(await barsOf(files, apple), expected)
  })

  t.test('reading takes the start in and leaves the end out', async (t) => {
    const { files } = await makeSubject(t)
    await files.merge(apple, barsFrom(0, 30))
    t.strictSame(await barsOf(files, apple, bar(5).timeMs, bar(8).timeMs), barsFrom(5, 8))
    t.strictSame(await barsOf(files, apple, bar(5).timeMs - 1, bar(8).timeMs + 1), barsFrom(5, 9))
    t.strictSame(await barsOf(files, apple, bar(30).timeMs), [])
    t.strictSame(await barsOf(files, apple, since, opening), [])
  })

  t.test('coverage is the runs without holes since a time, and the ends of the whole file', async (t) => {
    const { files } = await makeSubject(t)
    await files.merge(apple, [...barsFrom(0, 10), ...barsFrom(15, 20), bar(40)])
    const ends = { firstMs: bar(0).timeMs, lastMs: bar(40).timeMs }
    const run = (first: number, last: number) => ({ firstMs: bar(first).timeMs, lastMs: bar(last).timeMs })
    const all = { runs: [run(0, 9), run(15, 19), run(40, 40)], bars: 16, ...ends }
    const late = { runs: [run(17, 19), run(40, 40)], bars: 4, ...ends }
    t.strictSame(await files.coverage(apple, bar(17).timeMs), late)
    t.strictSame(await files.coverage(apple, since), all, 'further back than before')
    t.strictSame(await files.coverage(apple, bar(17).timeMs - 1), late, 'and forth')
    t.strictSame(await files.coverage(apple, bar(41).timeMs), { runs: [], bars: 0, ...ends })

    await files.merge(apple, [...barsFrom(10, 15), bar(41)])
    const filled = { runs: [run(0, 19), run(40, 41)], bars: 22, ...ends, lastMs: bar(41).timeMs }
    t.strictSame(await files.coverage(apple, since), filled, 'as soon as bars are merged')
  })

  t.test('daily bars of a week share a run, those around a weekend do not', async (t) => {
    const { files } = await makeSubject(t)
    const daily: SeriesName = { symbol: 'AAPL', timeframe: '1d' }
    const midnight = Date.UTC(2026, 10, 19)
    const times = [midnight, midnight + dayMs, midnight + 4 * dayMs]
    await files.merge(
      daily,
      times.map((timeMs) => bar(0, { timeMs, volume: -1 })),
    )
    const { runs } = await files.coverage(daily, 0)
    t.strictSame(runs, [
      { firstMs: times[0], lastMs: times[1] },
      { firstMs: times[2], lastMs: times[2] },
    ])
  })

  t.test('every series is listed, by symbol and then by length of bar', async (t) => {
    const { files } = await makeSubject(t)
    const names: SeriesName[] = [
      { symbol: '../../etc/passwd', timeframe: '1m' },
      { symbol: 'AAPL', timeframe: '1m' },
      { symbol: 'AAPL', timeframe: '15m' },
      { symbol: 'AAPL', timeframe: '1h' },
      { symbol: 'BRK B', timeframe: '5m' },
      { symbol: '日経', timeframe: '4h' },
    ]
    for (const name of names.toReversed()) await files.merge(name, [bar(0)])
    t.strictSame(await files.list(), names)
    for (const name of names) t.strictSame(await barsOf(files, name), [bar(0)], name.symbol)
  })

  t.test('merges that overlap follow each other', async (t) => {
    const { files } = await makeSubject(t)
    const parts = Array.from({ length: 12 }, (_, index) => barsFrom(index * 5, index * 5 + 8))
    const merged = await Promise.all(parts.map((part) => files.merge(apple, part)))
    t.equal(
      merged.reduce((sum, { added }) => sum + added, 0),
      63,
    )
    t.strictSame(await barsOf(files, apple), barsFrom(0, 63))
  })

  t.test('a damaged file is reported by all that read it, and neither filled nor hidden', async (t) => {
    const { files, damage } = await makeSubject(t)
    const brk: SeriesName = { symbol: 'BRK B', timeframe: '1m' }
    await files.merge(brk, barsFrom(0, 20))
    await files.merge(apple, barsFrom(0, 5))
    await damage(brk)
    const fault = { code: 'BAR_FILE_DAMAGED', message: /^BRK B 1m: .*\/1m\.csv line \d+: .*mend/ }
    await t.rejects(files.coverage(brk, since), fault)
    await t.rejects(barsOf(files, brk), fault)
    await t.rejects(files.merge(brk, [bar(30)]), fault)
    t.equal(await files.has(brk), true)
    t.strictSame(await files.list(), [apple, brk])
    t.equal((await files.coverage(apple, since)).bars, 5, 'others are not concerned')
  })

  t.test('a file that was removed is forgotten', async (t) => {
    const { files, remove } = await makeSubject(t)
    await files.merge(apple, barsFrom(0, 5))
    await files.coverage(apple, since)
    await remove(apple)
    t.equal(await files.has(apple), false)
    t.strictSame(await files.coverage(apple, since), { runs: [], bars: 0 })
    t.strictSame(await files.merge(apple, barsFrom(2, 3)), { added: 1, changed: 0 })
    t.equal((await files.coverage(apple, since)).bars, 1)
  })
}
