// The round trips of the latest heartbeats as a line, and in words: a gateway that grows slow shows it here first.
import { useEffect, useState } from 'preact/hooks'
import type { Gateway } from '../../../schemas/gateway.ts'
import type { GatewayTimeline } from '../../../schemas/gateway-timeline.ts'
import { roundTrip } from '../ui/duration.ts'
import { Panel } from '../ui/facts.tsx'
import { Age } from '../ui/time.tsx'
import { figuresOf, type Heartbeat, pathOf, sparkline, withHeartbeat } from './heartbeats.ts'

const size = { width: 480, height: 56 }

export interface HeartbeatChartProps {
  readonly gateway: Gateway
  readonly timeline: GatewayTimeline | undefined
}

export function HeartbeatChart({ gateway, timeline }: HeartbeatChartProps) {
  const beats = useHeartbeats(gateway, timeline)
  const figures = figuresOf(beats)
  const points = sparkline(beats, size)
  const [lastX, lastY] = points.at(-1) ?? [0, 0]
  return (
    <Panel title="Heartbeat">
      {figures === null ? (
        <p class="soft">No heartbeat yet: they come once the API session is up.</p>
      ) : (
        <>
          <svg
            class={`heartbeats heartbeats-${gateway.connected ? 'live' : 'old'}`}
            viewBox={`0 -4 ${size.width + 6} ${size.height + 5}`}
            preserveAspectRatio="none"
            height="60"
            role="img"
            aria-label={`Round trips of the last ${beats.length} heartbeats: last ${roundTrip(figures.last)}, median ${roundTrip(figures.median)}, longest ${roundTrip(figures.max)}`}
          >
            <path
              class="heartbeats-floor"
              d={`M0 ${size.height}H${size.width}`}
              vector-effect="non-scaling-stroke"
            />
            <path class="heartbeats-area" d={pathOf(points, size.height)} />
            <path class="heartbeats-line" d={pathOf(points)} vector-effect="non-scaling-stroke" />
            <path class="heartbeats-last" d={`M${lastX} ${lastY}h0`} vector-effect="non-scaling-stroke" />
          </svg>
          <dl class="figures">
            <HeartbeatFigure name="Last" value={roundTrip(figures.last)} />
            <HeartbeatFigure name="Median" value={roundTrip(figures.median)} />
            <HeartbeatFigure name="Longest" value={roundTrip(figures.max)} />
            <div>
              <dt>Answered</dt>
              <dd>
                <Age at={beats.at(-1)?.at ?? gateway.since} suffix=" ago" />
              </dd>
            </div>
          </dl>
        </>
      )}
    </Panel>
  )
}

function HeartbeatFigure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="figure">{value}</dd>
    </div>
  )
}

/** What the timeline knows, and each one since. */
function useHeartbeats(gateway: Gateway, timeline: GatewayTimeline | undefined): readonly Heartbeat[] {
  const [beats, setBeats] = useState<readonly Heartbeat[]>([])
  const { lastHeartbeatAt: at, heartbeatRttMs: roundTripMs } = gateway
  useEffect(() => {
    const known = timeline?.heartbeats ?? []
    setBeats((seen) => seen.reduce(withHeartbeat, known))
  }, [timeline])
  useEffect(() => {
    if (at !== undefined && roundTripMs !== undefined)
      setBeats((seen) => withHeartbeat(seen, { at, roundTripMs }))
  }, [at])
  return beats
}
