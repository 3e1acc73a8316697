// The rules of the NYSE against the calendars that it published.
import t from 'tap'
import { dayNumber, easterSunday, isoDate, parseDay, weekdayOf } from '../../src/calendar/days.ts'
import { nyseDay } from '../../src/calendar/nyse.ts'

/** Closed weekdays and half days by year, from NYSE's "Holidays and Trading Hours" pages and its press releases. */
const published: Record<number, { closed: string; half: string }> = {
  2012: {
    closed: '01-02 01-16 02-20 04-06 05-28 07-04 09-03 10-29 10-30 11-22 12-25',
    half: '07-03 11-23 12-24',
  },
  2013: { closed: '01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25', half: '07-03 11-29 12-24' },
  2014: { closed: '01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25', half: '07-03 11-28 12-24' },
  2015: { closed: '01-01 01-19 02-16 04-03 05-25 07-03 09-07 11-26 12-25', half: '11-27 12-24' },
  2016: { closed: '01-01 01-18 02-15 03-25 05-30 07-04 09-05 11-24 12-26', half: '11-25' },
  2017: { closed: '01-02 01-16 02-20 04-14 05-29 07-04 09-04 11-23 12-25', half: '07-03 11-24' },
  2018: { closed: '01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-05 12-25', half: '07-03 11-23 12-24' },
  2019: { closed: '01-01 01-21 02-18 04-19 05-27 07-04 09-02 11-28 12-25', half: '07-03 11-29 12-24' },
  2020: { closed: '01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25', half: '11-27 12-24' },
  2021: { closed: '01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24', half: '11-26' },
  2022: { closed: '01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26', half: '11-25' },
  2023: { closed: '01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25', half: '07-03 11-24' },
  2024: { closed: '01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25', half: '07-03 11-29 12-24' },
  2025: {
    closed: '01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25',
    half: '07-03 11-28 12-24',
  },
  2026: { closed: '01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25', half: '11-27 12-24' },
  2027: { closed: '01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24', half: '11-26' },
}

for (const [year, { closed, half }] of Object.entries(published))
  t.test(`${year} is as the NYSE published it`, async (t) => {
    const found = daysOf(Number(year))
    t.equal(found.closed.join(' '), closed)
    t.equal(found.half.join(' '), half)
  })

t.test('older rules hold for older years', async (t) => {
  const kinds: Array<[string, ReturnType<typeof nyseDay>['kind']]> = [
    ['1990-12-24', 'half'],
    ['1991-11-29', 'full'],
    ['1992-11-27', 'half'],
    ['1994-04-27', 'closed'],
    ['1994-07-05', 'full'],
    ['1996-07-03', 'full'],
    ['1996-07-05', 'half'],
    ['1997-01-20', 'full'],
    ['1997-12-26', 'half'],
    ['1998-01-19', 'closed'],
    ['1999-12-31', 'half'],
    ['2001-09-10', 'full'],
    ['2001-09-11', 'closed'],
    ['2001-09-14', 'closed'],
    ['2001-09-17', 'full'],
    ['2002-07-05', 'half'],
    ['2003-12-26', 'half'],
    ['2004-06-11', 'closed'],
    ['2004-12-31', 'full'],
    ['2007-01-02', 'closed'],
    ['2010-12-31', 'full'],
    ['2021-06-18', 'full'],
    ['2021-12-31', 'full'],
  ]
  for (const [date, kind] of kinds) t.equal(nyseDay(parseDay(date) ?? Number.NaN).kind, kind, date)
  t.match(nyseDay(dayNumber(1992, 11, 27)), { kind: 'half', closeMinute: 14 * 60 })
  t.match(nyseDay(dayNumber(1993, 11, 26)), { kind: 'half', closeMinute: 13 * 60 })
})

t.test(
  'each year until 2100 has nine or ten holidays, one of them Good Friday, and no half day is one',
  async (t) => {
    for (let year = 2026; year <= 2100; year++) {
      const { closed, half } = daysOf(year)
      if (closed.length < 9 || closed.length > 10) t.fail(`${year} has ${closed.length}`)
      if (half.length > 3 || half.some((day) => closed.includes(day))) t.fail(`half days of ${year}`)
      t.ok(closed.includes(isoDate(easterSunday(year) - 2).slice(5)))
    }
  },
)

t.test('Easter falls where the almanacs have it', async (t) => {
  const sundays = [
    '1954-04-18',
    '1981-04-19',
    '2000-04-23',
    '2008-03-23',
    '2011-04-24',
    '2038-04-25',
    '2049-04-18',
    '2076-04-19',
    '2100-03-28',
  ]
  for (const date of sundays) t.equal(isoDate(easterSunday(Number(date.slice(0, 4)))), date)
})

t.test('what is no date is no day', async (t) => {
  for (const text of ['2023-02-29', '20231301', '20230100', '2023-1-1', 'x', '', '2023010', '00010101'])
    t.equal(parseDay(text), undefined, text)
  t.equal(parseDay('20240229'), parseDay('2024-02-29'))
  t.equal(weekdayOf(dayNumber(1969, 12, 31)), 3)
})

function daysOf(year: number) {
  const closed: string[] = []
  const half: string[] = []
  for (let day = dayNumber(year, 1, 1); day < dayNumber(year + 1, 1, 1); day++) {
    const found = nyseDay(day)
    if (found.kind === 'half') half.push(isoDate(day).slice(5))
    if (found.kind === 'closed' && found.reason !== 'weekend') closed.push(isoDate(day).slice(5))
  }
  return { closed, half }
}
