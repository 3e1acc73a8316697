// The fleet's levels for the figures: one cheap pass over what is in memory.
import type { AlertLevel } from '../../../schemas/alert.ts'
import { alertLevels } from '../../../schemas/alert.ts'
import type { FleetLevels, GatewayLevels } from '../../ports/levels.ts'
import type { Fleet } from '../fleet.ts'
import { gatewayStatus } from '../lifecycle/state.ts'
import { isWanted, type Keeper } from '../reconcile/keeper.ts'
import { answers, toldState } from '../views/view.ts'

/** How the fleet stands at this moment; asks nobody, and never fails. */
export function fleetLevels(fleet: Fleet): FleetLevels {
  const { keepers, alerts, feed, engine, charge, credentials, dependencies } = fleet
  const openAlerts = Object.fromEntries(alertLevels.map((level) => [level, 0])) as Record<AlertLevel, number>
  for (const { level } of alerts.open()) openAlerts[level] += 1
  return {
    gateways: Array.from(keepers.values(), gatewayLevels),
    openAlerts,
    alertSinks: alerts.sinkStatuses(),
    streams: feed.readers,
    reachable: {
      engine: engine.up,
      store: charge.held && dependencies.storeUp,
      ...(credentials.reachable !== undefined && { credentials: credentials.reachable }),
    },
  }
}

function gatewayLevels(keeper: Keeper): GatewayLevels {
  const { follower, record, past, session } = keeper
  const { phase, cause } = toldState(keeper)
  const status = gatewayStatus(phase)
  const snapshot = session?.snapshot()
  return {
    followerId: follower.id,
    status,
    phase,
    ...(cause && { reason: cause.code }),
    wanted: isWanted(keeper),
    healthy: status === 'RUNNING' && answers(keeper),
    ...(snapshot?.heartbeatRttMs !== undefined && { heartbeatRttMs: snapshot.heartbeatRttMs }),
    reconnects: past.reconnects + (snapshot?.reconnects ?? 0),
    restarts: record.restarts,
  }
}
