// What must hold at every moment of a made-up world, whatever has happened.
import type { Step } from '../../src/fleet/lifecycle/plan.ts'
import { type GatewayState, gatewayStatus, type Observation } from '../../src/fleet/lifecycle/state.ts'

/** Longest that recovery under way may take before it must have noticed that the gateway is good again. */
const recoveryMs = 240_000

/** RUNNING is only said of a wanted gateway that answers, with IB behind it and the right accounts. */
export function mustFit(state: GatewayState, seen: Observation): void {
  if (gatewayStatus(state.phase) !== 'RUNNING') return
  const { wanted, hold, session, accountFault } = seen
  const answers = session?.state === 'ready' && session.upstream === 'up'
  if (!wanted || hold || !answers || accountFault !== null)
    throw new Error(`RUNNING without a fresh, fitting answer: ${JSON.stringify(seen)}`)
}

/** Nothing is done to an engine that is away, and nothing unasked to a gateway that answers or has been good for long. */
export function mustSpare(step: Step, state: GatewayState, seen: Observation, goodMs: number): void {
  if (step.kind === 'connect' || step.kind === 'disconnect') return
  if (!seen.engineUp) throw new Error(`${step.kind} while the engine is away`)
  if (step.kind === 'pull' || step.kind === 'launch') return
  if (!seen.wanted || seen.hold || state.phase === 'locked') return
  const answers = seen.session?.state === 'ready' && seen.accountFault === null
  if (answers || goodMs > recoveryMs)
    throw new Error(`${step.kind} of a good gateway: ${JSON.stringify(state)}`)
}
