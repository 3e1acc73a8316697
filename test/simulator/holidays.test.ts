// The days on which the simulated exchanges do not trade as usual, against the lists that NYSE has published.
import t from 'tap'
import { globalDay, nyseDay } from '../../src/simulator/holidays.ts'

const published: Record<number, { closed: string; halfDays: string }> = {
  2021: { closed: '0101 0118 0215 0402 0531 0705 0906 1125 1224', halfDays: '1126' },
  2022: { closed: '0117 0221 0415 0530 0620 0704 0905 1124 1226', halfDays: '1125' },
  2023: { closed: '0102 0116 0220 0407 0529 0619 0704 0904 1123 1225', halfDays: '0703 1124' },
  2024: { closed: '0101 0115 0219 0329 0527 0619 0704 0902 1128 1225', halfDays: '0703 1129 1224' },
  2025: { closed: '0101 0109 0120 0217 0418 0526 0619 0704 0901 1127 1225', halfDays: '0703 1128 1224' },
  2026: { closed: '0101 0119 0216 0403 0525 0619 0703 0907 1126 1225', halfDays: '1127 1224' },
  2027: { closed: '0101 0118 0215 0326 0531 0618 0705 0906 1125 1224', halfDays: '1126' },
  2028: { closed: '0117 0221 0414 0529 0619 0704 0904 1123 1225', halfDays: '0703 1124' },
}

for (const [year, { closed, halfDays }] of Object.entries(published))
  t.test(`NYSE in ${year}`, async (t) => {
    const found = { closed: [] as string[], 'half-day': [] as string[], open: [] as string[] }
    for (let ms = Date.UTC(Number(year), 0, 1); ms < Date.UTC(Number(year) + 1, 0, 1); ms += 86_400_000) {
      const date = new Date(ms)
      if (date.getUTCDay() % 6 === 0) continue
      const [month, day] = [date.getUTCMonth() + 1, date.getUTCDate()]
      found[nyseDay(Number(year), month, day)].push(date.toISOString().slice(5, 10).replace('-', ''))
    }
    t.equal(found.closed.join(' '), closed)
    t.equal(found['half-day'].join(' '), halfDays)
  })

t.test('a holiday begins with the year that made it one', async (t) => {
  t.equal(nyseDay(2021, 6, 18), 'open', 'Juneteenth since 2022')
  t.equal(nyseDay(1997, 1, 20), 'open', 'Martin Luther King since 1998')
  t.equal(nyseDay(2012, 10, 29), 'closed', 'a hurricane')
})

t.test('markets around the clock close on two days', async (t) => {
  t.strictSame(
    [globalDay(2026, 1, 1), globalDay(2026, 12, 25), globalDay(2026, 11, 26), globalDay(2026, 12, 24)],
    ['closed', 'closed', 'open', 'open'],
  )
})
