// Built-in trading hours: stocks, forex, futures, others; both changes of the clock; the questions of a bot.
import t from 'tap'
import { builtInTimes } from '../../src/calendar/built-in.ts'
import { isOpen, nextOpen, type TradingTimes } from '../../src/calendar/session.ts'

const stock = { secType: 'STK', exchange: 'SMART', currency: 'USD' }
const regular = builtInTimes(stock, true)
const extended = builtInTimes(stock, false)
const forex = builtInTimes({ secType: 'CASH', exchange: 'IDEALPRO', currency: 'USD' }, false)
const future = builtInTimes({ secType: 'FUT', exchange: 'CME', currency: 'USD' }, false)
const sydney = builtInTimes({ secType: 'STK', exchange: 'ASX', currency: 'AUD' }, true)

t.test('sessions, as their times in UTC', async (t) => {
  const table: Array<{ name: string; times: TradingTimes; from: string; to: string; sessions: string[] }> = [
    {
      name: 'a week of a US stock, over the start of summer time',
      times: regular,
      from: '2024-03-08',
      to: '2024-03-12',
      sessions: ['2024-03-08: 08T14:30-08T21:00', '2024-03-11: 11T13:30-11T20:00'],
    },
    {
      name: 'and over its end',
      times: regular,
      from: '2024-11-01',
      to: '2024-11-05',
      sessions: ['2024-11-01: 01T13:30-01T20:00', '2024-11-04: 04T14:30-04T21:00'],
    },
    {
      name: 'extended hours reach over midnight UTC in winter',
      times: extended,
      from: '2024-01-08T12:00',
      to: '2024-01-09T01:00',
      sessions: ['2024-01-08: 08T09:00-09T01:00'],
    },
    {
      name: 'a half day closes at 13:00, its late session at 17:00',
      times: regular,
      from: '2024-07-03',
      to: '2024-07-05',
      sessions: ['2024-07-03: 03T13:30-03T17:00'],
    },
    {
      name: 'and extended',
      times: extended,
      from: '2024-07-03T12:00',
      to: '2024-07-04T23:00',
      sessions: ['2024-07-03: 03T08:00-03T21:00'],
    },
    {
      name: 'a week of forex begins on Sunday evening and ends on Friday',
      times: forex,
      from: '2024-01-12T12:00',
      to: '2024-01-15T23:00',
      sessions: [
        '2024-01-12: 11T22:15-12T22:00',
        '2024-01-15: 14T22:15-15T22:00',
        '2024-01-16: 15T22:15-16T22:00',
      ],
    },
    {
      name: 'forex rests at Christmas',
      times: forex,
      from: '2024-12-24T12:00',
      to: '2024-12-26T12:00',
      sessions: ['2024-12-24: 23T22:15-24T22:00', '2024-12-26: 25T22:15-26T22:00'],
    },
    {
      name: 'futures overnight, on the Sunday when summer time starts',
      times: future,
      from: '2024-03-08T12:00',
      to: '2024-03-11T12:00',
      sessions: ['2024-03-08: 07T23:00-08T22:00', '2024-03-11: 10T22:00-11T21:00'],
    },
    {
      name: 'futures halt at noon on a holiday and rest on Good Friday',
      times: future,
      from: '2024-03-28T12:00',
      to: '2024-04-01T12:00',
      sessions: ['2024-03-28: 27T22:00-28T21:00', '2024-04-01: 31T22:00-01T21:00'],
    },
    {
      name: 'Thanksgiving of futures and the half day after it',
      times: future,
      from: '2024-11-28T12:00',
      to: '2024-11-29T12:00',
      sessions: ['2024-11-28: 27T23:00-28T18:00', '2024-11-29: 28T23:00-29T18:15'],
    },
    {
      name: 'Sydney, when summer time ends there',
      times: sydney,
      from: '2024-04-04T12:00',
      to: '2024-04-08T12:00',
      sessions: ['2024-04-05: 04T23:00-05T05:00', '2024-04-08: 08T00:00-08T06:00'],
    },
    {
      name: 'and when it starts',
      times: sydney,
      from: '2024-10-04',
      to: '2024-10-07',
      sessions: ['2024-10-04: 04T00:00-04T06:00', '2024-10-07: 06T23:00-07T05:00'],
    },
    {
      name: 'Tokyo pauses at noon',
      times: builtInTimes({ secType: 'STK', exchange: 'TSEJ', currency: 'JPY' }, true),
      from: '2024-06-03',
      to: '2024-06-04',
      sessions: ['2024-06-03: 03T00:00-03T02:30', '2024-06-03: 03T03:30-03T06:00'],
    },
    {
      name: 'an unknown exchange: weekdays, whole',
      times: builtInTimes({ secType: 'STK', exchange: 'NOWHERE', currency: 'XYZ' }, true),
      from: '2024-06-07',
      to: '2024-06-11',
      sessions: ['2024-06-07: 07T00:00-08T00:00', '2024-06-10: 10T00:00-11T00:00'],
    },
    {
      name: 'crypto never rests',
      times: builtInTimes({ secType: 'CRYPTO', exchange: 'PAXOS', currency: 'USD' }, false),
      from: '2024-06-08',
      to: '2024-06-10',
      sessions: ['2024-06-08: 08T00:00-09T00:00', '2024-06-09: 09T00:00-10T00:00'],
    },
  ]
  for (const { name, times, from, to, sessions } of table)
    t.strictSame(inWords(times, from, to), sessions, name)
})

