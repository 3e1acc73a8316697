// Spans and moments as a person reads them.
import t from 'tap'
import { countdown, roundTrip, spanWords } from '../../../web/src/ui/duration.ts'

const minute = 60_000
const hour = 60 * minute

t.test('a span has at most two units', async (t) => {
  const cases: Array<[number, string]> = [
    [-5, '0 s'],
    [0, '0 s'],
    [8_900, '8 s'],
    [minute - 1, '59 s'],
    [minute, '1 min'],
    [59 * minute, '59 min'],
    [2 * hour + 5 * minute, '2 h 05 min'],
    [2 * hour, '2 h'],
    [76 * hour, '3 d 4 h'],
    [72 * hour, '3 d'],
  ]
  for (const [ms, words] of cases) t.equal(spanWords(ms), words)
})

t.test('a countdown ends at 0:00 and stays there', async (t) => {
  const cases: Array<[number, string]> = [
    [127_000, '2:07'],
    [126_001, '2:07'],
    [59_000, '0:59'],
    [1, '0:01'],
    [0, '0:00'],
    [-9_000, '0:00'],
    [hour + 2 * minute + 7_000, '1:02:07'],
  ]
  for (const [ms, words] of cases) t.equal(countdown(ms), words)
})

t.test('a round trip has the digits it deserves', async (t) => {
  t.strictSame([0.84, 9.96, 14.4, 999, 1234].map(roundTrip), ['0.8 ms', '10 ms', '14 ms', '999 ms', '1.2 s'])
})
