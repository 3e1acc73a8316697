// IBKR's maintenance windows at their edges: three regions, winter and summer, and the nights on which clocks change.
import t from 'tap'
import { type IbRegion, ibRegions, maintenanceAt } from '../../src/calendar/ib-maintenance.ts'

// biome-ignore format: a table is read by its rows
const rows: Array<[region: IbRegion, from: string, to: string, what: string]> = [
  ['america', '2026-01-05T05:15Z', '2026-01-05T06:45Z', 'Monday 00:15 to 01:45'],
  ['america', '2026-07-06T04:15Z', '2026-07-06T05:45Z', 'the same in summer time'],
  ['america', '2026-01-11T05:15Z', '2026-01-11T06:45Z', 'Sunday'],
  ['america', '2026-01-10T04:00Z', '2026-01-10T08:00Z', 'the weekend, Friday 23:00 to Saturday 03:00'],
  ['america', '2026-03-08T05:15Z', '2026-03-08T06:45Z', 'the night on which summer time begins'],
  ['america', '2026-11-01T04:15Z', '2026-11-01T06:45Z', 'the night on which it ends: 01:45 comes twice'],
  ['europe', '2026-01-05T05:25Z', '2026-01-05T06:45Z', 'Monday 06:25 to 07:45'],
  ['europe', '2026-03-27T05:25Z', '2026-03-27T06:45Z', 'the last Friday of winter time'],
  ['europe', '2026-03-29T04:25Z', '2026-03-29T05:45Z', 'the Sunday on which summer time begins'],
  ['europe', '2026-10-25T05:25Z', '2026-10-25T06:45Z', 'the Sunday on which it ends'],
  ['europe', '2026-03-14T03:00Z', '2026-03-14T07:00Z', 'the weekend, by clocks of New York that are in summer time already'],
  ['asia', '2026-01-04T20:45Z', '2026-01-04T22:05Z', 'Monday 04:45 to 06:05'],
  ['asia', '2026-07-06T12:15Z', '2026-07-06T13:15Z', 'Monday 20:15 to 21:15, no summer time there'],
  ['asia', '2026-01-10T04:00Z', '2026-01-10T08:00Z', 'the weekend'],
]
for (const [region, from, to, what] of rows)
  t.test(`${region}: ${what}`, async (t) => {
    const [fromMs, toMs] = [Date.parse(from), Date.parse(to)]
    t.equal(maintenanceAt(fromMs - 1, region), undefined)
    t.match(maintenanceAt(fromMs, region), { fromMs, toMs })
    t.match(maintenanceAt(toMs - 1, region), { fromMs, toMs })
    t.equal(maintenanceAt(toMs, region), undefined)
  })

t.test('Saturday has no daily reset, and noon in New York is in none', async (t) => {
  t.equal(maintenanceAt(Date.parse('2026-01-10T05:55Z'), 'europe')?.name.includes('weekend'), true)
  t.equal(maintenanceAt(Date.parse('2026-07-11T05:00Z'), 'asia')?.name.includes('weekend'), true)
  t.equal(maintenanceAt(Date.parse('2026-01-09T20:50Z'), 'asia'), undefined, 'Saturday 04:50 in Hong Kong')
  t.equal(maintenanceAt(Date.parse('2026-01-09T12:20Z'), 'asia')?.name.includes('second'), true)
  for (const region of ibRegions) t.equal(maintenanceAt(Date.parse('2026-01-05T17:00Z'), region), undefined)
})
