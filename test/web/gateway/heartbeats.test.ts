import t from 'tap'
import {
  figuresOf,
  heartbeatLimit,
  pathOf,
  sparkline,
  withHeartbeat,
} from '../../../web/src/gateway/heartbeats.ts'

const beat = (second: number, roundTripMs: number) => ({
  at: new Date(second * 1000).toISOString(),
  roundTripMs,
})

t.test('a heartbeat is added once, in order, and the oldest give way', async (t) => {
  const one = withHeartbeat([], beat(5, 3))
  t.equal(withHeartbeat(one, beat(5, 3)), one)
  t.equal(withHeartbeat(one, beat(4, 3)), one)
  let many = one
  for (let second = 6; second < 400; second++) many = withHeartbeat(many, beat(second, second))
  t.equal(many.length, heartbeatLimit)
  t.equal(many.at(-1)?.roundTripMs, 399)
})

t.test('figures: last, median, max', async (t) => {
  t.equal(figuresOf([]), null)
  t.strictSame(figuresOf([beat(1, 9), beat(2, 1), beat(3, 4)]), { last: 4, median: 4, max: 9 })
  t.strictSame(figuresOf([beat(1, 2), beat(2, 4)]), { last: 4, median: 3, max: 4 })
})

t.test('the latest heartbeat is at the right edge, the slowest at the top', async (t) => {
  const size = { width: 119, height: 40 }
  t.strictSame(sparkline([beat(1, 100), beat(2, 50)], size), [
    [118, 0],
    [119, 20],
  ])
  t.strictSame(sparkline([beat(1, 1)], size), [[119, 38]], 'a quiet gateway stays near the floor')
})

t.test('paths', async (t) => {
  t.equal(pathOf([]), '')
  t.equal(
    pathOf([
      [0, 1],
      [2, 3],
    ]),
    'M0 1L2 3',
  )
  t.equal(
    pathOf(
      [
        [0, 1],
        [2, 3],
      ],
      9,
    ),
    'M0 1L2 3L2 9L0 9Z',
  )
})
