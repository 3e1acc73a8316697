// What the gateway has been through as a band: what stands out is trouble. By pointer or arrow keys each phase tells itself; the table has them all.
import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { GatewayTimeline } from '../../../schemas/gateway.ts'
import type { Polled } from '../polled.ts'
import { now } from '../store.ts'
import { moment, spanWords } from '../ui/duration.ts'
import { Panel, WideTable } from '../ui/facts.tsx'
import { Heard } from '../ui/heard.tsx'
import { lookOf, type Tone } from '../ui/phases.ts'
import {
  drawingOrder,
  restartsOf,
  type Segment,
  type Stretch,
  segmentAt,
  segmentsOf,
  timeMarks,
  tonesOf,
} from './phase-segments.ts'

const day = 86_400_000
const height = 44

/** How high each tone stands, as a share of the band: the calm low, the urgent high, so that colour alone decides nothing. */
const heights: Readonly<Record<Tone, number>> = {
  off: 0.1,
  good: 0.5,
  moving: 0.5,
  warn: 0.75,
  trouble: 1,
  person: 1,
}
const toneWords: Readonly<Record<Tone, string>> = {
  good: 'running',
  moving: 'on its way',
  warn: 'degraded',
  trouble: 'down, mends itself',
  person: 'needs a person',
  off: 'stopped',
}

/** How far back one can look, in hours. */
const ranges: ReadonlyArray<readonly [hours: number, words: string]> = [
  [1, '1 hour'],
  [24, '24 hours'],
  [168, '7 days'],
]

export interface PhaseBandProps {
  /** Of the last so many hours. */
  readonly hours: Signal<number>
  readonly timeline: Polled<GatewayTimeline>
}

export function PhaseBand({ timeline, hours }: PhaseBandProps) {
  return (
    <Panel title="Timeline">
      <fieldset class="ranges">
        <legend class="only-heard">Time shown</legend>
        {ranges.map(([range, words]) => (
          <label key={range} class="range">
            <input
              type="radio"
              name="range"
              class="only-heard"
              checked={range === hours.value}
              onChange={() => {
                hours.value = range
              }}
            />
            <span>{words}</span>
          </label>
        ))}
      </fieldset>
      <Heard polled={timeline} what="timeline">
        {(answer) => <Timeline timeline={answer} />}
      </Heard>
    </Panel>
  )
}

function Timeline({ timeline }: { readonly timeline: GatewayTimeline }) {
  const [width, measured] = useWidth(1000)
  const stretch = stretchOf(timeline, now.value)
  const segments = segmentsOf(timeline.spans, stretch, width)
  const { outages, outageSeconds } = timeline
  return (
    <div class="timeline" ref={measured}>
      <dl class="figures">
        <Figure name="Outages" value={String(outages)} />
        <Figure
          name="Time out"
          value={outages === 0 && outageSeconds === 0 ? 'none' : lasted(outageSeconds * 1000)}
        />
        <Figure name="Restarts" value={String(restartsOf(segments))} />
      </dl>
      {segments.length === 0 ? (
        <p class="soft">Nothing is known of this time yet.</p>
      ) : (
        <>
          <Band segments={segments} width={width} stretch={stretch} />
          <ul class="legend" aria-label="Legend">
            {tonesOf(segments).map((tone) => (
              <li key={tone}>
                <svg class={`band-${tone}`} width="10" height="14" aria-hidden="true">
                  <rect width="10" height={14 * heights[tone]} y={14 * (1 - heights[tone])} />
                </svg>
                {toneWords[tone]}
              </li>
            ))}
          </ul>
          <PhaseTable segments={segments} />
        </>
      )}
    </div>
  )
}

/** As long as what was asked for, up to now; it moves on in steps that can be seen. */
function stretchOf(timeline: GatewayTimeline, present: number): Stretch {
  const [from, asked] = [Date.parse(timeline.from), Date.parse(timeline.to)]
  const step = Math.max(1_000, (asked - from) / 1_000)
  const to = Math.ceil(Math.max(present, asked) / step) * step
  return { from: to - (asked - from), to }
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="figure">{value}</dd>
    </div>
  )
}

interface BandProps {
  readonly segments: readonly Segment[]
  readonly width: number
  readonly stretch: Stretch
}

function Band({ segments, width, stretch }: BandProps) {
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
  const { words, tone } = lookOf(segment)
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

function segmentWords({ phase, from, to, isOpen, reason }: Segment): string {
  const until = isOpen ? 'until now' : `for ${lasted(to - from)}`
  return `${lookOf({ phase }).words} from ${moment(from)} ${until}${reason ? `, ${reason}` : ''}`
}

function PhaseTable({ segments }: { readonly segments: readonly Segment[] }) {
  return (
    <details class="more">
      <summary>As a table</summary>
      <WideTable label="Phases, the latest first">
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">Phase</th>
            <th scope="col">For</th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          {[...segments].reverse().map(({ phase, from, to, isOpen, reason }) => (
            <tr key={`${from} ${phase}`}>
              <td class="figure">{moment(from)}</td>
              <td>{lookOf({ phase }).words}</td>
              <td class="figure">{isOpen ? 'until now' : lasted(to - from)}</td>
              <td>{reason}</td>
            </tr>
          ))}
        </tbody>
      </WideTable>
    </details>
  )
}

/** Much happens within a second, but never in none. */
function lasted(ms: number): string {
  return ms < 1_000 ? 'under 1 s' : spanWords(ms)
}

/** The width of an element in CSS pixels, followed as it changes. */
function useWidth(first: number) {
  const element = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(first)
  useEffect(() => {
    if (!element.current) return
    const watch = new ResizeObserver(([entry]) =>
      setWidth(Math.max(100, Math.round(entry?.contentRect.width ?? first))),
    )
    watch.observe(element.current)
    return () => watch.disconnect()
  }, [])
  return [width, element] as const
}
