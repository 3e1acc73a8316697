// Gaps: what is missing, why, and where; and what is none because the market was closed.
import fc from 'fast-check'
import t from 'tap'
import { type Timeframe, timeframes } from '../../schemas/market-data.ts'
import { emptyHoldsMs, type FoundGap, findGaps, type GapQuestion } from '../../src/bars/gaps.ts'
import type { EmptyRange, OutageRecord } from '../../src/ports/stores.ts'
import { calendars, fewer, runsOf, short, slotsOf, utc } from './series-worlds.ts'

const dayMs = 86_400_000
const { regular, extended, future } = calendars

/** A file that has every bar but those that start in `without`, and its gaps in words. */
function gapsOf(
  given: Pick<GapQuestion, 'timeframe' | 'times'> & Partial<GapQuestion> & { from: string; to: string },
  without: ReadonlyArray<readonly [from: string, to: string]> = [],
): string[] {
  const { timeframe, times, from, to } = given
  const starts = slotsOf(timeframe, times, utc(from) - 5 * dayMs, utc(to) + 5 * dayMs)
    .map(({ startMs }) => startMs)
    .filter((startMs) => !without.some(([a, b]) => startMs >= utc(a) && startMs < utc(b)))
  const question = {
    fromMs: utc(from),
    toMs: utc(to),
    empty: [],
    outages: [],
    runs: runsOf(starts, timeframe),
  }
  return inWords(findGaps({ ...question, ...given }))
}

t.test(
  'a closed market is no gap: weekends, nights, holidays, half days, both changes of the clock',
  async (t) => {
    const spans: Array<[keyof typeof calendars, string, string, string]> = [
      ['regular', 'Thanksgiving, a half day, a weekend', '2023-11-20', '2023-11-29'],
      ['extended', 'the Fourth of July', '2024-07-01', '2024-07-09'],
      ['regular', 'summer time starts in New York', '2024-03-07', '2024-03-13'],
      ['extended', 'and ends', '2024-10-31', '2024-11-06'],
      ['future', 'futures overnight, over the end', '2024-10-31', '2024-11-06'],
      ['forex', 'a forex week over the start', '2024-03-07', '2024-03-13'],
      ['sydney', 'summer time ends in Sydney', '2024-04-03', '2024-04-10'],
      ['sydney', 'and starts', '2024-10-02', '2024-10-09'],
      ['tokyo', 'pauses at noon', '2024-06-03', '2024-06-07'],
      ['crypto', 'never closed', '2024-06-03', '2024-06-10'],
    ]
    for (const timeframe of timeframes)
      for (const [name, what, from, to] of spans)
        t.strictSame(gapsOf({ timeframe, times: calendars[name], from, to }), [], `${what}, ${timeframe}`)
  },
)

t.test('leading, interior, trailing and whole gaps', async (t) => {
  const week = { timeframe: '1h' as const, times: regular, from: '2024-06-03', to: '2024-06-08' }
  t.strictSame(gapsOf(week, [['2024-01-01', '2024-06-04T15:00']]), [
    '06-03T13:30 06-04T15:00 9 missing leading',
  ])
  t.strictSame(gapsOf(week, [['2024-06-04T19:00', '2024-06-05T14:00']]), [
    '06-04T19:00 06-05T14:00 2 missing interior',
  ])
  t.strictSame(gapsOf(week, [['2024-06-07T18:00', '2025-01-01']]), [
    '06-07T18:00 06-07T20:00 2 missing trailing',
  ])
  t.strictSame(gapsOf(week, [['2024-01-01', '2025-01-01']]), ['06-03T13:30 06-07T20:00 35 missing whole'])
  t.strictSame(
    gapsOf({ ...week, firstMs: utc('2020-01-01'), lastMs: utc('2024-05-01') }, [
      ['2024-01-01', '2025-01-01'],
    ]),
    ['06-03T13:30 06-07T20:00 35 missing trailing'],
    'a file whose bars are all older',
  )
  t.strictSame(
    gapsOf({ ...week, firstMs: utc('2020-01-01') }, [['2024-01-01', '2024-06-04T15:00']]),
    ['06-03T13:30 06-04T15:00 9 missing interior'],
    'a file with bars before the span',
  )
  t.match(
    gapsOf({ ...week, lastMs: utc('2024-06-04T15:00') }, [['2024-01-01', '2024-06-04T15:00']]),
    ['06-03T13:30 06-04T15:00 9 missing leading'],
    'a file of one bar, which follows at once',
  )
})

