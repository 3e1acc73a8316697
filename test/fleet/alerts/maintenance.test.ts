// When an outage is told: patience, windows that it begins in or reaches, and the minute after them.
import t from 'tap'
import { regionOf, whenToTell } from '../../../src/fleet/alerts/maintenance.ts'

const minute = 60_000
const night = (clock: string) => Date.parse(`2026-01-06T${clock}Z`) // 00:15 to 01:45 in New York is 05:15 to 06:45

// biome-ignore format: a table is read by its rows
const rows: Array<[what: string, since: string, patienceMs: number, toldAt: string, outlasts: boolean]> = [
  ['in the middle of the day', '17:00', 15 * minute, '17:15', false],
  ['without patience', '17:00', 0, '17:00', false],
  ['begun in the window', '05:20', 15 * minute, '06:45', true],
  ['begun in the window, without patience', '05:20', 0, '06:45', true],
  ['begun in the last minute of the window', '06:44:50', 15 * minute, '06:45:50', true],
  ['begun before the window, due in it', '05:05', 15 * minute, '06:45', true],
  ['told before the window began', '04:55', 15 * minute, '05:10', false],
  ['begun as the window ends', '06:45', 15 * minute, '07:00', false],
]
for (const [what, since, patienceMs, toldAt, outlasts] of rows)
  t.test(what, async (t) => {
    const telling = whenToTell(night(since), patienceMs, 'america')
    t.equal(new Date(telling.at).toISOString(), new Date(night(toldAt)).toISOString())
    t.equal(telling.outlasted !== undefined, outlasts)
  })

t.test('the region is the label of the follower, or that of the fleet', async (t) => {
  t.equal(regionOf({}, 'europe'), 'europe')
  t.equal(regionOf({ labels: { ibRegion: 'asia' } }, 'europe'), 'asia')
  t.equal(regionOf({ labels: { ibRegion: 'moon' } }, 'europe'), 'europe')
})
