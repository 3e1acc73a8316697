// Which rows of a long list exist.
import fc from 'fast-check'
import t from 'tap'
import { offsetsOf, rangeInSight } from '../../../web/src/fleet/sight.ts'

t.test('every row that touches the window exists, and few others do', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 20, max: 200 }), { maxLength: 300 }),
      fc.integer({ min: -1000, max: 40_000 }),
      fc.integer({ min: 0, max: 1500 }),
      (heights, top, height) => {
        const offsets = offsetsOf(heights, (each) => each)
        const { first, last } = rangeInSight(offsets, top, top + height)
        const seen = heights.flatMap((own, i) => {
          const from = offsets[i] ?? 0
          return from < top + height && from + own > top ? [i] : []
        })
        return (
          first >= 0 &&
          last <= heights.length &&
          seen.every((i) => i >= first && i < last) &&
          last - first <= seen.length + 14
        )
      },
    ),
  )
})
