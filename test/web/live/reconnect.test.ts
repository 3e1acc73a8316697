// How soon the page tries again.
import t from 'tap'
import { reconnectDelayMs } from '../../../web/src/live/reconnect.ts'

t.test('tries come ever later, up to a quarter of a minute, and never all at once', async (t) => {
  const longest = [1, 2, 3, 4, 5, 6, 1000].map((attempt) => reconnectDelayMs(attempt, 1))
  t.strictSame(longest, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
  t.equal(reconnectDelayMs(3, 0), 2_000, 'jitter takes up to half')
})
