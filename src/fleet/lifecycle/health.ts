// Health of one gateway in layers, from the container up; the first that fails names the trouble. Pure.
import {
  type GatewayHealth,
  type HealthLayer,
  healthLayers,
  type LayerStatus,
} from '../../../schemas/gateway.ts'
import { type GatewayState, gatewayStatus, type Observation } from './state.ts'

export interface Layer {
  readonly name: HealthLayer
  readonly status: LayerStatus
  /** RFC 3339, as it is told: bots ask far oftener than layers change. */
  readonly since: string
  readonly detail?: string
}

type Finding = { readonly status: LayerStatus; readonly detail?: string }

const noContainer = 'no container'
const ok: Finding = { status: 'ok' }
const unknown: Finding = { status: 'unknown' }
const failing = (detail: string): Finding => ({ status: 'failing', detail })

/**
 * What each layer is now. A layer above a failing one is unknown: it was not asked. `answers` is whether the session has answered within
 * its deadline at this moment.
 */
export function findLayers(seen: Observation, answers: boolean): Record<HealthLayer, Finding> {
  const { container, session } = seen
  const ready = session?.state === 'ready'
  const step =
    session?.state === 'connecting' || session?.state === 'reconnecting' || session?.state === 'failed'
      ? session.step
      : undefined
  // Lost, and no new attempt has come to a step yet: what failed is the session itself.
  const justLost = session?.state === 'reconnecting' && step === undefined
  const order = ['socket', 'handshake', 'accounts', 'order-id'] as const
  const reached = (needed: (typeof order)[number]): Finding => {
    if (ready) return ok
    if (step === undefined) return unknown
    const at = order.indexOf(step)
    if (at > order.indexOf(needed)) return ok
    return at === order.indexOf(needed)
      ? failing(session?.lastError?.message ?? `waiting for ${needed}`)
      : unknown
  }
  const layers: Record<HealthLayer, Finding> = {
    container: containerLayer(seen),
    login: ready || seen.login?.verdict.phase === 'connecting' ? ok : loginLayer(seen),
    port: reached('socket'),
    handshake: reached('handshake'),
    accounts: seen.accountFault
      ? failing(seen.accountFault)
      : step === 'order-id'
        ? failing('no order id yet')
        : reached('accounts'),
    heartbeat: ready
      ? answers
        ? ok
        : failing('no answer within the heartbeat deadline')
      : justLost
        ? failing(session.lastError?.message ?? 'the session is lost')
        : unknown,
    upstream: ready
      ? session.upstream === 'up'
        ? ok
        : failing('the gateway has lost IB (1100 or 2110)')
      : unknown,
    farms:
      ready && session.upstream === 'up'
        ? session.brokenFarms.length === 0
          ? ok
          : failing(`down: ${session.brokenFarms.join(', ')}`)
        : unknown,
  }
  const needsContainer = container?.state !== 'running' && !ready
  for (const name of healthLayers) if (needsContainer && name !== 'container') layers[name] = unknown
  return layers
}

function containerLayer({ container, engineUp, session }: Observation): Finding {
  if (container === undefined) return failing('the container engine has not answered yet')
  if (container === null) return failing(noContainer)
  if (container.state !== 'running')
    return failing(
      container.state === 'exited'
        ? `exited with status ${container.exitCode ?? 'unknown'}`
        : container.state,
    )
  if (engineUp) return ok
  return session?.state === 'ready'
    ? { status: 'unknown', detail: 'the container engine does not answer' }
    : failing('the container engine does not answer')
}

function loginLayer({ login }: Observation): Finding {
  if (!login) return unknown
  const { phase, reason } = login.verdict
  return failing(reason ? `${phase}: ${reason.detail ?? reason.code}` : phase)
}

/** The layers with the time since when each is as it is, carried over from the last look. `now`: milliseconds since the epoch. */
export function foldLayers(
  previous: readonly Layer[],
  findings: Record<HealthLayer, Finding>,
  now: number,
): Layer[] {
  return healthLayers.map((name) => {
    const finding = findings[name]
    const before = previous.find((layer) => layer.name === name)
    const since = before?.status === finding.status ? before.since : new Date(now).toISOString()
    return { name, since, ...finding }
  })
}

/** Nothing is there because of the state's cause: that is what failed. */
function withCause(layers: readonly Layer[], { phase, cause }: GatewayState): Layer[] {
  const isGivenUp = cause !== null && (phase === 'locked' || phase === 'backing-off')
  return layers.map((layer) =>
    isGivenUp && layer.name === 'container' && layer.detail === noContainer
      ? { ...layer, detail: `${noContainer}: ${phase} for ${cause.code}` }
      : layer,
  )
}

/** Healthy: RUNNING, and the session has answered in time. Farms and slow answers degrade, they do not fail. */
export function healthVerdict(
  followerId: string,
  state: GatewayState,
  layers: readonly Layer[],
  answers: boolean,
): GatewayHealth {
  const status = gatewayStatus(state.phase)
  const healthy = status === 'RUNNING' && answers
  const failingLayer = layers.find(
    (layer) => layer.status === 'failing' && (layer.name !== 'farms' || healthy),
  )
  return {
    followerId,
    healthy,
    status,
    ...(failingLayer && { failing: failingLayer.name }),
    layers: withCause(layers, state),
  }
}
