// IBKR's maintenance windows, New York time, in winter and summer.
import t from 'tap'
import { isMaintenance } from '../../src/fleet/maintenance.ts'

const rows: Array<[at: string, maintenance: boolean]> = [
  ['2026-01-05T05:14:59Z', false], // Mon 00:14:59
  ['2026-01-05T05:15Z', true],
  ['2026-01-05T06:44:59Z', true],
  ['2026-01-05T06:45Z', false],
  ['2026-01-05T17:00Z', false],
  ['2026-07-06T04:15Z', true], // the same in summer time
  ['2026-07-06T05:45Z', false],
  ['2026-01-10T03:59Z', false], // Fri 22:59
  ['2026-01-10T04:00Z', true], // Fri 23:00
  ['2026-01-10T05:00Z', true], // Sat 00:00
  ['2026-01-10T07:59Z', true], // Sat 02:59
  ['2026-01-10T08:00Z', false], // Sat 03:00
  ['2026-01-11T05:00Z', false], // Sun 00:00
  ['2026-01-11T05:30Z', true], // Sun 00:30
]
for (const [at, expected] of rows)
  t.test(at, async (t) => {
    t.equal(isMaintenance(Date.parse(at)), expected)
  })
