// Backoff doubles, is capped, and chance only shortens it.
import t from 'tap'
import { backoffMs } from '../../src/session/backoff.ts'

const options = { baseMs: 1000, maxMs: 10_000, jitter: 0.25 }

t.test('doubles from the base to the cap', async (t) => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 1000].map((attempt) => backoffMs(attempt, options, () => 0))
  t.strictSame(waits, [1000, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000])
})

t.test('chance takes away its share at most', async (t) => {
  t.equal(
    backoffMs(3, options, () => 0.999_999),
    3000,
  )
  for (let i = 0; i < 1000; i++) {
    const waitMs = backoffMs(3, options, Math.random)
    if (waitMs < 3000 || waitMs > 4000) t.fail(String(waitMs))
  }
})