t.test('a gap over closed days is one, and bars of days are found by their date', async (t) => {
  t.strictSame(
    gapsOf({ timeframe: '1h', times: regular, from: '2024-07-01', to: '2024-07-10' }, [
      ['2024-07-03T15:00', '2024-07-08T15:00'],
    ]),
    ['07-03T15:00 07-08T15:00 11 missing interior'],
  )
  t.strictSame(
    gapsOf({ timeframe: '1d', times: future, from: '2024-06-01', to: '2024-06-20' }, [
      ['2024-06-07', '2024-06-11'],
      ['2024-06-13', '2024-06-14'],
    ]),
    ['06-07T00:00 06-11T00:00 2 missing interior', '06-13T00:00 06-14T00:00 1 missing interior'],
  )
})

t.test('a bar that is still forming is no gap', async (t) => {
  const none: Array<[string, string]> = [['2024-06-05T16:00', '2025-01-01']]
  const day = { timeframe: '1h' as const, times: regular, from: '2024-06-05' }
  t.strictSame(gapsOf({ ...day, to: '2024-06-05T16:59' }, none), [])
  t.strictSame(gapsOf({ ...day, to: '2024-06-05T17:00' }, none), [
    '06-05T16:00 06-05T17:00 1 missing trailing',
  ])
  t.strictSame(
    gapsOf({ ...day, to: '2024-06-05T16:30', nowMs: utc('2024-06-05T18:00') }, none),
    ['06-05T16:00 06-05T17:00 1 missing trailing'],
    'a span that ends within a bar that is long complete',
  )
  t.strictSame(gapsOf({ ...day, to: '2024-06-06', nowMs: utc('2024-06-05T17:00') }, none), [
    '06-05T16:00 06-05T17:00 1 missing trailing',
  ])
  const yesterday: Array<[string, string]> = [['2024-01-08', '2025-01-01']]
  const days = { timeframe: '1d' as const, times: extended, from: '2024-01-01' }
  t.strictSame(gapsOf({ ...days, to: '2024-01-09T00:59' }, yesterday), [])
  t.strictSame(gapsOf({ ...days, to: '2024-01-09T01:00' }, yesterday), [
    '01-08T00:00 01-09T00:00 1 missing trailing',
  ])
})

t.test('what began before the cutoff of 30 days is left alone', async (t) => {
  const nowMs = utc('2024-07-03T14:40')
  const from = new Date(nowMs - 30 * dayMs).toISOString().slice(0, 16)
  t.strictSame(
    gapsOf({ timeframe: '15m', times: regular, from, to: '2024-07-03T14:40' }, [
      ['2024-01-01', '2024-06-03T15:15'],
    ]),
    ['06-03T14:45 06-03T15:15 2 missing leading'],
  )
})

t.test('files with another phase cover what they have', async (t) => {
  // Bars at full hours, also where IB begins at half past.
  const starts = ['13:00', '14:00', '15:00', '16:00', '17:00', '18:00', '19:00'].map((at) =>
    utc(`2024-06-03T${at}`),
  )
  const question = {
    timeframe: '1h' as const,
    times: regular,
    fromMs: utc('2024-06-03'),
    toMs: utc('2024-06-04'),
    empty: [],
    outages: [],
  }
  t.strictSame(inWords(findGaps({ ...question, runs: runsOf(starts, '1h') })), [
    '06-03T13:30 06-03T14:00 1 missing interior',
  ])
  const late = starts.map((at) => at + 37 * 60_000)
  t.strictSame(inWords(findGaps({ ...question, runs: runsOf(late, '1h') })), [])
  const later = [...starts.slice(0, 4), utc('2024-06-03T20:00')]
  t.strictSame(
    inWords(findGaps({ ...question, toMs: utc('2024-06-05'), runs: runsOf(later.slice(1), '1h') })),
    ['06-03T13:30 06-03T14:00 1 missing leading', '06-03T17:00 06-04T20:00 10 missing trailing'],
    'a bar outside of all sessions cuts no gap',
  )
  const odd = { ...question, timeframe: '1d' as const, fromMs: utc('2024-06-03'), toMs: utc('2024-06-08') }
  const midnightsOfNewYork = [3, 4, 5, 6, 7].map((day) => utc(`2024-06-0${day}T04:00`))
  t.strictSame(inWords(findGaps({ ...odd, runs: runsOf(midnightsOfNewYork, '1d') })), [])
})

