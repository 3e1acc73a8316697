// The bars that sessions should have: first at the open, then at full steps of the local clock; one a day for 1d.
import fc from 'fast-check'
import t from 'tap'
import { type Timeframe, timeframes } from '../../schemas/market-data.ts'
import { slotsBetween } from '../../src/bars/slots.ts'
import { builtInTimes } from '../../src/calendar/built-in.ts'
import type { TradingTimes } from '../../src/calendar/session.ts'

const stock = { secType: 'STK', exchange: 'SMART', currency: 'USD' }
const regular = builtInTimes(stock, true)
const extended = builtInTimes(stock, false)
const forex = builtInTimes({ secType: 'CASH', exchange: 'IDEALPRO', currency: 'USD' }, false)
const future = builtInTimes({ secType: 'FUT', exchange: 'CME', currency: 'USD' }, false)
const sydney = builtInTimes({ secType: 'STK', exchange: 'ASX', currency: 'AUD' }, true)
const tokyo = builtInTimes({ secType: 'STK', exchange: 'TSEJ', currency: 'JPY' }, true)
const mumbai: TradingTimes = {
  timeZone: 'Asia/Kolkata',
  source: 'ib-schedule',
  sessions: () => [
    { date: '2024-06-03', openMs: Date.parse('2024-06-03T03:45Z'), closeMs: Date.parse('2024-06-03T10:00Z') },
  ],
}

const table: Array<{
  name: string
  timeframe: Timeframe
  times: TradingTimes
  from: string
  to: string
  starts: string
}> = [
  {
    name: 'hours of a US stock: the first half an hour',
    timeframe: '1h',
    times: regular,
    from: '2024-06-03',
    to: '2024-06-04',
    starts: '13:30 14:00 15:00 16:00 17:00 18:00 19:00',
  },
  {
    name: 'four hours',
    timeframe: '4h',
    times: regular,
    from: '2024-06-03',
    to: '2024-06-04',
    starts: '13:30 16:00',
  },
  {
    name: 'four hours, extended: by the clock of New York in winter and in summer',
    timeframe: '4h',
    times: extended,
    from: '2024-03-08T12:00',
    to: '2024-03-12T00:00',
    starts: '13:00 17:00 21:00 08:00 12:00 16:00 20:00',
  },
  {
    name: 'hours on a half day',
    timeframe: '1h',
    times: regular,
    from: '2024-07-03',
    to: '2024-07-04',
    starts: '13:30 14:00 15:00 16:00',
  },
  {
    name: 'forex: a first bar of 45 minutes',
    timeframe: '4h',
    times: forex,
    from: '2024-06-02',
    to: '2024-06-03T21:00',
    starts: '21:15 00:00 04:00 08:00 12:00 16:00 20:00',
  },
  {
    name: 'futures on the Sunday when summer time starts keep to the new clock',
    timeframe: '4h',
    times: future,
    from: '2024-03-10',
    to: '2024-03-11T21:00',
    starts: '22:00 01:00 05:00 09:00 13:00 17:00',
  },
  {
    name: 'futures on the Sunday when it ends',
    timeframe: '4h',
    times: future,
    from: '2024-11-03',
    to: '2024-11-04T22:00',
    starts: '23:00 02:00 06:00 10:00 14:00 18:00',
  },
  {
    name: 'Sydney before and after its change',
    timeframe: '4h',
    times: sydney,
    from: '2024-04-04T20:00',
    to: '2024-04-08T20:00',
    starts: '23:00 01:00 00:00 02:00',
  },
  {
    name: 'a clock with half hours',
    timeframe: '1h',
    times: mumbai,
    from: '2024-06-03',
    to: '2024-06-04',
    starts: '03:45 04:30 05:30 06:30 07:30 08:30 09:30',
  },
  {
    name: 'a pause at noon begins anew',
    timeframe: '1h',
    times: tokyo,
    from: '2024-06-03',
    to: '2024-06-04',
    starts: '00:00 01:00 02:00 03:30 04:00 05:00',
  },
  {
    name: 'only what starts in the span, at both ends',
    timeframe: '30m',
    times: regular,
    from: '2024-06-03T14:01',
    to: '2024-06-03T15:30',
    starts: '14:30 15:00',
  },
]

