// The moves of a gateway's state: fail, be released, be asked to restart, enter a phase. Pure; lifecycle.ts decides which.
import type { GatewayPhase } from '../../../schemas/gateway.ts'
import type { ReasonCode } from '../../../schemas/reason.ts'
import { backoffMs } from '../../session/backoff.ts'
import { isSpent, withinWindow } from './limits.ts'
import { type Cause, reasonText } from './reasons.ts'
import { type GatewayState, initialState, type LifecycleLimits } from './state.ts'

/** RUNNING so long that earlier failures no longer count. */
export const stableMs = 60_000
/** A soft restart happens at the next full minute (IBC RESTART), then takes 10 to 60 s. */
const softRestartMs = 62_000 + 120_000

/** What `advance` and its helpers decide with, besides the world: the figures, the time, and a random number in [0, 1) for jitter. */
export interface Deciding {
  readonly limits: LifecycleLimits
  readonly now: number
  readonly random: number
}

/** What the fleet stands on has one alert of its own when it is away, not one for each gateway. */
const isGeneral: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'ENGINE_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'VAULT_UNREACHABLE',
  'VAULT_TIMEOUT',
  'VAULT_SEALED',
])

/** Something failed for `cause`: locked where retries could harm or too many failed, else again later (or at once, after a good run). */
export function fail(
  state: GatewayState,
  cause: Cause,
  by: Deciding,
  options: { crash?: boolean; locks?: boolean } = {},
): GatewayState {
  const { now, limits } = by
  const stable = state.readySince !== null && now - state.readySince >= stableMs
  const failures = stable ? 0 : state.failures
  // IBKR's servers being away is nobody's crash; it is met with patience (the image's facts: back off 5 to 15 min).
  const away = cause.code === 'SERVER_UNAVAILABLE'
  const crash = options.crash === true && !away
  const crashes = crash ? [...withinWindow(state.crashes, limits.crashLoop, now), now] : state.crashes
  const failed = {
    ...state,
    failures: failures + 1,
    crashes,
    recreate: cause,
    softRestart: null,
    readySince: null,
  }
  if (options.locks ?? reasonText[cause.code].locks) return enter(failed, 'locked', now, { cause })
  if (crash && isSpent(crashes, limits.crashLoop, now)) {
    const detail = `${crashes.length} ends within ${Math.round(limits.crashLoop.windowMs / 60_000)} min, the last for ${cause.code}`
    return enter(failed, 'locked', now, { cause: { code: 'CRASH_LOOP', detail } })
  }
  if (state.wasReady && failures === 0 && !away) return enter(failed, 'restarting', now, { cause })
  const [baseMs, maxMs] = away ? [300_000, 900_000] : [10_000, 300_000]
  const retryAt = now + backoffMs(failures, { baseMs, maxMs, jitter: 0.2 }, () => by.random)
  const trouble = isGeneral.has(cause.code) ? state.trouble : cause
  const isSame = trouble?.code === state.trouble?.code
  const troubleSince = trouble === null ? null : isSame ? state.troubleSince : now
  return enter({ ...failed, trouble, troubleSince }, 'backing-off', now, { cause, retryAt })
}

/** A person, a changed secret or a new record wants it up: everything that waited starts over. */
export function released(state: GatewayState, now: number): GatewayState {
  const fresh = {
    ...initialState(now),
    containerId: state.containerId,
    recreate: state.recreate,
    phase: state.phase,
    since: state.since,
  }
  return enter(fresh, 'creating', now, {})
}

/** A new container is asked for by a person, or by a rung of the ladder. */
export function recreationAsked(state: GatewayState, cause: Cause, now: number): GatewayState {
  return enter({ ...state, recreate: cause, softRestart: null }, 'restarting', now, { cause })
}

/** The command server has accepted a restart without 2FA; `cause` is what led to it. */
export function softRestartAccepted(
  state: GatewayState,
  cause: Cause,
  jvmStarts: number,
  now: number,
): GatewayState {
  const dueBy = now + softRestartMs
  const restarting = { ...state, softRestart: { jvmStarts, dueBy }, softRestartedAt: now }
  return enter(restarting, 'restarting', now, { cause, deadline: dueBy })
}

/** An API connection attempt begins; the next comes 0.25 s later, doubling to 2 s. */
export function connectTried(state: GatewayState, now: number): GatewayState {
  return {
    ...state,
    connectTries: state.connectTries + 1,
    connectAt: now + Math.min(2_000, 250 * 2 ** Math.min(state.connectTries, 4)),
  }
}

interface Entering {
  readonly cause?: Cause | null
  readonly deadline?: number | null
  readonly retryAt?: number | null
}

/** `since` stays while phase and cause stay. */
export function enter(
  state: GatewayState,
  phase: GatewayPhase,
  now: number,
  { cause = null, deadline = null, retryAt = null }: Entering,
): GatewayState {
  const same = state.phase === phase && state.cause?.code === cause?.code
  if (
    same &&
    state.deadline === deadline &&
    state.retryAt === retryAt &&
    state.cause?.detail === cause?.detail
  )
    return state
  return { ...state, phase, cause, deadline, retryAt, since: same ? state.since : now }
}
