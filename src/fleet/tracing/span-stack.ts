// Which spans a gateway's state calls for, outermost first: an activity (launch, restart, stop), and the login stage it is at. Pure.
import type { GatewayPhase } from '../../../schemas/gateway.ts'
import type { GatewayState } from '../lifecycle/state.ts'

/** `adopt` is the launch of a container that was up before this manager. */
export const activities = ['gateway.launch', 'gateway.adopt', 'gateway.restart', 'gateway.stop'] as const
export type Activity = (typeof activities)[number]
export type Stage = `login.${'booting' | 'logging-in' | 'awaiting-2fa' | 'connecting'}`
export type SpanName = Activity | Stage

/** The spans to be open in `next`, where `open` were in `last`. What both have at their beginning goes on; the rest of `open` is over. */
export function spanStack(open: readonly SpanName[], last: GatewayState, next: GatewayState): SpanName[] {
  const underWay = open.filter(isActivity)
  switch (next.phase) {
    case 'stopped':
    case 'ready':
    case 'degraded':
    case 'backing-off':
    case 'locked':
      return []
    case 'stopping':
      return ['gateway.stop']
    case 'restarting':
      // A login that starts over inside its container is still the same launch.
      return next.recreate === null && underWay.length > 0 ? underWay : ['gateway.restart']
    case 'pulling':
    case 'creating':
      return underWay.includes('gateway.restart') ? ['gateway.restart', 'gateway.launch'] : ['gateway.launch']
    case 'booting':
    case 'logging-in':
    case 'awaiting-2fa':
    case 'connecting': {
      const within = underWay.length > 0 ? underWay : activityOfLogin(last, next)
      return within.length > 0 ? [...within, `login.${next.phase}`] : []
    }
    case 'reconnecting':
    case 'upstream-lost':
      return underWay
    default:
      return next.phase satisfies never
  }
}

/** A login that nobody here has begun: the gateway's own restart, or a container that was there before us. */
function activityOfLogin(last: GatewayState, next: GatewayState): Activity[] {
  if (next.wasReady) return []
  return last.wasReady && last.containerId === next.containerId ? ['gateway.restart'] : ['gateway.adopt']
}

const isActivity = (name: SpanName): name is Activity => (activities as readonly string[]).includes(name)

export type SpanOutcome = 'running' | 'failed' | 'stopped' | 'abandoned'

/** How a span ends that `next` does not go on with. Stages that are passed have no outcome. */
export function spanOutcome(name: SpanName, next: GatewayState): SpanOutcome | undefined {
  const failed = isFailure(next)
  if (!isActivity(name)) return failed ? 'failed' : undefined
  if (failed) return 'failed'
  if (next.phase === 'ready' || next.phase === 'degraded') return 'running'
  return next.phase === 'stopped' || next.phase === 'stopping' ? 'stopped' : 'abandoned'
}

const failures: ReadonlySet<GatewayPhase> = new Set(['backing-off', 'locked'])

/** Another container because of a fault is a failure of what was under way; one that was asked for is not. */
function isFailure({ phase, recreate }: GatewayState): boolean {
  if (failures.has(phase)) return true
  return phase === 'restarting' && recreate !== null && recreate.code !== 'PLANNED_RESTART'
}