t.test('slots by their starts in UTC', async (t) => {
  for (const { name, timeframe, times, from, to, starts } of table) {
    const found = listed(timeframe, times, utc(from), utc(to)).map(({ startMs }) =>
      new Date(startMs).toISOString().slice(11, 16),
    )
    t.equal(found.join(' '), starts, name)
  }
})

t.test(
  'a day of 1d starts at midnight UTC of its date and is complete when its last session has closed',
  async (t) => {
    for (const [times, date, closes] of [
      [regular, '2024-06-03', '2024-06-03T20:00'],
      [extended, '2024-01-08', '2024-01-09T01:00'],
      [future, '2024-06-03', '2024-06-03T21:00'],
      [sydney, '2024-01-08', '2024-01-08T05:00'],
      [tokyo, '2024-06-03', '2024-06-03T06:00'],
    ] as const) {
      const startMs = Date.parse(date)
      const [day, ...others] = slotsBetween('1d', times, startMs, startMs + 1)
      t.strictSame(others, [])
      t.match(day?.slot(0), { startMs, endMs: startMs + 86_400_000, closeMs: utc(closes) }, date)
      t.equal(day?.completeAt(utc(closes) - 1), 0)
      t.equal(day?.completeAt(utc(closes)), 1)
    }
    t.strictSame(
      listed('1d', regular, utc('2024-07-03'), utc('2024-07-09')).map(({ startMs }) =>
        new Date(startMs).getUTCDate(),
      ),
      [3, 5, 8],
      'no weekend, no holiday',
    )
  },
)

t.test('the arithmetic agrees with the list', async () => {
  const times = fc.constantFrom(regular, extended, forex, future, sydney, tokyo)
  const moment = fc.integer({ min: utc('2024-03-01'), max: utc('2024-04-20') })
  fc.assert(
    fc.property(fc.constantFrom(...timeframes), times, moment, moment, (timeframe, times, a, b) => {
      const [fromMs, toMs] = [Math.min(a, b), Math.max(a, b) + 1]
      for (const slots of slotsBetween(timeframe, times, fromMs, toMs)) {
        const list = Array.from({ length: slots.count }, (_, index) => slots.slot(index))
        const holds = (actual: number, expected: number, what: string) => {
          if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`)
        }
        list.forEach((slot, index) => {
          holds(slots.indexAt(slot.startMs), index, 'indexAt start')
          holds(slots.indexAt(slot.endMs - 1), index, 'indexAt end')
          holds(slots.indexFrom(slot.startMs), index, 'indexFrom')
          holds(slots.completeAt(slot.closeMs - 1), index, 'completeAt before')
          holds(slots.completeAt(slot.closeMs), index + 1, 'completeAt')
          holds(slot.startMs, index === 0 ? slots.startMs : (list[index - 1]?.endMs ?? 0), 'follows')
        })
        holds(list.at(-1)?.endMs ?? 0, slots.endMs, 'end')
        for (const atMs of [fromMs, toMs]) {
          holds(slots.indexFrom(atMs), list.filter(({ startMs }) => startMs < atMs).length, 'from')
          holds(slots.completeAt(atMs), list.filter(({ closeMs }) => closeMs <= atMs).length, 'complete')
        }
        const traded = slots.tradedWithin(fromMs, toMs)
        const expected = list.flatMap(({ openMs, closeMs }, i) =>
          openMs < toMs && closeMs > fromMs ? [i] : [],
        )
        if (expected.length > 0) {
          holds(traded.first, expected[0] ?? -1, 'traded first')
          holds(traded.end, (expected.at(-1) ?? -1) + 1, 'traded end')
        } else if (traded.first < traded.end) throw new Error('traded what is not there')
      }
    }),
  )
})

t.test('twenty years of minutes are counted without listing them', async (t) => {
  let minutes = 0
  for (const { count } of slotsBetween('1m', extended, utc('2004-01-01'), utc('2024-01-01'))) minutes += count
  t.ok(minutes > 4_700_000 && minutes < 20 * 253 * 960)
})

function listed(timeframe: Timeframe, times: TradingTimes, fromMs: number, toMs: number) {
  return slotsBetween(timeframe, times, fromMs, toMs)
    .flatMap((slots) => Array.from({ length: slots.count }, (_, index) => slots.slot(index)))
    .filter(({ startMs }) => startMs >= fromMs && startMs < toMs)
}

function utc(text: string): number {
  return Date.parse(text.includes('T') ? `${text}Z` : text)
}
