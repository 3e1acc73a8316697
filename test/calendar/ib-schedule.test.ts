// IB's schedule and contract hours: as IB writes them, damaged, in strange zones, and where they end.
import fc from 'fast-check'
import t from 'tap'
import { builtInTimes } from '../../src/calendar/built-in.ts'
import { contractHoursTimes, ibTimes, type TimesFromIb } from '../../src/calendar/ib-schedule.ts'
import { zoneNamed } from '../../src/calendar/zones.ts'

const regular = builtInTimes({ secType: 'STK', exchange: 'SMART', currency: 'USD' }, true)
const future = builtInTimes({ secType: 'FUT', exchange: 'CME', currency: 'USD' }, false)
const elsewhere = builtInTimes({ secType: 'STK', exchange: 'NOWHERE', currency: 'AUD' }, true)

const session = (date: string, start: string, end: string) => ({
  date,
  start: `${date}-${start}`,
  end: `${date}-${end}`,
})

t.test("IB's sessions hold within their span, the fallback's outside of it", async (t) => {
  // A week in which IB knows a day off that no rule does, and a half day.
  const answer = ibTimes(
    {
      timeZone: 'US/Eastern',
      sessions: [
        session('20240611', '09:30:00', '13:00:00'),
        session('20240610', '09:30:00', '16:00:00'),
        session('20240613', '09:30:00', '16:00:00'),
      ],
    },
    regular,
  )
  t.strictSame(answer.problems, [])
  t.equal(answer.times.source, 'ib-schedule')
  t.equal(answer.times.timeZone, 'US/Eastern')
  t.strictSame(inWords(answer, '2024-06-07', '2024-06-15'), [
    '2024-06-07: 07T13:30-07T20:00',
    '2024-06-10: 10T13:30-10T20:00',
    '2024-06-11: 11T13:30-11T17:00',
    '2024-06-13: 13T13:30-13T20:00',
    '2024-06-14: 14T13:30-14T20:00',
  ])
})

t.test(
  'no fallback session counts that ended between the last of IB and the time it was asked about',
  async (t) => {
    const schedule = { timeZone: 'US/Eastern', sessions: [session('20240610', '09:30:00', '16:00:00')] }
    const asked = (at: string) =>
      inWords(ibTimes(schedule, regular, Date.parse(at)), '2024-06-11', '2024-06-13').map((text) =>
        text.slice(0, 10),
      )
    t.strictSame(asked('2024-06-11T19:00Z'), ['2024-06-11', '2024-06-12'], 'still under way')
    t.strictSame(asked('2024-06-11T21:00Z'), ['2024-06-12'], 'a day off')
  },
)

t.test('where both meet they do not overlap', async (t) => {
  const { times } = ibTimes(
    { timeZone: 'Australia/NSW', sessions: [session('20240112', '10:00:00', '16:00:00')] },
    elsewhere,
  )
  const sessions = times.sessions(Date.parse('2024-01-10'), Date.parse('2024-01-16'))
  t.match(
    sessions[1],
    { date: '2024-01-11', closeMs: Date.parse('2024-01-11T23:00Z') },
    'cut at the open in Sydney',
  )
  t.match(sessions[2], {
    date: '2024-01-12',
    openMs: Date.parse('2024-01-11T23:00Z'),
    closeMs: Date.parse('2024-01-12T05:00Z'),
  })
  t.match(sessions[3], { date: '2024-01-15' })
})

t.test('damaged sessions are skipped and told', async (t) => {
  const { times, problems } = ibTimes(
    {
      timeZone: 'US/Central',
      sessions: [
        session('20240610', '08:30:00', '15:00:00'),
        session('20240610', '08:30:00', '15:00:00'),
        session('20240611', '15:00:00', '08:30:00'),
        session('20240631', '08:30:00', '15:00:00'),
        session('20240612', '08:30', '15:00:00'),
        { date: '20240613', start: '', end: 'CLOSED' },
        { date: '20240610', start: '20240610-14:00:00', end: '20240610-16:00:00' },
      ],
    },
    regular,
  )
  t.equal(problems.length, 5)
  t.match(problems.at(-1), /overlapping/)
  t.equal(times.sessions(Date.parse('2024-06-10'), Date.parse('2024-06-11')).length, 1)
})

t.test('an unknown zone is INVALID, and nothing usable is nothing: the fallback holds', async (t) => {
  const sessions = [session('20240610', '09:30:00', '16:00:00')]
  const strange = ibTimes({ timeZone: 'Mars/Olympus', sessions }, regular)
  t.equal(strange.times, regular)
  t.match(strange.problems, [/INVALID time zone "Mars\/Olympus"/])
  t.equal(ibTimes({ timeZone: 'US/Eastern', sessions: [] }, regular).times, regular)
  const hours = contractHoursTimes('20240610:0930-20240610:1600', '', regular)
  t.equal(hours.times, regular)
  t.match(hours.problems, [/INVALID/])
})

t.test('zones by the names that IB uses', async (t) => {
  const table: Record<string, string | undefined> = {
    'US/Eastern': 'US/Eastern',
    'US/Central': 'US/Central',
    'Australia/NSW': 'Australia/NSW',
    MET: 'Europe/Paris',
    JST: 'Asia/Tokyo',
    'GB-Eire': 'GB-Eire',
    EST: 'America/New_York',
    'EST (Eastern Standard Time)': 'America/New_York',
    EST5EDT: 'EST5EDT',
    UTC: 'UTC',
    '': undefined,
    XYZ: undefined,
    constructor: undefined,
  }
  for (const [name, zone] of Object.entries(table)) t.equal(zoneNamed(name), zone, name)
  const summer = ibTimes(
    { timeZone: 'EST', sessions: [session('20240610', '09:30:00', '16:00:00')] },
    regular,
  )
  t.strictSame(inWords(summer, '2024-06-10', '2024-06-11'), ['2024-06-10: 10T13:30-10T20:00'])
})

