// "N per window" limits.
import t from 'tap'
import { freeAgainAt, isSpent, withinWindow } from '../../../src/fleet/lifecycle/limits.ts'

const limit = { limit: 3, windowMs: 100 }

t.test('what counts', async (t) => {
  t.strictSame(withinWindow([0, 1, 50, 100], limit, 100), [1, 50, 100], 'the window is open at its old end')
  const rows: Array<[stamps: number[], now: number, spent: boolean, free: number]> = [
    [[], 100, false, 100],
    [[90, 95], 100, false, 100],
    [[90, 95, 99], 100, true, 190],
    [[90, 95, 99], 189, true, 190],
    [[90, 95, 99], 190, false, 190],
    [[80, 90, 95, 99], 100, true, 190],
  ]
  for (const [stamps, now, spent, free] of rows) {
    t.equal(isSpent(stamps, limit, now), spent, `${stamps} at ${now}`)
    t.equal(freeAgainAt(stamps, limit, now), free, `free again after ${stamps}`)
  }
})

t.test('0 is off', async (t) => {
  t.notOk(isSpent([1, 2, 3], { limit: 0, windowMs: 100 }, 3))
})
