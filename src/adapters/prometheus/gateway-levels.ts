// Levels of each gateway, labelled with its follower: for a bounded number of them, and only for those that are there.
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Levels } from '../../ports/levels.ts'

/** Returns how to show other levels. With more than `maxGateways` none has series of its own: half of them would deceive. */
export function gatewayLevelGauges(registry: Registry, maxGateways: number): (levels: Levels) => void {
  const of = { labelNames: ['follower'] as const, registers: [registry] }
  const up = new Gauge({ ...of, name: 'ibgm_gateway_up', help: '1 when this gateway is RUNNING, else 0.' })
  const wanted = new Gauge({
    ...of,
    name: 'ibgm_gateway_wanted',
    help: '1 when this gateway should be RUNNING, else 0.',
  })
  const healthy = new Gauge({
    ...of,
    name: 'ibgm_gateway_healthy',
    help: '1 when this gateway is RUNNING and answers in time, else 0.',
  })
  const phase = new Gauge({
    name: 'ibgm_gateway_phase',
    help: 'The phase that this gateway is in, and why (empty when nothing is wrong); always 1, other phases have no series.',
    labelNames: ['follower', 'phase', 'reason'],
    registers: [registry],
  })
  const heartbeat = new Gauge({
    ...of,
    name: 'ibgm_gateway_heartbeat_rtt_seconds',
    help: 'Round trip of the last heartbeat of the present session; no series before the first.',
  })
  const reconnects = new Counter({
    ...of,
    name: 'ibgm_gateway_reconnects_total',
    help: 'Sessions with this gateway that took the place of a lost one, since the manager started.',
  })
  const restarts = new Counter({
    ...of,
    name: 'ibgm_gateway_restarts_total',
    help: 'Containers after the first, and soft restarts, of this gateway, ever.',
  })
  const omitted = new Gauge({
    name: 'ibgm_gateway_series_omitted',
    help: 'Gateways without series of their own, because there are too many; 0 or all of them.',
    registers: [registry],
  })

  return ({ fleet: { gateways } }) => {
    for (const metric of [up, wanted, healthy, phase, heartbeat, reconnects, restarts]) metric.reset()
    const isTooMany = gateways.length > maxGateways
    omitted.set(isTooMany ? gateways.length : 0)
    if (isTooMany) return
    for (const gateway of gateways) {
      const labels = { follower: gateway.followerId }
      up.set(labels, gateway.status === 'RUNNING' ? 1 : 0)
      wanted.set(labels, gateway.wanted ? 1 : 0)
      healthy.set(labels, gateway.healthy ? 1 : 0)
      phase.set({ ...labels, phase: gateway.phase, reason: gateway.reason ?? '' }, 1)
      if (gateway.heartbeatRttMs !== undefined) heartbeat.set(labels, gateway.heartbeatRttMs / 1000)
      reconnects.inc(labels, gateway.reconnects)
      restarts.inc(labels, gateway.restarts)
    }
  }
}
