// The next daily restart, in any zone and on the days when the clocks change.
import t from 'tap'
import { isTimeZone, nextPlannedRestart } from '../../../src/fleet/lifecycle/planned-restart.ts'

const newYork = 'America/New_York'
const rows: Array<[name: string, time: string, zone: string, now: string, next: string]> = [
  ['later today', '04:30 PM', newYork, '2026-01-05T17:00Z', '2026-01-05T21:30Z'],
  ['a moment before', '04:30 PM', newYork, '2026-01-05T21:29:59.999Z', '2026-01-05T21:30Z'],
  ['now means tomorrow', '04:30 PM', newYork, '2026-01-05T21:30Z', '2026-01-06T21:30Z'],
  ['summer', '04:30 PM', newYork, '2026-07-01T12:00Z', '2026-07-01T20:30Z'],
  ['midnight', '12:00 AM', newYork, '2026-01-05T17:00Z', '2026-01-06T05:00Z'],
  ['past midnight', '12:05 AM', newYork, '2026-01-06T05:01Z', '2026-01-06T05:05Z'],
  ['noon', '12:00 PM', newYork, '2026-01-05T16:00Z', '2026-01-05T17:00Z'],
  ['the clocks go forward tonight', '04:30 PM', newYork, '2026-03-07T22:00Z', '2026-03-08T20:30Z'],
  ['before the clocks go forward', '01:59 AM', newYork, '2026-03-08T05:00Z', '2026-03-08T06:59Z'],
  ['after the clocks went forward', '03:00 AM', newYork, '2026-03-08T05:00Z', '2026-03-08T07:00Z'],
  ['the clocks go back tonight', '04:30 PM', newYork, '2026-10-31T21:00Z', '2026-11-01T21:30Z'],
  ['an hour that comes twice: the first', '01:30 AM', newYork, '2026-11-01T04:00Z', '2026-11-01T05:30Z'],
  ['over the year', '11:45 PM', 'UTC', '2026-12-31T23:46Z', '2027-01-01T23:45Z'],
  ['east', '04:30 AM', 'Asia/Tokyo', '2026-01-05T17:00Z', '2026-01-05T19:30Z'],
  ['half an hour off', '11:45 PM', 'Asia/Kolkata', '2026-01-05T17:00Z', '2026-01-05T18:15Z'],
  ['a day ahead', '12:00 AM', 'Pacific/Kiritimati', '2026-01-05T17:00Z', '2026-01-06T10:00Z'],
  [
    'half an hour of summer time',
    '06:00 AM',
    'Australia/Lord_Howe',
    '2026-10-03T12:00Z',
    '2026-10-03T19:00Z',
  ],
]
for (const [name, time, zone, now, next] of rows)
  t.test(name, async (t) => {
    const at = nextPlannedRestart(time, zone, Date.parse(now))
    t.equal(new Date(at ?? Number.NaN).toISOString(), new Date(next).toISOString())
  })

t.test('a time that the clocks skip still has a restart that day', async (t) => {
  const at = nextPlannedRestart('02:30 AM', newYork, Date.parse('2026-03-08T05:00Z')) ?? 0
  t.ok(
    at >= Date.parse('2026-03-08T06:00Z') && at <= Date.parse('2026-03-08T08:00Z'),
    new Date(at).toISOString(),
  )
})

t.test(
  'asked again it is the same until its time has come, then the next; a clock that was set back counts',
  async (t) => {
    const at = (now: string) =>
      new Date(nextPlannedRestart('09:00 AM', newYork, Date.parse(now)) ?? 0).toISOString()
    t.equal(at('2026-01-05T10:00Z'), '2026-01-05T14:00:00.000Z')
    t.equal(at('2026-01-05T13:59:59.999Z'), '2026-01-05T14:00:00.000Z')
    t.equal(at('2026-01-05T14:00Z'), '2026-01-06T14:00:00.000Z')
    t.equal(at('2026-01-04T10:00Z'), '2026-01-04T14:00:00.000Z')
  },
)

t.test('what cannot be read', async (t) => {
  for (const time of ['16:30', '4:30 PM', '04:30', '', '04:30 pm'])
    t.equal(nextPlannedRestart(time, newYork, 0), undefined)
  t.equal(nextPlannedRestart('04:30 PM', 'Mars/Base', 0), undefined)
  t.ok(isTimeZone(newYork))
  t.notOk(isTimeZone('Mars/Base'))
})
