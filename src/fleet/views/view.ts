// A keeper as the API shows it. Pure but for the question whether the session answers at this moment: RUNNING is only said of one that does.
import type {
  Gateway,
  GatewayHealth,
  GatewayPhase,
  GatewayStatusView,
  Reason,
} from '../../../schemas/gateway.ts'
import { nextRequest, pushEndOf } from '../alerts/twofa-alert.ts'
import { healthVerdict } from '../lifecycle/health.ts'
import { lossOf } from '../lifecycle/lifecycle.ts'
import { nextPlannedRestart } from '../lifecycle/planned-restart.ts'
import { type Cause, describeReason } from '../lifecycle/reasons.ts'
import { type GatewayState, gatewayStatus } from '../lifecycle/state.ts'
import { driftOf, type Keeper, tradingModeOf } from '../reconcile/keeper.ts'

const stamp = (at: number) => new Date(at).toISOString()

/** Our session is up and has answered within its deadline. */
export const answers = (keeper: Keeper) => keeper.session?.isHealthy() ?? false

/** The state as it may be told now: a RUNNING one whose session has just gone is already reconnecting. */
export function toldState(keeper: Keeper): GatewayState {
  const { state } = keeper
  if (gatewayStatus(state.phase) !== 'RUNNING' || answers(keeper)) return state
  const phase: GatewayPhase = 'reconnecting'
  return { ...state, phase, cause: lossOf(keeper.session?.snapshot() ?? null) }
}

/** The status as it may be told now: RUNNING only of a gateway that answers. */
export const toldStatus = (keeper: Keeper) => gatewayStatus(toldState(keeper).phase)

/** What `GET /gateways/{id}/status` answers: status, phase, and why. */
export function statusView(keeper: Keeper): GatewayStatusView {
  const state = toldState(keeper)
  const status = gatewayStatus(state.phase)
  return {
    followerId: keeper.follower.id,
    status,
    phase: state.phase,
    healthy: status === 'RUNNING' && answers(keeper),
    since: stamp(state.since),
    ...(state.cause && { reason: reasonOf(state.cause, state.phase, keeper.follower.id) }),
  }
}

function reasonOf(cause: Cause, phase: GatewayPhase, followerId: string): Reason {
  const reason = describeReason(cause, followerId)
  // Until all requests have gone unanswered there is nothing to launch.
  return cause.code === 'TWOFA_TIMEOUT' && phase !== 'locked' ? { ...reason, action: nextRequest } : reason
}

/** What `GET /gateways/{id}/health` answers, from the layers of the last look and whether the session answers at this moment. */
export function healthView(keeper: Keeper): GatewayHealth {
  return healthVerdict(keeper.follower.id, toldState(keeper), keeper.layers, answers(keeper))
}

/** Everything that is told of a gateway at `now` (ms since the epoch), which only its next planned restart depends on. */
export function gatewayView(keeper: Keeper, now: number): Gateway {
  const { state, container, spec, record, past } = keeper
  const session = keeper.session?.snapshot()
  const up = session?.state === 'ready'
  const planned = keeper.container?.state === 'running' ? plannedRestart(keeper, now) : undefined
  const { name } = keeper.follower
  const pushEnd = pushEndOf(state)
  return {
    ...statusView(keeper),
    ...(name !== undefined && { name }),
    tradingMode: tradingModeOf(keeper),
    connected: up && answers(keeper),
    desired: record.desired,
    ...(state.deadline !== null && { deadline: stamp(state.deadline) }),
    ...(pushEnd !== undefined && { pushExpiresAt: stamp(pushEnd) }),
    ...(state.retryAt !== null && { retryAt: stamp(state.retryAt) }),
    ...(planned !== undefined && { plannedRestartAt: stamp(planned) }),
    ...(container && {
      containerId: container.id,
      containerName: container.name,
      image: container.image,
      endpoint: { host: '127.0.0.1', port: container.hostPort },
      clientId: container.clientId,
    }),
    accounts: up ? [...session.accounts] : [],
    ...(up && session.serverVersion !== undefined && { serverVersion: session.serverVersion }),
    ...(container?.startedAt !== undefined && { startedAt: stamp(container.startedAt) }),
    ...(session?.connectedAt !== undefined && { connectedAt: stamp(session.connectedAt) }),
    ...(session?.lastHeartbeatAt !== undefined && { lastHeartbeatAt: stamp(session.lastHeartbeatAt) }),
    ...(session?.heartbeatRttMs !== undefined && { heartbeatRttMs: session.heartbeatRttMs }),
    reconnects: past.reconnects + (session?.reconnects ?? 0),
    restarts: record.restarts,
    connectionFailures: past.connectionFailures + (session?.connectionFailures ?? 0),
    ...(keeper.progress !== null && { progress: keeper.progress }),
    conditions: keeper.conditions.map(({ type, message, since }) => ({
      type,
      status: true,
      since: stamp(since),
      message,
    })),
    drift: driftOf(keeper) !== null,
    ...(container === null && { image: spec.image }),
  }
}

/** When it will restart by itself: a soft restart under way, else its daily time. */
function plannedRestart({ state, spec }: Keeper, now: number): number | undefined {
  if (state.phase === 'restarting') return state.since
  return nextPlannedRestart(spec.autoRestartTime, spec.timeZone, now)
}
