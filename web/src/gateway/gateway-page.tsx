// One gateway: what it does, why, and what to press. The parts follow the order in which somebody asks at three in the morning.
import { useComputed, useSignal } from '@preact/signals'
import { type Gateway, gateways, loaded } from '../store.ts'
import { EmptyState, Loading } from '../ui/empty-state.tsx'
import { Bots } from './bots.tsx'
import { Connect } from './connect.tsx'
import { GatewayFacts } from './gateway-facts.tsx'
import { GatewayHead } from './gateway-head.tsx'
import { HealthLadder } from './health-ladder.tsx'
import { HeartbeatChart } from './heartbeat-chart.tsx'
import { LogTail } from './log-tail.tsx'
import { PhaseBand } from './phase-band.tsx'
import { RecentEvents } from './recent-events.tsx'
import { ScreenAccess } from './screen-access.tsx'
import { Situation } from './situation.tsx'
import { useTimeline } from './timeline.ts'
import './gateway.css'
import './gateway-parts.css'
import './phase-band.css'
import './log-tail.css'

export function GatewayPage({ followerId }: { readonly followerId: string }) {
  // Only this gateway's changes draw the page anew, not those of a thousand others.
  const gateway = useComputed(() => gateways.value.get(followerId)).value
  if (gateway !== undefined) return <KnownGateway gateway={gateway} />
  return loaded.value ? <NoSuchGateway id={followerId} /> : <Loading what="gateway" />
}

function KnownGateway({ gateway }: { readonly gateway: Gateway }) {
  const { followerId } = gateway
  const hours = useSignal(24)
  const timeline = useTimeline(gateway, hours.value)
  return (
    <article class="page gateway-page" aria-labelledby="page-title">
      <GatewayHead gateway={gateway} />
      <Situation gateway={gateway} />
      <PhaseBand timeline={timeline} hours={hours} />
      <div class="gateway-columns">
        <div class="gateway-column">
          <HealthLadder gateway={gateway} />
          <HeartbeatChart gateway={gateway} timeline={timeline.answer} />
        </div>
        <div class="gateway-column">
          <GatewayFacts gateway={gateway} />
          <Bots followerId={followerId} />
          <ScreenAccess gateway={gateway} />
        </div>
      </div>
      <LogTail gateway={gateway} />
      <Connect gateway={gateway} />
      <RecentEvents followerId={followerId} />
    </article>
  )
}

function NoSuchGateway({ id }: { readonly id: string }) {
  return (
    <EmptyState title="There is no such gateway">
      <p>
        No follower is called <bdi>{id}</bdi>; it may have been deleted. <a href="#/">To the fleet</a>
      </p>
    </EmptyState>
  )
}