t.test('what trades like the NYSE is told by its primary exchange', async (t) => {
  const zoneOf = (instrument: Parameters<typeof builtInTimes>[0]) => builtInTimes(instrument, true).timeZone
  t.equal(zoneOf({ ...stock, primaryExchange: 'ARCA' }), 'America/New_York')
  t.equal(zoneOf({ ...stock, primaryExchange: 'LSEETF' }), 'Europe/London')
  t.equal(zoneOf({ ...stock, currency: 'EUR', primaryExchange: 'IBIS' }), 'Europe/Berlin')
  t.equal(zoneOf({ ...stock, currency: 'EUR', exchange: 'constructor' }), 'UTC')
  t.equal(zoneOf({ secType: 'FUT', exchange: 'NYMEX', currency: 'USD' }), 'America/Chicago')
  t.equal(builtInTimes(stock, true), builtInTimes({ ...stock, exchange: 'IEX' }, true), 'shared by all')
})

t.test('any span can be asked for', async (t) => {
  t.strictSame(regular.sessions(Number.NaN, Number.NaN), [])
  t.strictSame(regular.sessions(5, 5), [])
  t.strictSame(
    regular.sessions(Date.UTC(2024, 0, 2, 15), Date.UTC(2024, 0, 2, 15)),
    [],
    'an empty one within a session',
  )
  t.ok(regular.sessions(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY).length > 30_000)
  const turn = regular.sessions(Date.UTC(2024, 11, 31), Date.UTC(2025, 0, 3))
  t.strictSame(
    turn.map(({ date }) => date),
    ['2024-12-31', '2025-01-02'],
  )
  const newYearInSydney = sydney.sessions(Date.UTC(2024, 11, 31, 22), Date.UTC(2024, 11, 31, 23, 30))
  t.match(newYearInSydney, [{ date: '2025-01-01' }], 'a day of the year to come')
})

t.test('a bot asks whether it is open, and when next', async (t) => {
  const table: Array<[at: string, open: boolean, nextOpen: string]> = [
    ['2024-07-03T13:29:59.999Z', false, '2024-07-03T13:30'],
    ['2024-07-03T13:30:00.000Z', true, '2024-07-05T13:30'],
    ['2024-07-03T16:59:59.999Z', true, '2024-07-05T13:30'],
    ['2024-07-03T17:00:00.000Z', false, '2024-07-05T13:30'],
    ['2024-07-06T12:00:00.000Z', false, '2024-07-08T13:30'],
  ]
  for (const [at, open, opens] of table) {
    const atMs = Date.parse(at)
    t.equal(isOpen(regular, atMs), open, at)
    t.equal(nextOpen(regular, atMs), Date.parse(`${opens}:00Z`), at)
  }
  const never: TradingTimes = { timeZone: 'UTC', source: 'built-in', sessions: () => [] }
  t.equal(isOpen(never, 0), false)
  t.equal(nextOpen(never, 0), undefined)
})

/** `date: open-close`, days of the month in UTC. */
function inWords(times: TradingTimes, from: string, to: string): string[] {
  const short = (ms: number) => new Date(ms).toISOString().slice(8, 16)
  return times
    .sessions(utc(from), utc(to))
    .map(({ date, openMs, closeMs }) => `${date}: ${short(openMs)}-${short(closeMs)}`)
}

function utc(text: string): number {
  return Date.parse(text.includes('T') ? `${text}Z` : text)
}
