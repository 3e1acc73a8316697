// Round trips of heartbeats: what is known of them, and their line in a chart. Pure.
import type { GatewayTimeline } from '../../../schemas/gateway-timeline.ts'

export type Heartbeat = GatewayTimeline['heartbeats'][number]

/** So many are kept, as the manager keeps. */
export const heartbeatLimit = 120

/** With one more, unless it is known already or older than what is known. */
export function withHeartbeat(beats: readonly Heartbeat[], beat: Heartbeat): readonly Heartbeat[] {
  const last = beats.at(-1)
  if (last && Date.parse(beat.at) <= Date.parse(last.at)) return beats
  return [...beats, beat].slice(-heartbeatLimit)
}

export interface HeartbeatFigures {
  readonly last: number
  readonly median: number
  readonly max: number
}

/** In ms; null when there are none. */
export function figuresOf(beats: readonly Heartbeat[]): HeartbeatFigures | null {
  const last = beats.at(-1)
  if (!last) return null
  const sorted = beats.map(({ roundTripMs }) => roundTripMs).sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
  return { last: last.roundTripMs, median, max: sorted.at(-1) ?? 0 }
}

export interface ChartSize {
  readonly width: number
  readonly height: number
}

/** A chart of a quiet gateway should look quiet: its scale ends no lower than this, ms. */
const lowestTop = 20

/** The points of the line, `x,y` with y growing downwards: beats evenly from left to right, the latest at the right edge. */
export function sparkline(
  beats: readonly Heartbeat[],
  { width, height }: ChartSize,
): Array<readonly [number, number]> {
  const top = Math.max(lowestTop, ...beats.map(({ roundTripMs }) => roundTripMs))
  const step = width / (heartbeatLimit - 1)
  return beats.map(({ roundTripMs }, i) => {
    const x = width - (beats.length - 1 - i) * step
    return [round(x), round(height - (Math.max(0, roundTripMs) / top) * height)] as const
  })
}

/** As an SVG path; `closedAt` (the height of the floor) makes it an area. Empty without points. */
export function pathOf(points: ReadonlyArray<readonly [number, number]>, closedAt?: number): string {
  const [first] = points
  const last = points.at(-1)
  if (!first || !last) return ''
  const line = `M${points.map(([x, y]) => `${x} ${y}`).join('L')}`
  return closedAt === undefined ? line : `${line}L${last[0]} ${closedAt}L${first[0]} ${closedAt}Z`
}

const round = (value: number) => Math.round(value * 10) / 10
