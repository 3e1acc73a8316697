// IB's bars before they go into a file: what is kept, what is left out, and what is said about it.
import fc from 'fast-check'
import t from 'tap'
import { type Timeframe, timeframes } from '../../schemas/market-data.ts'
import { type BarWindow, checkBars } from '../../src/bars/checked-bars.ts'
import type { IbBar } from '../../src/ports/ib.ts'
import { calendars, short, slotsOf, utc } from './series-worlds.ts'

const { regular, extended, future, sydney } = calendars

function window(given: Partial<BarWindow> = {}): BarWindow {
  return {
    timeframe: '30m',
    times: regular,
    startMs: utc('2024-06-03'),
    endMs: utc('2024-06-04'),
    nowMs: utc('2024-06-05'),
    secType: 'STK',
    ...given,
  }
}

function bar(at: string, given: Partial<IbBar> = {}): IbBar {
  return { timeMs: utc(at), open: 10, high: 12, low: 9, close: 11, volume: 100, ...given }
}

const kept = ({ bars }: ReturnType<typeof checkBars>) =>
  bars.map(({ timeMs }) => short(timeMs).slice(6)).join(' ')

t.test('sound bars pass as they are', async (t) => {
  const raw = [
    bar('2024-06-03T13:30'),
    bar('2024-06-03T14:00', { volume: -1 }),
    bar('2024-06-03T14:30', { volume: 0.5 }),
  ]
  const answer = checkBars(raw, window())
  t.strictSame(answer, { bars: raw, problems: [] })
  t.strictSame(checkBars([], window()), { bars: [], problems: [] })
})

t.test('what is out of the window is left out without a word', async (t) => {
  const answer = checkBars(
    ['2024-05-31T19:30', '2024-06-03T14:00', '2024-06-03T14:30', '2024-06-03T15:00'].map((at) => bar(at)),
    window({ startMs: utc('2024-06-03T14:00'), endMs: utc('2024-06-03T15:00') }),
  )
  t.equal(kept(answer), '14:00 14:30')
  t.strictSame(answer.problems, [])
})

t.test('bars that still form are left out', async (t) => {
  const table: Array<{ given: Partial<BarWindow>; at: string; now: string }> = [
    { given: { timeframe: '1h' }, at: '2024-06-03T14:00', now: '2024-06-03T15:00' },
    { given: { timeframe: '1h' }, at: '2024-06-03T13:30', now: '2024-06-03T14:00' },
    { given: { timeframe: '4h' }, at: '2024-06-03T16:00', now: '2024-06-03T20:00' },
    { given: { timeframe: '4h', times: future }, at: '2024-06-03T17:00', now: '2024-06-03T21:00' },
    { given: { timeframe: '30m' }, at: '2024-06-03T22:00', now: '2024-06-03T22:30' },
    { given: { timeframe: '1d' }, at: '2024-06-03', now: '2024-06-03T20:00' },
    { given: { timeframe: '1d', times: extended }, at: '2024-06-03', now: '2024-06-04T00:00' },
    { given: { timeframe: '1d', times: sydney }, at: '2024-06-03', now: '2024-06-03T06:00' },
    { given: { timeframe: '1d' }, at: '2024-06-03T04:00', now: '2024-06-03T20:00' },
    // A day without a session of ours.
    { given: { timeframe: '1d' }, at: '2024-06-01', now: '2024-06-02' },
  ]
  for (const { given, at, now } of table) {
    const name = `${given.timeframe} ${at}`
    const within = { startMs: utc('2024-06-01'), endMs: utc('2024-06-10'), ...given }
    t.equal(
      checkBars([bar(at)], window({ ...within, nowMs: utc(now) - 1 })).bars.length,
      0,
      `${name}, forming`,
    )
    t.equal(checkBars([bar(at)], window({ ...within, nowMs: utc(now) })).bars.length, 1, `${name}, complete`)
  }
  const winter = {
    timeframe: '1d' as const,
    times: extended,
    startMs: utc('2024-01-01'),
    endMs: utc('2024-02-01'),
  }
  t.equal(
    checkBars([bar('2024-01-08')], window({ ...winter, nowMs: utc('2024-01-09T00:59') })).bars.length,
    0,
  )
  t.equal(
    checkBars([bar('2024-01-08')], window({ ...winter, nowMs: utc('2024-01-09T01:00') })).bars.length,
    1,
  )
})

