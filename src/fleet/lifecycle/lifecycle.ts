// The lifecycle of one gateway: from its last state and one look at the world to its next state. Pure: no I/O, no clock.
import type { GatewayPhase } from '../../../schemas/gateway.ts'
import type { GatewayContainer } from '../../ports/runtime.ts'
import type { SessionSnapshot } from '../../session/snapshot.ts'
import type { Cause } from './reasons.ts'
import { freshContainer, freshLogin, type GatewayState, initialState, type Observation } from './state.ts'
import { type Deciding, enter, fail, stableMs } from './transitions.ts'

/** The next state. Feeding it the same observation again changes nothing but times that have come. */
export function advance(state: GatewayState, seen: Observation, by: Deciding): GatewayState {
  const current = countStartup(followContainer(state, seen), seen, by.now)
  return countStartup(decide(current, seen, by), seen, by.now)
}

function decide(current: GatewayState, seen: Observation, by: Deciding): GatewayState {
  if (!seen.wanted) return towardsStopped(current, seen, by)
  if (seen.hold) return held(current, seen.hold, seen.heldSince, by)
  if (seen.container === undefined) return enter(current, 'backing-off', by.now, { cause: away(seen) })
  if (seen.container === null) return withoutContainer(current, seen, by)
  if (current.recreate && (current.phase === 'locked' || current.phase === 'backing-off')) return current
  if (current.recreate) return enter(current, 'restarting', by.now, { cause: current.recreate })
  const over = seen.container.state === 'exited' || seen.container.state === 'created'
  if (over && seen.engineUp) return ended(current, seen.container, seen, by)
  return withContainer(current, seen, by)
}

/** Locked as long as the hold is old: another manager may have set it. */
function held(state: GatewayState, cause: Cause, since: number | undefined, { now }: Deciding): GatewayState {
  const locked = enter(state, 'locked', now, { cause })
  const isNew = locked.since === now && state.phase !== 'locked'
  return isNew && since !== undefined ? { ...locked, since: Math.min(since, now) } : locked
}

/** What keeps us from acting: the engine, or the store that is not ours yet. */
const away = (seen: Observation): Cause => ({
  code: seen.storeAway ? 'STORE_UNAVAILABLE' : 'ENGINE_UNAVAILABLE',
})

/** Another container means another login: what was known of the last one is over. */
function followContainer(state: GatewayState, seen: Observation): GatewayState {
  const id = seen.container?.id ?? null
  if (id === null || id === state.containerId) return state
  return {
    ...state,
    containerId: id,
    starts: state.starts + 1,
    ...freshContainer,
  }
}

/** The phases on the start-up clock. Others have deadlines of their own, or wait for a person or an image. */
const counting: ReadonlySet<GatewayPhase> = new Set(['booting', 'logging-in', 'connecting'])

/** Stands still while the engine is away: nothing that the container says reaches us then. */
function countStartup(state: GatewayState, seen: Observation, now: number): GatewayState {
  const seenAt = counting.has(state.phase) && seen.engineUp ? now : null
  if (seenAt === state.startupSeenAt) return state
  const spent = seenAt === null || state.startupSeenAt === null ? 0 : Math.max(0, now - state.startupSeenAt)
  return { ...state, startupMs: state.startupMs + spent, startupSeenAt: seenAt }
}

function towardsStopped(state: GatewayState, seen: Observation, { now }: Deciding): GatewayState {
  const gone = seen.container === null || (seen.container === undefined && state.containerId === null)
  if (gone)
    return state.phase === 'stopped'
      ? state
      : enter({ ...initialState(now), phase: state.phase, since: state.since }, 'stopped', now, {})
  return enter(state, 'stopping', now, { cause: seen.engineUp ? null : away(seen) })
}

const expectsContainer: ReadonlySet<GatewayPhase> = new Set([
  'booting',
  'logging-in',
  'awaiting-2fa',
  'connecting',
  'ready',
  'degraded',
  'reconnecting',
  'upstream-lost',
  'restarting',
])

