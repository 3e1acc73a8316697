// The geometry of a day's phases: where each lies on a band from left to right. Pure.
import type { GatewayPhase } from '../../../schemas/gateway.ts'
import type { GatewayTimeline } from '../../../schemas/gateway-timeline.ts'
import type { ReasonCode } from '../../../schemas/reason.ts'
import { lookOfStay, type Tone } from '../ui/phases.ts'

/** One phase on the band. Places are in units of the band; times in ms since the epoch. */
export interface Segment {
  readonly phase: GatewayPhase
  readonly words: string
  readonly tone: Tone
  readonly reason?: ReasonCode
  readonly from: number
  readonly to: number
  /** It is the present phase. */
  readonly isOpen: boolean
  readonly x: number
  readonly width: number
}

export interface Stretch {
  readonly from: number
  readonly to: number
}

/** A phase that lasted for seconds would vanish among hours: none is drawn thinner than this. */
const thinnest = 3

/** The phases within `stretch`, oldest first, on a band so wide. What ended before it is left out, what crosses its edges is cut. */
export function segmentsOf(spans: GatewayTimeline['spans'], stretch: Stretch, width: number): Segment[] {
  const scale = width / Math.max(1, stretch.to - stretch.from)
  return spans.flatMap(({ phase, reason, from, to }) => {
    const began = Math.max(Date.parse(from), stretch.from)
    const ended = to === undefined ? stretch.to : Math.min(Date.parse(to), stretch.to)
    if (ended < began || began >= stretch.to || (to !== undefined && ended <= stretch.from)) return []
    const length = Math.min(width, Math.max(thinnest, (ended - began) * scale))
    return {
      phase,
      ...lookOfStay({ phase, reason, lastedMs: ended - Date.parse(from) }),
      ...(reason !== undefined && { reason }),
      from: began,
      to: ended,
      isOpen: to === undefined,
      x: round(Math.min((began - stretch.from) * scale, width - length)),
      width: round(length),
    }
  })
}

/** Long and calm ones first: drawn later, a short failure lies on top of what surrounds it. */
export function drawingOrder(segments: readonly Segment[]): Segment[] {
  const urgency: Readonly<Record<Tone, number>> = {
    off: 0,
    good: 1,
    moving: 2,
    warn: 3,
    trouble: 4,
    person: 5,
  }
  return [...segments].sort((a, b) => urgency[a.tone] - urgency[b.tone])
}

/** The segment at this place: the last one drawn there, else the nearest. -1 when there is none. */
export function segmentAt(segments: readonly Segment[], x: number): number {
  const hits = segments.filter((segment) => x >= segment.x && x <= segment.x + segment.width)
  const hit = drawingOrder(hits).at(-1)
  if (hit) return segments.indexOf(hit)
  const distance = (segment: Segment) => Math.max(segment.x - x, x - segment.x - segment.width)
  return segments.reduce((best, segment, i) => {
    const nearest = segments[best]
    return nearest === undefined || distance(segment) < distance(nearest) ? i : best
  }, -1)
}

const minute = 60_000
const roundSteps = [5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440].map((minutes) => minutes * minute)

/** Marks at round times of day, at most `count` of them: where, and when (ms since the epoch). `offsetMs`: local time minus UTC. */
export function timeMarks(
  { from, to }: Stretch,
  width: number,
  offsetMs: number,
  count = 8,
): Array<{ x: number; at: number }> {
  const step = roundSteps.find((apart) => (to - from) / apart <= count) ?? Math.ceil((to - from) / count)
  const first = Math.ceil((from + offsetMs) / step) * step - offsetMs
  const marks = []
  for (let at = first; at < to; at += step) marks.push({ at, x: round(((at - from) / (to - from)) * width) })
  return marks
}

/** The tones that occur, the calm ones first: what a legend must explain. */
export function tonesOf(segments: readonly Segment[]): Tone[] {
  const order: readonly Tone[] = ['good', 'moving', 'warn', 'trouble', 'person', 'off']
  return order.filter((tone) => segments.some((segment) => segment.tone === tone))
}

/** Containers after the first and soft restarts that the phases tell of. A launch from `stopped` is none, nor is one that never came to a container. */
export function restartsOf(segments: readonly Segment[]): number {
  let count = 0
  let hadContainer = false
  for (const { phase } of segments) {
    if (phase === 'creating' || phase === 'restarting') {
      if (hadContainer) count += 1
      hadContainer = false
    } else if (phase === 'stopped') hadContainer = false
    else if (!['pulling', 'backing-off', 'locked', 'stopping'].includes(phase)) hadContainer = true
  }
  return count
}

const round = (value: number) => Math.round(value * 10) / 10
