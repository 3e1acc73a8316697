// What the gateway has been through: outages, the band of its phases, and the same as a table.
import type { Signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { GatewayTimeline } from '../../../schemas/gateway-timeline.ts'
import type { Polled } from '../polled.ts'
import { now } from '../store.ts'
import { moment } from '../ui/duration.ts'
import { Panel, WideTable } from '../ui/facts.tsx'
import { Heard } from '../ui/heard.tsx'
import type { Tone } from '../ui/phases.ts'
import { Zone } from '../ui/time.tsx'
import { Band, heights, lasted } from './band.tsx'
import { restartsOf, type Segment, type Stretch, segmentsOf, tonesOf } from './phase-segments.ts'

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
          <Zone />
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
          {[...segments].reverse().map(({ phase, words, from, to, isOpen, reason }) => (
            <tr key={`${from} ${phase}`}>
              <td class="figure">{moment(from)}</td>
              <td>{words}</td>
              <td class="figure">{isOpen ? 'until now' : lasted(to - from)}</td>
              <td>{reason}</td>
            </tr>
          ))}
        </tbody>
      </WideTable>
    </details>
  )
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