function withoutContainer(state: GatewayState, seen: Observation, by: Deciding): GatewayState {
  const { now } = by
  if (state.phase === 'locked') return state
  if (expectsContainer.has(state.phase) && state.containerId !== null && !state.recreate) {
    return withoutContainer(
      fail(state, { code: 'CONTAINER_EXITED', detail: 'the container was removed from outside' }, by, {
        crash: true,
      }),
      seen,
      by,
    )
  }
  if (state.phase === 'backing-off' && state.retryAt !== null && now < state.retryAt) return state
  if (!seen.engineUp) return enter(state, 'backing-off', now, { cause: away(seen) })
  const clear = {
    ...state,
    containerId: null,
    recreate: null,
    wasReady: false,
    softRestart: null,
    startupMs: 0,
  }
  return enter(clear, seen.imagePresent ? 'creating' : 'pulling', now, {})
}

/** The container has ended, or never started: its own last words name the cause, else the engine does. */
function ended(
  state: GatewayState,
  container: GatewayContainer,
  seen: Observation,
  by: Deciding,
): GatewayState {
  if (container.state === 'created') {
    const cause = { code: 'CONTAINER_EXITED', detail: 'it was created but never started' } as const
    return enter({ ...state, recreate: cause }, 'restarting', by.now, { cause })
  }
  const counted = countMissed(state, seen)
  if (allPushesMissed(counted, seen, by)) return lockForPushes(counted, by)
  const verdict = seen.login?.verdict
  const exit = { code: 'CONTAINER_EXITED', detail: `exit status ${container.exitCode ?? 'unknown'}` } as const
  const cause: Cause = container.outOfMemory
    ? { code: 'OUT_OF_MEMORY' }
    : verdict?.terminal && verdict.reason
      ? verdict.reason
      : exit
  // It ended while nobody watched (the host or this manager was down): no crash of its own, so it simply comes again.
  const watched = state.phase !== 'stopped' && state.phase !== 'backing-off'
  if (!watched && cause.code === exit.code)
    return enter({ ...counted, recreate: cause }, 'restarting', by.now, { cause })
  return fail(counted, cause, by, {
    crash: true,
    locks: verdict?.phase === 'locked' && cause === verdict.reason,
  })
}

/** Pushes of this container that nobody approved since its last completed login. One that never closed counts when the log's watchdog gives it up. */
function missedHere({ login }: Observation): number {
  if (!login) return 0
  const { verdict, progress } = login
  const { twofaTimeouts, twofaPushes } = progress.streak
  const givenUp = verdict.terminal && verdict.reason?.code === 'TWOFA_TIMEOUT'
  return givenUp ? Math.max(1, twofaPushes, twofaTimeouts) : twofaTimeouts
}

/** Pushes of this wish that nobody approved, those of the container that runs included. */
export function missedPushes(state: GatewayState, seen: Observation): number {
  const isCounted = state.recreate !== null || state.phase === 'locked' || state.phase === 'backing-off'
  return state.missedPushes + (isCounted || !seen.container ? 0 : missedHere(seen))
}

const countMissed = (state: GatewayState, seen: Observation): GatewayState => ({
  ...state,
  missedPushes: state.missedPushes + missedHere(seen),
})

const allPushesMissed = (counted: GatewayState, seen: Observation, { limits }: Deciding) =>
  counted.missedPushes >= limits.twofaMaxPushes && missedHere(seen) > 0

function lockForPushes(counted: GatewayState, by: Deciding): GatewayState {
  const detail = `${counted.missedPushes} pushes went unanswered`
  return fail(counted, { code: 'TWOFA_TIMEOUT', detail }, by, { locks: true })
}

