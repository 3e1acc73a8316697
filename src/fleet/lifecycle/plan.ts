// What to do next for one gateway, as data: from its state and what is there to a few steps. Pure.
import type { GatewayState, Observation } from './state.ts'

/** Every step and what it needs; the executor table has one function for each, or nothing compiles. */
export interface StepArguments {
  pull: Record<never, never>
  launch: Record<never, never>
  connect: Record<never, never>
  disconnect: Record<never, never>
  softRestart: { readonly containerId: string }
  /** `tidy`: there may be a login to log out of, so ask before killing. */
  stop: { readonly containerId: string; readonly tidy: boolean }
  remove: { readonly containerId: string }
}
export type Step = {
  [K in keyof StepArguments]: { readonly kind: K } & StepArguments[K]
}[keyof StepArguments]

/** Steps in order; none when there is nothing to do but wait. Engine steps are never planned while the engine is away. */
export function plan(state: GatewayState, seen: Observation, now: number): Step[] {
  const { container, session } = seen
  const sessionOpen = session !== null && session.state !== 'idle' && session.state !== 'closed'
  if (!seen.engineUp) return isTriedBlindly(state) ? connect(state, seen, now) : []
  switch (state.phase) {
    case 'stopped':
      return sessionOpen ? [{ kind: 'disconnect' }] : []
    case 'stopping':
    case 'locked':
    case 'backing-off':
      return clear(state, seen, sessionOpen)
    case 'pulling':
      return [{ kind: 'pull' }]
    case 'creating':
      return container ? clear(state, seen, sessionOpen) : [{ kind: 'launch' }]
    case 'restarting':
      if (state.recreate) return clear(state, seen, sessionOpen)
      return sessionOpen && seen.login?.verdict.phase === 'restarting' ? [{ kind: 'disconnect' }] : []
    case 'connecting':
      return connect(state, seen, now)
    case 'reconnecting':
      if (state.rung === 'soft-restart' && session?.state === 'failed' && container)
        return [{ kind: 'softRestart', containerId: container.id }]
      return []
    case 'booting':
    case 'logging-in':
    case 'awaiting-2fa':
      return sessionOpen ? [{ kind: 'disconnect' }] : []
    case 'ready':
    case 'degraded':
    case 'upstream-lost':
      return []
    default:
      return state.phase satisfies never
  }
}

/** When to look again although nothing happens (ms since the epoch): the nearest time at which the answer may change. */
export function lookAgainAt(
  state: GatewayState,
  seen: Observation,
  maxStartupMs: number,
): number | undefined {
  const startupEnds =
    state.startupSeenAt === null || state.startupMs >= maxStartupMs
      ? null
      : state.startupSeenAt + maxStartupMs - state.startupMs
  const tried = seen.engineUp ? state.phase === 'connecting' : isTriedBlindly(state)
  const connectAt = tried && !isConnecting(seen) ? state.connectAt : null
  const whileEngineUp = [
    state.retryAt,
    state.deadline,
    seen.login?.verdict.nextCheckAt,
    startupEnds,
    state.softRestart?.dueBy,
  ]
  const times = seen.engineUp ? [...whileEngineUp, connectAt] : [connectAt]
  const known = times.filter((at) => typeof at === 'number')
  return known.length === 0 ? undefined : Math.min(...known)
}

/**
 * Connected to although the engine is away. An engine takes its published ports with it while containers live on (live-restore, an upgrade): the
 * session's own tries may be over before it is back, and are no reason to restart gateways that never stopped.
 */
const isTriedBlindly = ({ phase }: GatewayState) => phase === 'connecting' || phase === 'reconnecting'

const isConnecting = (seen: Observation) =>
  seen.session?.state === 'connecting' || seen.session?.state === 'reconnecting'

function connect(state: GatewayState, seen: Observation, now: number): Step[] {
  return isConnecting(seen) || now < state.connectAt ? [] : [{ kind: 'connect' }]
}

function clear(state: GatewayState, seen: Observation, sessionOpen: boolean): Step[] {
  const steps: Step[] = sessionOpen ? [{ kind: 'disconnect' }] : []
  const container = seen.container
  if (!container) return steps
  const tidy = state.wasReady || seen.login?.verdict.phase === 'connecting' || seen.adopted
  if (container.state === 'running' || container.state === 'paused')
    steps.push({ kind: 'stop', containerId: container.id, tidy })
  steps.push({ kind: 'remove', containerId: container.id })
  return steps
}
