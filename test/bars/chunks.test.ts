// Requests for missing bars: few, newest first, within IB's limits, each slot in one of them.
import fc from 'fast-check'
import t from 'tap'
import { type Timeframe, timeframes } from '../../schemas/market-data.ts'
import { type BarRequest, planRequests } from '../../src/bars/chunks.ts'
import { findGaps } from '../../src/bars/gaps.ts'
import type { TradingTimes } from '../../src/calendar/session.ts'
import { calendars, fewer, runsOf, short, slotsOf, utc } from './series-worlds.ts'

const dayMs = 86_400_000
const { regular, extended, forex, future, sydney, tokyo } = calendars

const table: Array<{
  name: string
  timeframe: Timeframe
  times: TradingTimes
  ranges: Array<[from: string, to: string]>
  maxSessions?: number
  /** First bar, end of the last; what is asked of IB: end and duration; missing bars. */
  requests: string[]
}> = [
  {
    name: 'minutes: a request a day, newest first, over a weekend',
    timeframe: '1m',
    times: regular,
    ranges: [['2024-06-07T13:30', '2024-06-10T20:00']],
    requests: [
      '06-10T13:30 06-10T20:00 ask 06-10T20:00 1 D (390)',
      '06-07T13:30 06-07T20:00 ask 06-07T20:00 1 D (390)',
    ],
  },
  {
    name: 'gaps of one day share a request',
    timeframe: '1m',
    times: regular,
    ranges: [
      ['2024-06-10T19:00', '2024-06-10T19:10'],
      ['2024-06-10T13:40', '2024-06-10T13:45'],
    ],
    requests: ['06-10T13:40 06-10T19:10 ask 06-10T19:10 1 D (15)'],
  },
  {
    name: 'days that fit share a request; what does not is another',
    timeframe: '5m',
    times: regular,
    ranges: [
      ['2024-06-03T14:00', '2024-06-03T14:30'],
      ['2024-06-04T14:00', '2024-06-04T14:30'],
      ['2024-06-10T14:00', '2024-06-10T14:30'],
    ],
    requests: [
      '06-04T14:00 06-10T14:30 ask 06-10T14:30 5 D (12)',
      '06-03T14:00 06-03T14:30 ask 06-03T14:30 1800 S (6)',
    ],
  },
  {
    name: 'a few minutes are asked for in seconds',
    timeframe: '1m',
    times: extended,
    ranges: [['2024-06-10T19:51', '2024-06-10T19:59']],
    requests: ['06-10T19:51 06-10T19:59 ask 06-10T19:59 1800 S (8)'],
  },
  {
    name: 'but not when the seconds would reach back over the open, or cut a bar',
    timeframe: '30m',
    times: regular,
    ranges: [['2024-06-10T13:30', '2024-06-10T14:00']],
    requests: ['06-10T13:30 06-10T14:00 ask 06-10T14:00 1 D (1)'],
  },
  {
    name: 'hours in seconds',
    timeframe: '1h',
    times: regular,
    ranges: [['2024-06-10T17:00', '2024-06-10T20:00']],
    requests: ['06-10T17:00 06-10T20:00 ask 06-10T20:00 14400 S (3)'],
  },
  {
    name: 'hours that end at a half: seconds would cut the first',
    timeframe: '1h',
    times: {
      ...regular,
      sessions: () => [
        { date: '2024-06-10', openMs: utc('2024-06-10T08:00'), closeMs: utc('2024-06-10T16:30') },
      ],
    },
    ranges: [['2024-06-10T16:00', '2024-06-10T16:30']],
    requests: ['06-10T16:00 06-10T16:30 ask 06-10T16:30 1 D (1)'],
  },
  {
    name: 'a month of hours',
    timeframe: '1h',
    times: future,
    ranges: [['2024-06-02', '2024-06-29']],
    requests: [
      // Juneteenth is a short day.
      '06-02T22:00 06-28T21:00 ask 06-28T21:00 20 D (456)',
    ],
  },
  {
    name: 'days by date: asked up to the close, which may come after midnight UTC',
    timeframe: '1d',
    times: extended,
    ranges: [['2024-01-08', '2024-01-10']],
    requests: ['01-08T00:00 01-10T00:00 ask 01-10T01:00 2 D (2)'],
  },
  {
    name: 'or before it, even on the day before: a week of futures',
    timeframe: '1d',
    times: future,
    ranges: [['2024-06-03', '2024-06-08']],
    requests: ['06-03T00:00 06-08T00:00 ask 06-07T21:00 5 D (5)'],
  },
  {
    name: 'forex over the weekend',
    timeframe: '15m',
    times: forex,
    ranges: [['2024-06-07T20:00', '2024-06-09T22:00']],
    requests: ['06-07T20:00 06-09T22:00 ask 06-09T22:00 2 D (7)'],
  },
  {
    name: 'two sessions of one day are one day',
    timeframe: '5m',
    times: tokyo,
    ranges: [['2024-06-03', '2024-06-08']],
    requests: ['06-03T00:00 06-07T06:00 ask 06-07T06:00 5 D (300)'],
  },
  {
    name: 'Sydney over its change of the clock',
    timeframe: '1h',
    times: sydney,
    ranges: [['2024-04-04T20:00', '2024-04-08T20:00']],
    requests: ['04-04T23:00 04-08T06:00 ask 04-08T06:00 2 D (12)'],
  },
  {
    name: 'more days than IB counts are years',
    timeframe: '1d',
    times: regular,
    ranges: [['2020-01-01', '2024-01-01']],
    maxSessions: 2000,
    requests: ['01-02T00:00 12-30T00:00 ask 12-29T21:00 4 Y (1006)'],
  },
  {
    name: 'nothing missing, nothing asked',
    timeframe: '1m',
    times: regular,
    ranges: [
      ['2024-06-08', '2024-06-10'],
      ['2024-06-11', '2024-06-11'],
    ],
    requests: [],
  },
]