function withContainer(state: GatewayState, seen: Observation, by: Deciding): GatewayState {
  const { now } = by
  if (state.softRestart) {
    const restarted = (seen.login?.progress.jvmStarts ?? 0) > state.softRestart.jvmStarts
    if (!restarted && (now < state.softRestart.dueBy || !seen.engineUp)) return state
    if (!restarted)
      return fail(
        { ...state, softRestart: null },
        { code: 'SESSION_LOST', detail: 'the soft restart did not happen' },
        by,
        { crash: true },
      )
    return withContainer(newLogin({ ...state, softRestart: null }), seen, by)
  }
  if (seen.session?.state === 'ready') return answering(state, seen, by)
  if (!seen.engineUp)
    return enter(state, state.wasReady ? 'reconnecting' : state.phase, now, {
      cause: away(seen),
    })

  const verdict = seen.login?.verdict
  // A container from before this manager may have a log that no longer tells its login: only its session can say.
  const blind =
    seen.adopted &&
    (verdict === undefined || verdict.phase === 'booting' || verdict.reason?.code === 'STARTUP_TIMEOUT')
  const counted = countMissed(state, seen)
  if (allPushesMissed(counted, seen, by)) return lockForPushes(counted, by)
  if (!blind && verdict?.terminal && verdict.reason)
    return fail(counted, verdict.reason, by, { crash: true, locks: verdict.phase === 'locked' })
  const phase = blind ? 'connecting' : (verdict?.phase ?? 'booting')
  // The process is on its way out; the container's end, or the log's watchdog, will say what became of it.
  if (phase === 'stopping')
    return enter(state, state.wasReady ? 'reconnecting' : 'booting', now, { cause: verdict?.reason ?? null })
  if (phase !== 'connecting') {
    const fresh = state.wasReady ? newLogin(state) : state
    // The log calls each restart planned; one of ours is for what led to it.
    const isRecovery = phase === 'restarting' && state.phase === 'restarting' && isLoss(state.cause)
    const cause = isRecovery ? state.cause : (verdict?.reason ?? null)
    return startingUp(enter(fresh, phase, now, { cause, deadline: verdict?.deadline ?? null }), by)
  }
  if (state.wasReady && (seen.session?.state === 'reconnecting' || seen.session?.state === 'failed'))
    return lost(state, seen, by)
  return startingUp(enter(state, 'connecting', now, {}), by)
}

/** A restart inside the container: another login, with a start-up time of its own. */
function newLogin(state: GatewayState): GatewayState {
  return { ...state, ...freshLogin }
}

function startingUp(state: GatewayState, by: Deciding): GatewayState {
  if (!counting.has(state.phase) || state.startupMs < by.limits.maxStartupMs) return state
  const detail = `still ${state.phase} after ${Math.round(state.startupMs / 1000)} s`
  return fail(state, { code: 'STARTUP_TIMEOUT', detail }, by, { crash: true })
}

/** Our session is up and answers: RUNNING, unless the account is not the one, or IB is lost behind a live gateway. */
function answering(state: GatewayState, seen: Observation, by: Deciding): GatewayState {
  const { now } = by
  const session = seen.session
  if (seen.accountFault !== null) return fail(state, { code: 'WRONG_ACCOUNT', detail: seen.accountFault }, by)
  const good = {
    ...state,
    wasReady: true,
    readySince: state.readySince ?? now,
    trouble: null,
    troubleSince: null,
    rung: 'session',
    startupMs: 0,
    connectTries: 0,
    missedPushes: 0,
  } as const
  if (session?.upstream === 'lost')
    return enter(good, 'upstream-lost', now, { cause: { code: 'UPSTREAM_LOST' } })
  const degraded =
    session !== null && (session.brokenFarms.length > 0 || session.heartbeatLate || session.competing)
  const settled = now - good.readySince >= stableMs ? { ...good, failures: 0 } : good
  if (degraded)
    return enter(settled, 'degraded', now, {
      cause: session.competing ? { code: 'COMPETING_SESSION' } : null,
    })
  return enter(settled, 'ready', now, {})
}

/** How a session was lost: the gateway went silent, or its connection ended. One that is told to be up and does not answer is silent, too. */
export function lossOf(session: SessionSnapshot | null): Cause {
  const silent = session?.state === 'ready' || session?.lastError?.code === 'CONNECTION_TIMEOUT'
  return { code: silent ? 'HEARTBEAT_LOST' : 'SESSION_LOST' }
}

const isLoss = (cause: Cause | null) => cause?.code === 'HEARTBEAT_LOST' || cause?.code === 'SESSION_LOST'

/** A gateway that is lost again so soon after a soft restart is not cured by another one. */
const softRestartPauseMs = 1_800_000

/** The ladder for a lost session: the session tries by itself, then a restart without 2FA, then another container. Never for a lost upstream. */
function lost(state: GatewayState, seen: Observation, by: Deciding): GatewayState {
  const session = seen.session
  const cause = lossOf(session)
  const failed = session?.state === 'failed'
  const softly = state.softRestartedAt !== null && by.now - state.softRestartedAt < softRestartPauseMs
  if (failed && softly)
    return fail(state, { ...cause, detail: 'again, soon after a soft restart' }, by, { crash: true })
  const rung = failed ? 'soft-restart' : state.rung
  return enter({ ...state, rung, readySince: null }, 'reconnecting', by.now, { cause })
}