t.test('contract hours in both forms', async (t) => {
  const table: Array<{ text: string; zone: string; from: string; to: string; sessions: string[] }> = [
    {
      text: '20221229:0400-20221229:2000;20221230:0400-20221230:1700;20221231:CLOSED;20230102:CLOSED',
      zone: 'US/Eastern',
      from: '2022-12-29T03:00',
      to: '2023-01-04T03:00',
      sessions: [
        '2022-12-29: 29T09:00-30T01:00',
        '2022-12-30: 30T09:00-30T22:00',
        '2023-01-03: 03T14:30-03T21:00',
      ],
    },
    {
      text: '20090507:0700-1830,1830-2330;20090508:CLOSED;20090511:0700-2400',
      zone: 'UTC',
      from: '2009-05-07',
      to: '2009-05-12',
      sessions: [
        '2009-05-07: 07T07:00-07T18:30',
        '2009-05-07: 07T18:30-07T23:30',
        '2009-05-11: 11T07:00-12T00:00',
      ],
    },
    {
      text: '20221228:1700-20221229:1600;20221229:1700-20221230:1600',
      zone: 'US/Central',
      from: '2022-12-28T23:00',
      to: '2022-12-30T23:00',
      sessions: ['2022-12-29: 28T23:00-29T22:00', '2022-12-30: 29T23:00-30T22:00'],
    },
    {
      text: '20221229:1700-1600;20221230:1700-0000',
      zone: 'UTC',
      from: '2022-12-28T17:00',
      to: '2022-12-31',
      sessions: ['2022-12-29: 28T17:00-29T16:00', '2022-12-30: 30T17:00-31T00:00'],
    },
    {
      text: '20240309:0000-20240310:0000;20240310:0000-20240311:0000',
      zone: 'US/Eastern',
      from: '2024-03-09T05:00',
      to: '2024-03-11T04:00',
      sessions: ['2024-03-09: 09T05:00-10T05:00', '2024-03-10: 10T05:00-11T04:00'],
    },
  ]
  for (const { text, zone, from, to, sessions } of table) {
    const answer = contractHoursTimes(text, zone, regular)
    t.strictSame(answer.problems, [], text)
    t.equal(answer.times.source, 'contract-hours')
    t.strictSame(inWords(answer, from, to), sessions, text)
  }
})

t.test('damaged contract hours are skipped part by part', async (t) => {
  const { times, problems } = contractHoursTimes(
    '20221229:0400-20221229:2000;;nonsense;20221230;20221232:CLOSED;20221230:0400;20221230:0460-2000;20221230:0400-20221230:0300;20221230:0400-20231230:0300;20221230:closed',
    'US/Eastern',
    future,
  )
  t.equal(problems.length, 8)
  t.match(problems, [/nonsense/])
  t.equal(times.sessions(Date.parse('2022-12-29T09:00Z'), Date.parse('2022-12-29T22:00Z')).length, 1)
})

t.test('whatever the text, sessions are ascending and disjoint, and all that overlap the span', async () => {
  const date = fc.integer({ min: 1, max: 28 }).map((day) => `202402${String(day).padStart(2, '0')}`)
  const time = fc.integer({ min: 0, max: 24 }).map((hour) => `${String(hour).padStart(2, '0')}00`)
  const part = fc.oneof(
    fc.tuple(date, time, date, time).map(([a, b, c, d]) => `${a}:${b}-${c}:${d}`),
    fc.tuple(date, time, time).map(([a, b, c]) => `${a}:${b}-${c}`),
    date.map((day) => `${day}:CLOSED`),
    fc.string(),
  )
  const moment = fc.integer({ min: Date.parse('2024-01-25'), max: Date.parse('2024-03-10') })
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), moment, moment, (parts, a, b) => {
      const { times } = contractHoursTimes(parts.join(';'), 'Australia/NSW', elsewhere)
      const [fromMs, toMs] = [Math.min(a, b), Math.max(a, b)]
      const all = times.sessions(Date.parse('2024-01-01'), Date.parse('2024-04-01'))
      all.forEach((session, index) => {
        if (session.openMs >= session.closeMs) throw new Error('ends before it opens')
        if (index > 0 && (all[index - 1]?.closeMs ?? 0) > session.openMs) throw new Error('overlaps')
      })
      const wanted = all.filter(({ openMs, closeMs }) => openMs < toMs && closeMs > fromMs)
      return fromMs === toMs || JSON.stringify(times.sessions(fromMs, toMs)) === JSON.stringify(wanted)
    }),
  )
})

function inWords({ times }: TimesFromIb, from: string, to: string): string[] {
  const short = (ms: number) => new Date(ms).toISOString().slice(8, 16)
  const utc = (text: string) => Date.parse(text.includes('T') ? `${text}Z` : text)
  return times
    .sessions(utc(from), utc(to))
    .map(({ date, openMs, closeMs }) => `${date}: ${short(openMs)}-${short(closeMs)}`)
}
