// What IB had no bars for: how long it counts, and how many small answers stay one range.
import t from 'tap'
import { barsWithin, stillEmpty, withEmptyRange } from '../../src/bars/empty-ranges.ts'

const minute = 60_000
const runs = [
  { firstMs: 0, lastMs: 4 * minute },
  { firstMs: 10 * minute, lastMs: 10 * minute },
]
const range = (from: number, to: number, bars = 0, askedAt = 1) => ({
  fromMs: from * minute,
  toMs: to * minute,
  askedAt,
  bars,
})

t.test('bars are counted by their starts', async (t) => {
  t.equal(barsWithin(runs, 0, 5 * minute, minute), 5)
  t.equal(barsWithin(runs, 1, 4 * minute, minute), 3)
  t.equal(barsWithin(runs, 5 * minute, 10 * minute, minute), 0)
  t.equal(barsWithin(runs, 4 * minute, 11 * minute, minute), 2)
  t.equal(barsWithin([], 0, minute, minute), 0)
})

t.test('a range counts while it has all the bars that IB had', async (t) => {
  t.strictSame(stillEmpty([range(0, 11, 6)], runs, minute), [range(0, 11, 6)])
  t.strictSame(stillEmpty([range(0, 11, 7)], runs, minute), [])
})

t.test('parts of one day become one range, those of two days do not', async (t) => {
  const first = withEmptyRange([], range(0, 5, 2), 0)
  t.strictSame(withEmptyRange(first, range(5, 10, 3, 2), 0), [range(0, 10, 5, 2)])
  const day = 1440
  const late = [range(day - 10, day, 1)]
  t.strictSame(withEmptyRange(late, range(day, day + 5), 0), [...late, range(day, day + 5)])
})

t.test('they stay disjoint and ascending, and old ones go', async (t) => {
  const known = [range(0, 5), range(10, 20), range(30, 40)]
  t.strictSame(withEmptyRange(known, range(15, 35, 1), 0), [range(0, 5), range(15, 35, 1)])
  t.strictSame(withEmptyRange(known, range(22, 25), 5 * minute), [
    range(10, 20),
    range(22, 25),
    range(30, 40),
  ])
})
