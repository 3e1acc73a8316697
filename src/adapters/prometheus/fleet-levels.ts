// Levels of the fleet as a whole: gateways by status and phase, open alerts, what it all stands on, what waits for IB's limits.
import { Gauge, type Registry } from 'prom-client'
import { alertLevels } from '../../../schemas/alert.ts'
import { gatewayPhases, gatewayStatuses } from '../../../schemas/gateway.ts'
import type { Levels } from '../../ports/levels.ts'

/** Returns how to show other levels; every label value is there, 0 included. */
export function fleetLevelGauges(registry: Registry): (levels: Levels) => void {
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge<L>({ name, help, labelNames, registers: [registry] })
  const byStatus = gauge('ibgm_gateways', 'Gateways by status.', 'status')
  const byPhase = gauge('ibgm_gateways_by_phase', 'Gateways by phase.', 'phase')
  const wanted = gauge('ibgm_gateways_wanted', 'Gateways that should be RUNNING.')
  const healthy = gauge('ibgm_gateways_healthy', 'Gateways that are RUNNING and answer in time.')
  const alerts = gauge('ibgm_alerts_open', 'Open alerts by level.', 'level')
  const undelivered = gauge('ibgm_alerts_undelivered', 'Alerts that this sink has not taken yet.', 'sink')
  const sinkReachable = gauge(
    'ibgm_alert_sink_reachable',
    '1 when the sink took what it was last sent, 0 when it did not; no series before.',
    'sink',
  )
  const streams = gauge('ibgm_event_streams', 'Open event streams: dashboards, command lines and the like.')
  const reachable = gauge(
    'ibgm_dependency_reachable',
    '1 when the dependency answered when it was last asked for something, else 0; no series before.',
    'dependency',
  )
  const queued = gauge('ibgm_pacing_queue', "Requests that wait for IB's limits, at all gateways.")
  const open = gauge('ibgm_historical_requests_open', 'Historical requests that IB has not answered yet.')

  return ({ fleet, pacing }) => {
    for (const status of gatewayStatuses) byStatus.set({ status }, 0)
    for (const phase of gatewayPhases) byPhase.set({ phase }, 0)
    for (const { status, phase } of fleet.gateways) {
      byStatus.inc({ status })
      byPhase.inc({ phase })
    }
    wanted.set(fleet.gateways.filter((gateway) => gateway.wanted).length)
    healthy.set(fleet.gateways.filter((gateway) => gateway.healthy).length)
    for (const level of alertLevels) alerts.set({ level }, fleet.openAlerts[level])
    for (const { name: sink, waiting, lastDeliveredAt, lastError } of fleet.alertSinks) {
      undelivered.set({ sink }, waiting)
      if (lastError !== undefined) sinkReachable.set({ sink }, 0)
      else if (lastDeliveredAt !== undefined) sinkReachable.set({ sink }, 1)
    }
    streams.set(fleet.streams)
    for (const [dependency, answers] of Object.entries(fleet.reachable))
      reachable.set({ dependency }, answers ? 1 : 0)
    queued.set(pacing.queued)
    open.set(pacing.open)
  }
}
