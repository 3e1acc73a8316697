// The band itself: phases from left to right, heights and colours by how much they need somebody; each tells itself by pointer or arrow keys.
import { useSignal } from '@preact/signals'
import { now } from '../store.ts'
import { moment, spanWords } from '../ui/duration.ts'
import type { Tone } from '../ui/phases.ts'
import { drawingOrder, type Segment, type Stretch, segmentAt, timeMarks } from './phase-segments.ts'

const day = 86_400_000
const height = 44

/** How high each tone stands, as a share of the band: the calm low, the urgent high, so that colour alone decides nothing. */
export const heights: Readonly<Record<Tone, number>> = {
  off: 0.1,
  good: 0.5,
  moving: 0.5,
  warn: 0.75,
  trouble: 1,
  person: 1,
}
export interface BandProps {
  readonly segments: readonly Segment[]
  readonly width: number
  readonly stretch: Stretch
}

export function Band({ segments, width, stretch }: BandProps) {
  const chosen = useSignal<number | null>(null)
  const last = segments.length - 1
  const index = Math.min(chosen.value ?? last, last)
  const segment = segments[index]
  const onKey = (event: KeyboardEvent) => {
    const to = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: last }[event.key]
    if (to === undefined) return
    event.preventDefault()
    chosen.value = Math.max(0, Math.min(last, to))
  }
  const onPoint = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect()
    chosen.value = segmentAt(segments, ((event.clientX - box.left) / box.width) * width)
  }
  return (
    <>
      <div
        class="band"
        role="slider"
        tabIndex={0}
        aria-label="Phases"
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={index}
        aria-valuetext={segment && segmentWords(segment)}
        onKeyDown={onKey}
        onPointerMove={onPoint}
        onPointerDown={onPoint}
        onPointerLeave={() => {
          chosen.value = null
        }}
      >
        <svg
          class="band-picture"
          viewBox={`0 0 ${width} ${height}`}
          height={height}
          aria-hidden="true"
          focusable="false"
        >
          {drawingOrder(segments).map(({ tone, x, width: length, from, phase }) => (
            <rect
              key={`${from} ${phase}`}
              class={`band-${tone}`}
              x={x}
              y={height * (1 - heights[tone])}
              width={length}
              height={height * heights[tone]}
            />
          ))}
          {segment && chosen.value !== null && (
            <rect class="band-chosen" x={segment.x} y="0" width={segment.width} height={height} />
          )}
        </svg>
      </div>
      <Hours width={width} stretch={stretch} />
      <p class="band-words">
        {segment && <SegmentWords segment={segment} isDated={stretch.to - stretch.from > day} />}
      </p>
    </>
  )
}

function Hours({ width, stretch }: Omit<BandProps, 'segments'>) {
  const offsetMs = -new Date(stretch.from).getTimezoneOffset() * 60_000
  return (
    <svg class="band-hours" viewBox={`0 0 ${width} 18`} height="18" aria-hidden="true" focusable="false">
      {timeMarks(stretch, width, offsetMs, width < 500 ? 4 : 8)
        .filter(({ x }) => x > 14 && x < width - 14)
        .map(({ x, at }) => (
          <g key={at}>
            <line x1={x} x2={x} y1="0" y2="4" />
            <text x={x} y="15" text-anchor="middle">
              {stretch.to - stretch.from > 2 * day ? moment(at).slice(5, 10) : moment(at).slice(11, 16)}
            </text>
          </g>
        ))}
    </svg>
  )
}

function SegmentWords({ segment, isDated }: { readonly segment: Segment; readonly isDated: boolean }) {
  const shown = (at: number) => (isDated ? moment(at) : moment(at).slice(11))
  const { words, tone } = segment
  const { from, to, isOpen, reason } = segment
  return (
    <>
      <strong class={`status-${tone}`}>{words}</strong>{' '}
      <span class="figure">
        {shown(from)} to {isOpen ? 'now' : shown(to)}
      </span>
      , {lasted((isOpen ? now.value : to) - from)}
      {reason && <span class="soft"> · {reason}</span>}
    </>
  )
}

function segmentWords({ words, from, to, isOpen, reason }: Segment): string {
  const until = isOpen ? 'until now' : `for ${lasted(to - from)}`
  return `${words} from ${moment(from)} ${until}${reason ? `, ${reason}` : ''}`
}

/** Much happens within a second, but never in none. */
export function lasted(ms: number): string {
  return ms < 1_000 ? 'under 1 s' : spanWords(ms)
}
