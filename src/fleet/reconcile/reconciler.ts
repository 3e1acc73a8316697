// One follower at a time: observe, advance, plan, run the steps, until nothing is left to do but wait.
import type { ReasonCode } from '../../../schemas/reason.ts'
import { reasonCodes } from '../../../schemas/reason.ts'
import type { ErrorCode } from '../../ports/errors.ts'
import { type FleetError, isFleetError } from '../../ports/errors.ts'
import { findConditions } from '../lifecycle/conditions.ts'
import { findLayers, foldLayers } from '../lifecycle/health.ts'
import { advance } from '../lifecycle/lifecycle.ts'
import { lookAgainAt, plan, type Step } from '../lifecycle/plan.ts'
import type { Cause } from '../lifecycle/reasons.ts'
import type { GatewayState } from '../lifecycle/state.ts'
import { fail } from '../lifecycle/transitions.ts'
import { remember } from '../records/gateway-record.ts'
import type { Hands } from './hands.ts'
import { driftOf, isWanted, type Keeper } from './keeper.ts'
import { type Eyes, look, observe } from './observe.ts'
import { executors } from './steps.ts'

/** A run that plans without end is a bug; it is cut here and goes on after a breath. */
const stepLimit = 50
const retryStepMs = 5_000
/** After a look that the engine did not answer. */
const retryLookMs = 1_000

export interface ReconcilerDeps {
  readonly eyes: Eyes
  readonly hands: Hands
  /** Told after each change of state, for waiters, alerts and the audit. */
  readonly onState: (keeper: Keeper, before: GatewayState) => void
  /** When its alerts may change although nothing happens (ms since the epoch). */
  readonly alertsDueAt: (keeper: Keeper) => number | undefined
}

/** Brings one gateway as far as it can come now; returns milliseconds until it should be looked at again, if at all. */
export async function reconcile(
  keeper: Keeper,
  deps: ReconcilerDeps,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { eyes, hands } = deps
  for (let round = 0; round < stepLimit; round++) {
    const seen = await observe(keeper, eyes, signal)
    if (!seen) return retryLookMs
    publish(keeper, deps, advance(keeper.state, seen, hands.deciding()))
    await settle(keeper, deps)
    const steps = plan(keeper.state, seen, eyes.now())
    if (steps.length === 0) return againIn(keeper, deps)
    const followerId = keeper.follower.id
    const failed = await hands.traces.within(followerId, () => runSteps(keeper, steps, deps, signal))
    if (failed) return againIn(keeper, deps, retryStepMs)
  }
  hands.log.error(
    { followerId: keeper.follower.id, phase: keeper.state.phase },
    'a reconcile does not settle',
  )
  return retryStepMs
}

/** Readers see this state from now on. */
export function publish(keeper: Keeper, { eyes, hands, onState }: ReconcilerDeps, next: GatewayState): void {
  const before = keeper.state
  keeper.state = next
  // Before anyone is told: whoever waited for the end may want the port at once.
  if (keeper.container === null && (next.phase === 'stopped' || next.phase === 'locked')) {
    hands.ports.release(keeper.follower.id)
    if (hands.usernames.release(keeper.follower.id)) hands.usernameFreed()
  }
  keeper.seen = look(keeper, eyes)
  const now = eyes.now()
  keeper.layers = foldLayers(
    keeper.layers,
    findLayers(keeper.seen, keeper.session?.isHealthy() ?? false),
    now,
  )
  keeper.conditions = findConditions(keeper.seen, driftOf(keeper)).map((found) => ({
    ...found,
    since: keeper.conditions.find((condition) => condition.type === found.type)?.since ?? now,
  }))
  onState(keeper, before)
}

/** Runs the steps in order. True when one failed and the gateway should simply be tried again later. */
async function runSteps(
  keeper: Keeper,
  steps: readonly Step[],
  deps: ReconcilerDeps,
  signal: AbortSignal,
): Promise<boolean> {
  for (const step of steps) {
    try {
      await executors[step.kind](keeper, step as never, deps.hands, signal)
    } catch (err) {
      if (signal.aborted || !isFleetError(err)) throw err
      if (isFleetError(err, 'ENGINE_UNAVAILABLE')) deps.eyes.engine.doubt()
      deps.hands.log.warn({ followerId: keeper.follower.id, step: step.kind, err }, 'step failed')
      // On the way down, or off a ladder, the cause stands; the step is tried again.
      if (step.kind !== 'launch' && step.kind !== 'pull') return true
      publish(keeper, deps, fail(keeper.state, causeOf(err), deps.hands.deciding()))
      return false
    }
  }
  return false
}