t.test('a gap is cut where its class changes', async (t) => {
  const outage: OutageRecord = {
    id: 'o',
    cause: 'x',
    fromMs: utc('2024-06-03T15:10'),
    toMs: utc('2024-06-03T16:10'),
  }
  const empty: EmptyRange = {
    fromMs: utc('2024-06-03T14:00'),
    toMs: utc('2024-06-03T15:30'),
    askedAt: utc('2024-06-03T22:00'),
    bars: 0,
  }
  const day = { timeframe: '30m' as const, times: regular, from: '2024-06-03', to: '2024-06-04' }
  const all: Array<[string, string]> = [['2024-06-03', '2024-06-04']]
  t.strictSame(gapsOf({ ...day, outages: [outage], empty: [empty] }, all), [
    '06-03T13:30 06-03T14:00 1 missing interior',
    '06-03T14:00 06-03T15:30 3 no-data interior',
    '06-03T15:30 06-03T16:30 2 outage interior',
    '06-03T16:30 06-03T20:00 7 missing interior',
  ])
  t.strictSame(
    gapsOf(
      {
        ...day,
        outages: [outage, { ...outage, fromMs: utc('2024-06-03T15:50'), toMs: utc('2024-06-03T17:00') }],
      },
      all,
    ),
    [
      '06-03T13:30 06-03T15:00 3 missing interior',
      '06-03T15:00 06-03T17:00 4 outage interior',
      '06-03T17:00 06-03T20:00 6 missing interior',
    ],
  )
  const { toMs: _, ...lasting } = outage
  t.strictSame(gapsOf({ ...day, outages: [lasting] }, [['2024-06-03T19:00', '2024-06-04']]), [
    '06-03T19:00 06-03T20:00 2 outage interior',
  ])
  t.strictSame(
    gapsOf({ ...day, outages: [{ ...lasting, fromMs: utc('2024-06-09') }, outage] }, [
      ['2024-06-03T15:30', '2024-06-03T16:00'],
    ]),
    ['06-03T15:30 06-03T16:00 1 outage interior'],
    'an outage that begins after the span',
  )
  t.strictSame(
    gapsOf(
      {
        ...day,
        to: '2024-06-05',
        outages: [{ ...outage, fromMs: utc('2024-06-03T19:30'), toMs: utc('2024-06-04T13:31') }],
      },
      [['2024-06-03T19:00', '2024-06-04T14:30']],
    ),
    [
      '06-03T19:00 06-03T19:30 1 missing interior',
      '06-03T19:30 06-04T14:00 2 outage interior',
      '06-04T14:00 06-04T14:30 1 missing interior',
    ],
    'an outage over night',
  )
})

t.test('classes of days: a range speaks for the dates in it, an outage for the trading', async (t) => {
  const days = { timeframe: '1d' as const, times: extended, from: '2024-01-08', to: '2024-01-13' }
  const all: Array<[string, string]> = [['2024-01-08', '2024-01-13']]
  const empty = {
    fromMs: utc('2024-01-09'),
    toMs: utc('2024-01-10'),
    askedAt: utc('2024-01-12T12:00'),
    bars: 0,
  }
  t.strictSame(gapsOf({ ...days, empty: [empty] }, all), [
    '01-08T00:00 01-09T00:00 1 missing interior',
    '01-09T00:00 01-10T00:00 1 no-data interior',
    '01-10T00:00 01-12T00:00 2 missing interior',
  ])
  const afterTheClose = { ...empty, toMs: utc('2024-06-04T23:00'), fromMs: utc('2024-06-04') }
  t.strictSame(
    gapsOf(
      {
        timeframe: '1d',
        times: regular,
        from: '2024-06-03',
        to: '2024-06-06',
        empty: [{ ...afterTheClose, askedAt: utc('2024-06-05T23:00') }],
      },
      [['2024-06-04', '2024-06-05']],
    ),
    ['06-04T00:00 06-05T00:00 1 no-data interior'],
    'asked after the close, before midnight UTC',
  )
  const night = { id: 'o', cause: 'x', fromMs: utc('2024-01-10T02:00'), toMs: utc('2024-01-10T08:00') }
  t.strictSame(gapsOf({ ...days, outages: [night] }, all), ['01-08T00:00 01-12T00:00 4 missing interior'])
  const evening = { ...night, fromMs: utc('2024-01-11T00:30'), toMs: utc('2024-01-11T00:40') }
  t.match(gapsOf({ ...days, outages: [evening] }, all)[1], '01-10T00:00 01-11T00:00 1 outage interior')
})

