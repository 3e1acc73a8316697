import t from 'tap'
import type { GatewayPhase } from '../../../schemas/gateway.ts'
import {
  drawingOrder,
  restartsOf,
  segmentAt,
  segmentsOf,
  timeMarks,
  tonesOf,
} from '../../../web/src/gateway/phase-segments.ts'

const hour = 3_600_000
const start = Date.UTC(2026, 0, 5)
const stretch = { from: start, to: start + 24 * hour }
const at = (hours: number) => new Date(start + hours * hour).toISOString()
const span = (phase: GatewayPhase, from: number, to?: number) => ({
  phase,
  status: 'RUNNING' as const,
  from: at(from),
  ...(to !== undefined && { to: at(to) }),
})

t.test('phases lie on the band in proportion to their time', async (t) => {
  const segments = segmentsOf(
    [span('stopped', 0, 6), span('ready', 6, 18), span('degraded', 18)],
    stretch,
    240,
  )
  t.match(segments, [
    { phase: 'stopped', tone: 'off', x: 0, width: 60, isOpen: false },
    { phase: 'ready', tone: 'good', x: 60, width: 120 },
    { phase: 'degraded', tone: 'warn', x: 180, width: 60, isOpen: true, to: stretch.to },
  ])
  t.strictSame(tonesOf(segments), ['good', 'warn', 'off'])
})

t.test("a phase looks like a person's turn for its reason or its length", async (t) => {
  const spans = [
    { ...span('backing-off', 0, 1), reason: 'CREDENTIALS_MISSING' as const },
    { ...span('backing-off', 1, 2), reason: 'SERVER_UNAVAILABLE' as const },
    span('upstream-lost', 2, 3),
    span('upstream-lost', 3, 3.2),
  ]
  t.match(segmentsOf(spans, stretch, 240), [
    { words: 'Waiting for credentials', tone: 'person' },
    { words: 'Waiting to retry', tone: 'trouble' },
    { words: 'IBKR lost', tone: 'person' },
    { words: 'IBKR lost', tone: 'trouble' },
  ])
})

t.test('what crosses an edge is cut, what is outside is left out', async (t) => {
  const segments = segmentsOf(
    [span('ready', -30, -26), span('ready', -2, 2), span('locked', 30)],
    stretch,
    240,
  )
  t.match(segments, [{ phase: 'ready', x: 0, width: 20, from: start, to: start + 2 * hour }])
  t.equal(segments.length, 1)
})

t.test('a failure of a second is still seen, and still found', async (t) => {
  const spans = [span('ready', 0, 12), span('reconnecting', 12, 12 + 1 / 3600), span('ready', 12 + 1 / 3600)]
  const segments = segmentsOf(spans, stretch, 240)
  t.equal(segments[1]?.width, 3)
  t.equal(drawingOrder(segments).at(-1)?.phase, 'reconnecting', 'drawn on top')
  t.equal(segmentAt(segments, 121), 1)
  t.equal(segmentAt(segments, 100), 0)
  t.equal(segmentAt(segments, 500), 2, 'beside the band: the nearest')
  t.equal(segmentAt([], 5), -1)
})

t.test('a phase that has just begun lies within the band', async (t) => {
  const [, last] = segmentsOf(
    [span('ready', 0, 24), span('locked', 24)],
    { ...stretch, to: stretch.to + 1 },
    240,
  )
  t.ok(last && last.x + last.width <= 240)
})

t.test('round times of the local day are marked', async (t) => {
  const marks = timeMarks({ from: start + 0.5 * hour, to: start + 24.5 * hour }, 240, hour)
  t.strictSame(
    marks.map((mark) => (mark.at - start) / hour),
    [2, 5, 8, 11, 14, 17, 20, 23],
  )
  t.equal(marks[0]?.x, 15)
  t.equal(timeMarks({ from: start, to: start + hour }, 240, 0).length, 6, 'every ten minutes of an hour')
  t.equal(timeMarks({ from: start, to: start + 168 * hour }, 240, 0).length, 7, 'every day of a week')
})

t.test('a launch that never comes to a container is no restart', async (t) => {
  const spans = [span('creating', 0, 1), span('backing-off', 1, 2), span('creating', 2, 3), span('locked', 3)]
  t.equal(restartsOf(segmentsOf(spans, stretch, 240)), 0)
})

t.test('restarts: new containers and soft restarts, but not the first launch', async (t) => {
  const segments = segmentsOf(
    [
      span('stopped', 0, 1),
      span('pulling', 1, 2),
      span('creating', 2, 3),
      span('ready', 3, 4),
      span('restarting', 4, 5),
      span('ready', 5, 6),
      span('backing-off', 6, 7),
      span('pulling', 7, 8),
      span('creating', 8, 9),
      span('ready', 9),
    ],
    stretch,
    240,
  )
  t.equal(restartsOf(segments), 2)
})