t.test('nonsense is left out, and told', async (t) => {
  const nonsense: Array<[Partial<IbBar>, RegExp]> = [
    [{ timeMs: Number.NaN }, /1 of IB's bars have a time that is none.*no time/],
    [{ open: Number.NaN }, /lack a price/],
    [{ high: Number.POSITIVE_INFINITY }, /lack a price/],
    [{ high: 10.5 }, /high or low that others exceed/],
    [{ low: 10.5 }, /high or low that others exceed/],
    [{ high: 8 }, /high or low that others exceed/],
    [{ open: -1, high: -1, low: -1, close: -1, volume: -1 }, /zero or less/],
    [{ low: 0 }, /zero or less/],
    [{ volume: Number.NaN }, /volume/],
    [{ volume: -2 }, /volume/],
  ]
  for (const [given, problem] of nonsense) {
    const answer = checkBars([bar('2024-06-03T14:00', given), bar('2024-06-03T14:30')], window())
    t.equal(kept(answer), '14:30', problem.source)
    t.match(answer.problems, [problem])
    t.equal(answer.problems.length, 1)
  }
})

t.test('futures may have prices below zero', async (t) => {
  const april2020 = bar('2024-06-03T14:00', { open: -10, high: -5, low: -40.32, close: -37.63 })
  t.equal(checkBars([april2020], window({ secType: 'FUT' })).bars.length, 1)
  t.equal(checkBars([april2020], window({ secType: 'STK' })).bars.length, 0)
})

t.test('bars out of order are sorted, of two with one time the last is kept, both are told', async (t) => {
  const answer = checkBars(
    [
      bar('2024-06-03T14:30'),
      bar('2024-06-03T14:00', { close: 10 }),
      bar('2024-06-03T14:00', { close: 11.5 }),
      bar('2024-06-03T14:30', { open: Number.NaN }),
    ],
    window(),
  )
  t.equal(kept(answer), '14:00 14:30')
  t.equal(answer.bars[0]?.close, 11.5)
  t.equal(answer.problems.length, 3)
  t.match(answer.problems.join(), /2 of IB's bars came out of order/)
  t.match(answer.problems.join(), /1 of IB's bars have a time that another has too/)
})

t.test('bars off the grid of the zone are kept, and told', async (t) => {
  const off = (timeframe: Timeframe, at: string, times = regular) =>
    checkBars(
      [bar(at)],
      window({ timeframe, times, startMs: 0, endMs: utc('2025-01-01'), nowMs: utc('2025-01-01') }),
    )
  for (const [timeframe, at] of [
    ['30m', '2024-06-03T14:10'],
    ['1h', '2024-06-03T14:30'],
    ['4h', '2024-06-03T17:00'],
    ['1d', '2024-06-03T04:00'],
  ] as const) {
    const answer = off(timeframe, at)
    t.equal(answer.bars.length, 1)
    t.match(answer.problems, [/full step/], `${timeframe} ${at}`)
  }
  t.strictSame(off('1h', '2024-06-03T13:30').problems, [], 'the open')
  t.strictSame(off('4h', '2024-06-03T16:00').problems, [], 'noon in New York, in summer')
  t.strictSame(off('4h', '2024-01-08T17:00').problems, [], 'and in winter')
  t.strictSame(off('4h', '2024-06-03T02:00', sydney).problems, [])
})

t.test('a thousand bad bars are one sentence', async (t) => {
  const raw = Array.from({ length: 1000 }, (_, i) => ({
    ...bar('2024-06-03T00:00'),
    timeMs: utc('2024-06-03') + i * 60_000,
    low: -5,
  }))
  const { problems } = checkBars(raw, window({ timeframe: '1m' }))
  t.equal(problems.length, 1)
  t.match(
    problems[0],
    /^1000 of IB's bars have a price of zero or less and are left out; the first: 2024-06-03T00:00:00/,
  )
})

t.test(
  'whatever IB sends, the bars are ascending, sound and in the window; sound slots pass whole',
  async () => {
    const number = fc.oneof(fc.double(), fc.integer({ min: -2, max: 20 }))
    const anyBar = fc.record({
      timeMs: fc.oneof(fc.double(), fc.integer({ min: utc('2024-06-02'), max: utc('2024-06-06') })),
      open: number,
      high: number,
      low: number,
      close: number,
      volume: number,
    })
    const frames = fc.constantFrom<Timeframe>(...timeframes)
    fc.assert(
      fc.property(
        frames,
        fc.constantFrom(...Object.values(calendars)),
        fc.array(anyBar),
        (timeframe, times, raw) => {
          const given = window({ timeframe, times })
          const sound = slotsOf(timeframe, times, given.startMs, given.endMs).filter(
            ({ closeMs }) => closeMs <= given.nowMs,
          )
          const answer = checkBars(
            [...raw, ...sound.map(({ startMs }) => ({ ...bar('2024-06-03'), timeMs: startMs }))],
            given,
          )
          answer.bars.forEach(({ timeMs, open, high, low, close }, index) => {
            if (!(timeMs >= given.startMs && timeMs < given.endMs)) throw new Error('out of the window')
            if (!(timeMs > (answer.bars[index - 1]?.timeMs ?? Number.NEGATIVE_INFINITY)))
              throw new Error('not ascending')
            if (!(low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close)))
              throw new Error('unsound')
          })
          const found = new Set(answer.bars.map(({ timeMs }) => timeMs))
          if (!sound.every(({ startMs }) => found.has(startMs))) throw new Error('a sound bar is lost')
        },
      ),
    )
  },
)