t.test(
  'IB is asked again about an empty range after a day while it is recent, after a week when it is old',
  async (t) => {
    const range = { fromMs: utc('2024-06-03T14:00'), toMs: utc('2024-06-03T15:00'), bars: 0 }
    const classAt = (askedAt: string, now: string) =>
      gapsOf(
        {
          timeframe: '30m',
          times: regular,
          from: '2024-06-03',
          to: '2024-06-04',
          nowMs: utc(now),
          empty: [{ ...range, askedAt: utc(askedAt) }],
        },
        [['2024-06-03T14:00', '2024-06-03T15:00']],
      )[0]?.split(' ')[3]
    t.equal(classAt('2024-06-04', '2024-06-04T23:59'), 'no-data')
    t.equal(classAt('2024-06-04', '2024-06-05'), 'missing')
    t.equal(classAt('2024-06-11', '2024-06-17T23:59'), 'no-data')
    t.equal(classAt('2024-06-11', '2024-06-18'), 'missing')
    t.equal(emptyHoldsMs({ ...range, askedAt: range.toMs + 7 * dayMs - 1 }), dayMs)
    const forEver = { ...range, askedAt: 0 }
    const question = {
      timeframe: '30m' as const,
      times: regular,
      fromMs: range.fromMs,
      toMs: range.toMs,
      runs: [],
      outages: [],
    }
    t.match(findGaps({ ...question, empty: [forEver], emptyAgesMs: () => Number.POSITIVE_INFINITY }), [
      { class: 'no-data', missingBars: 2 },
    ])
  },
)

t.test('ranges that overlap or come in any order are one', async (t) => {
  const askedAt = utc('2024-06-03T22:00')
  const range = (from: string, to: string) => ({ fromMs: utc(from), toMs: utc(to), askedAt, bars: 0 })
  const empty = [range('2024-06-03T14:20', '2024-06-03T16:00'), range('2024-06-03T14:00', '2024-06-03T14:40')]
  t.match(
    gapsOf({ timeframe: '30m', times: regular, from: '2024-06-03', to: '2024-06-04', empty }, [
      ['2024-06-03T14:00', '2024-06-03T16:00'],
    ]),
    ['06-03T14:00 06-03T16:00 4 no-data interior'],
  )
  const touching = [
    range('2024-06-03T14:00', '2024-06-03T14:40'),
    range('2024-06-03T14:40', '2024-06-03T15:00'),
  ]
  t.match(
    gapsOf({ timeframe: '30m', times: regular, from: '2024-06-03', to: '2024-06-04', empty: touching }, [
      ['2024-06-03T14:00', '2024-06-03T15:00'],
    ]),
    ['06-03T14:00 06-03T15:00 2 no-data interior'],
    'a slot over the border of two',
  )
})

const world = fc.record({
  timeframe: fc.constantFrom<Timeframe>(...timeframes),
  times: fc.constantFrom(...Object.values(calendars)),
  fromMs: fc.integer({ min: utc('2024-02-25'), max: utc('2024-04-01') }),
  lengthMs: fc.integer({ min: 0, max: 12 * dayMs }),
  /** Which bars are gone, repeating. */
  gone: fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
})