const asReason: Partial<Record<ErrorCode, ReasonCode>> = {
  ENGINE_REFUSED: 'ENGINE_UNAVAILABLE',
  PORT_IN_USE: 'PORT_EXHAUSTED',
  CREDENTIALS_INVALID: 'CREDENTIALS_INCOMPLETE',
}

function causeOf(err: FleetError): Cause {
  const code = reasonCodes.find((reason) => reason === err.code) ?? asReason[err.code] ?? 'CONFIG_ERROR'
  return { code, detail: err.message }
}

/** Writes down what must survive a restart. A store that is away is tried again; into one that is not ours yet, nothing is written. */
async function settle(keeper: Keeper, deps: ReconcilerDeps): Promise<void> {
  const { hands, eyes } = deps
  if (eyes.engine.storeAway) return
  const { state, record, follower } = keeper
  try {
    await hands.budget.store()
    if (state.phase === 'locked' && state.cause) await lock(keeper, state, state.cause, hands)
    if (state.crashes !== record.crashes) await remember(keeper, hands, { crashes: state.crashes })
    if (state.missedPushes !== (record.missedPushes ?? 0))
      await remember(keeper, hands, { missedPushes: state.missedPushes })
    await countStarts(keeper, deps)
  } catch (err) {
    if (!isFleetError(err, 'STORE_UNAVAILABLE')) throw err
    hands.log.warn({ followerId: follower.id, err }, 'state not stored; tried again at the next look')
  }
}

/** Writes down what the gateway is locked for, unless it is written, or a person has launched it since. */
async function lock(keeper: Keeper, locked: GatewayState, cause: Cause, hands: Hands): Promise<void> {
  const isNew = await remember(keeper, hands, () => {
    const { hold, secretHash } = keeper.record
    const isLetGo = keeper.state !== locked && isWanted(keeper)
    if (hold || isLetGo) return {}
    return { hold: { ...cause, at: hands.clock.now(), ...(secretHash !== null && { secretHash }) } }
  })
  if (!isNew) return
  hands.audit.note({
    type: 'gateway.locked',
    followerId: keeper.follower.id,
    message: 'Gateway locked until a person acts',
    data: { code: cause.code },
  })
}

/** Starts that no launch of ours has counted may log in too: of a container whose making we never heard of, of its JVM by itself. They spend the same budget. */
async function countStarts(keeper: Keeper, deps: ReconcilerDeps): Promise<void> {
  const { hands } = deps
  const { container, logReader } = keeper
  if (!container) return
  const { startedAt } = container
  if (keeper.countedId !== container.id && !keeper.adopted && startedAt !== undefined) {
    await hands.budget.noteStart(container, container.usernameHash, startedAt)
    keeper.countedId = container.id
  }
  if (!logReader || logReader.containerId !== container.id) return
  for (let at = logReader.laterStarts[0]; at !== undefined; at = logReader.laterStarts[0]) {
    const spent = await hands.budget.noteStart(container, container.usernameHash, at)
    logReader.laterStarts.shift()
    if (!spent) continue
    const cause = { code: 'LOGIN_BUDGET', detail: 'the gateway keeps restarting and logging in' } as const
    publish(keeper, deps, fail(keeper.state, cause, hands.deciding()))
  }
}

function againIn(
  keeper: Keeper,
  { hands, eyes, alertsDueAt }: ReconcilerDeps,
  atMostMs = Number.POSITIVE_INFINITY,
): number | undefined {
  const now = eyes.now()
  const times = [
    lookAgainAt(keeper.state, keeper.seen, hands.deciding().limits.maxStartupMs),
    alertsDueAt(keeper),
    now + atMostMs,
  ]
  const at = Math.min(...times.filter((time) => time !== undefined))
  return Number.isFinite(at) ? Math.max(10, at - now) : undefined
}