t.test('requests in words', async (t) => {
  for (const { name, timeframe, times, ranges, maxSessions, requests } of table) {
    const wanted = ranges.map(([from, to]) => ({ startMs: utc(from), endMs: utc(to) }))
    t.strictSame(planRequests(wanted, timeframe, times, maxSessions).map(inWords), requests, name)
  }
})

t.test(
  'requests cover every missing slot once, in order, within the limits, and reach back far enough',
  async () => {
    const cases = fc.record({
      timeframe: fc.constantFrom<Timeframe>(...timeframes),
      times: fc.constantFrom(...Object.values(calendars)),
      fromMs: fc.integer({ min: utc('2024-02-25'), max: utc('2024-04-01') }),
      lengthMs: fc.integer({ min: 0, max: 20 * dayMs }),
      gone: fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }),
      maxSessions: fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined }),
    })
    fc.assert(
      fc.property(cases, ({ timeframe, times, fromMs, lengthMs, gone, maxSessions }) => {
        const toMs = fromMs + fewer(timeframe, lengthMs)
        const slots = slotsOf(timeframe, times, fromMs, toMs).filter(({ closeMs }) => closeMs <= toMs)
        const missing = slots.filter((_, index) => gone[index % gone.length])
        const there = slots.filter((_, index) => !gone[index % gone.length]).map(({ startMs }) => startMs)
        const gaps = findGaps({
          timeframe,
          times,
          fromMs,
          toMs,
          runs: runsOf(there, timeframe),
          empty: [],
          outages: [],
        })
        const requests = planRequests(gaps, timeframe, times, maxSessions)
        const limit =
          maxSessions ?? { '1m': 1, '5m': 5, '15m': 5, '30m': 20, '1h': 20, '4h': 20, '1d': 250 }[timeframe]
        const covering = (request: BarRequest) =>
          missing.filter(({ startMs }) => startMs >= request.startMs && startMs < request.endMs)
        requests.forEach((request, index) => {
          const newer = requests[index - 1]
          if (newer && request.endMs > newer.startMs) throw new Error('not newest first, or overlapping')
          if (request.sessions > limit) throw new Error(`${request.sessions} sessions`)
          const covered = covering(request)
          if (covered.length !== request.missingBars || covered.length === 0)
            throw new Error(inWords(request))
          if (request.askEndMs < (covered.at(-1)?.closeMs ?? 0) || request.askEndMs > toMs + 999)
            throw new Error(`asks up to ${short(request.askEndMs)}`)
          if (request.askEndMs % 1000 !== 0) throw new Error('not whole seconds')
          const reach = reachOf(request, times)
          if (reach > (covered[0]?.openMs ?? 0)) throw new Error(`reaches back to ${short(reach)} only`)
        })
        const all = requests.reduce((sum, { missingBars }) => sum + missingBars, 0)
        if (all !== missing.length) throw new Error(`${missing.length} are missing, ${all} are asked for`)
      }),
    )
  },
)

/** Where IB's answer begins: seconds before the end, or the open of the nth trading day back that has begun by then. */
function reachOf({ askEndMs, duration }: BarRequest, times: TradingTimes): number {
  const [, count = '', unit] = /^(\d+) ([SD])$/.exec(duration) ?? []
  if (unit === 'S') {
    const fromMs = askEndMs - Number(count) * 1000
    if (times.sessions(fromMs, askEndMs).length !== 1) throw new Error('seconds over a break')
    return fromMs
  }
  const sessions = times.sessions(askEndMs - 400 * dayMs, askEndMs)
  const date = [...new Set(sessions.map((session) => session.date))].at(-Number(count))
  return sessions.find((session) => session.date === date)?.openMs ?? Number.NaN
}

function inWords({ startMs, endMs, askEndMs, duration, missingBars }: BarRequest): string {
  return `${short(startMs)} ${short(endMs)} ask ${short(askEndMs)} ${duration} (${missingBars})`
}