t.test('random deletions are found exactly, and filling every gap leaves none', async () => {
  fc.assert(
    fc.property(world, ({ timeframe, times, fromMs, lengthMs, gone }) => {
      const toMs = fromMs + fewer(timeframe, lengthMs)
      const slots = slotsOf(timeframe, times, fromMs - 3 * dayMs, toMs + 3 * dayMs)
      const missing = slots.filter((_, index) => gone[index % gone.length])
      const there = slots.filter((_, index) => !gone[index % gone.length]).map(({ startMs }) => startMs)
      const question = { timeframe, times, fromMs, toMs, empty: [], outages: [] }
      const gaps = findGaps({ ...question, runs: runsOf(there, timeframe) })
      const expected = missing.filter(
        ({ startMs, closeMs }) => startMs >= fromMs && startMs < toMs && closeMs <= toMs,
      )
      const within = (gap: FoundGap) =>
        missing.filter(({ startMs }) => startMs >= gap.startMs && startMs < gap.endMs)
      if (gaps.reduce((sum, { missingBars }) => sum + missingBars, 0) !== expected.length)
        throw new Error(`${expected.length} are missing, found: ${inWords(gaps)}`)
      for (const gap of gaps)
        if (within(gap).length !== gap.missingBars || there.some((at) => at >= gap.startMs && at < gap.endMs))
          throw new Error(`not exact: ${inWords([gap])}`)
      if (!expected.every(({ startMs }) => gaps.some((gap) => startMs >= gap.startMs && startMs < gap.endMs)))
        throw new Error('one was not found')
      const filled = [...there, ...gaps.flatMap(within).map(({ startMs }) => startMs)].sort((a, b) => a - b)
      return findGaps({ ...question, runs: runsOf(filled, timeframe) }).length === 0
    }),
  )
})

t.test('classes divide the missing bars, whatever the ranges and outages', async () => {
  const moment = fc.integer({ min: -6, max: 20 * 24 * 6 }).map((steps) => utc('2024-03-01') + steps * 600_000)
  const stretch = fc.tuple(moment, moment).map(([a, b]) => ({ fromMs: Math.min(a, b), toMs: Math.max(a, b) }))
  const stretches = fc.array(stretch, { maxLength: 4 })
  fc.assert(
    fc.property(world, stretches, stretches, ({ timeframe, times, gone }, empty, outages) => {
      const fromMs = utc('2024-03-01')
      const toMs = fromMs + fewer(timeframe, 19 * dayMs)
      const slots = slotsOf(timeframe, times, fromMs, toMs).filter(({ closeMs }) => closeMs <= toMs)
      const missing = slots.filter((_, index) => gone[index % gone.length])
      const there = slots.filter((_, index) => !gone[index % gone.length]).map(({ startMs }) => startMs)
      const gaps = findGaps({
        timeframe,
        times,
        fromMs,
        toMs,
        runs: runsOf(there, timeframe),
        empty: empty.map((range) => ({ ...range, askedAt: toMs, bars: 0 })),
        outages: outages.map((range, id) => ({ ...range, id: `${id}`, cause: '' })),
      })
      const joined: Array<{ fromMs: number; toMs: number }> = []
      for (const range of empty.toSorted((a, b) => a.fromMs - b.fromMs)) {
        const last = joined.at(-1)
        if (last && range.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, range.toMs)
        else joined.push({ ...range })
      }
      for (const { startMs, endMs, openMs, closeMs } of missing) {
        const noData = joined.some(
          (range) => range.fromMs <= startMs && Math.min(endMs, closeMs) <= range.toMs,
        )
        const outage = outages.some(
          (range) => range.fromMs < closeMs && range.toMs > openMs && range.fromMs < range.toMs,
        )
        const expected = noData ? 'no-data' : outage ? 'outage' : 'missing'
        const found = gaps.filter((gap) => startMs >= gap.startMs && startMs < gap.endMs)
        if (found.length !== 1 || found[0]?.class !== expected)
          throw new Error(`${short(startMs)} is ${expected}, found: ${inWords(found)}`)
      }
    }),
  )
})

t.test('thousands of sessions of minutes take no time', async (t) => {
  const [fromMs, toMs] = [utc('2004-01-01'), utc('2024-01-01')]
  const runs = extended
    .sessions(fromMs, toMs)
    .map(({ openMs, closeMs }) => ({ firstMs: openMs, lastMs: closeMs - 120_000 }))
  const question = { timeframe: '1m' as const, times: extended, fromMs, toMs, runs, empty: [], outages: [] }
  const startedMs = performance.now()
  const gaps = findGaps(question)
  t.comment(`${gaps.length} gaps in ${Math.round(performance.now() - startedMs)} ms`)
  t.equal(gaps.length, runs.length)
  t.equal(
    gaps.reduce((sum, { missingBars }) => sum + missingBars, 0),
    runs.length,
  )
})

function inWords(gaps: readonly FoundGap[]): string[] {
  return gaps.map(
    ({ startMs, endMs, missingBars, class: kind, position }) =>
      `${short(startMs)} ${short(endMs)} ${missingBars} ${kind} ${position}`,
  )
}
