// What the lifecycle knows and sees: the state of one gateway, and one observation of the world. Values only.
import type { GatewayPhase, GatewayStatus } from '../../../schemas/gateway.ts'
import type { GatewayContainer } from '../../ports/runtime.ts'
import type { SessionSnapshot } from '../../session/session.ts'
import type { LoginProgress } from '../login-log/progress.ts'
import type { LoginVerdict } from '../login-log/verdict.ts'
import type { Limit } from './limits.ts'
import type { Cause } from './reasons.ts'

/** How far recovery of a lost session has climbed in this container. */
export type Rung = 'session' | 'soft-restart'

/** One gateway between two looks at it. All times are milliseconds since the epoch. */
export interface GatewayState {
  readonly phase: GatewayPhase
  readonly since: number
  readonly cause: Cause | null
  /** When the phase must have ended. */
  readonly deadline: number | null
  /** When `backing-off` ends. */
  readonly retryAt: number | null
  /** The container that the fields below speak of. */
  readonly containerId: string | null
  /** This container has been RUNNING. */
  readonly wasReady: boolean
  readonly readySince: number | null
  readonly rung: Rung
  /** The container must go, and come again if wanted: why. */
  readonly recreate: Cause | null
  /** A restart without 2FA under way: JVM starts counted before it, and when it must be over. */
  readonly softRestart: { readonly jvmStarts: number; readonly dueBy: number } | null
  /** When this container last restarted softly; soon after that, a lost session wants another container. */
  readonly softRestartedAt: number | null
  /** Start-up time used; stands still while pulling and awaiting 2FA. */
  readonly startupMs: number
  readonly startupSeenAt: number | null
  /** API connection attempts of this login so far, and when the next is due. */
  readonly connectTries: number
  readonly connectAt: number
  /** Failures in a row, for the backoff. */
  readonly failures: number
  /** Why it was last given up for a while; stands until it is RUNNING, so that an alert outlives the tries in between. */
  readonly trouble: Cause | null
  /** When that trouble began. */
  readonly troubleSince: number | null
  /** Containers of this wish so far. */
  readonly starts: number
  /** Unasked-for ends inside the crash-loop window. */
  readonly crashes: readonly number[]
  /** 2FA pushes that nobody approved, over all containers of this wish. */
  readonly missedPushes: number
}

/** What a login starts with, be it in a new container or in a JVM that started again. */
export const freshLogin = {
  wasReady: false,
  readySince: null,
  rung: 'session',
  startupMs: 0,
  startupSeenAt: null,
  connectTries: 0,
  connectAt: 0,
} as const

/** What a container starts with. */
export const freshContainer = {
  ...freshLogin,
  recreate: null,
  softRestart: null,
  softRestartedAt: null,
} as const

export const initialState = (
  now: number,
  crashes: readonly number[] = [],
  missedPushes = 0,
): GatewayState => ({
  phase: 'stopped',
  since: now,
  cause: null,
  deadline: null,
  retryAt: null,
  containerId: null,
  ...freshContainer,
  failures: 0,
  trouble: null,
  troubleSince: null,
  starts: 0,
  crashes,
  missedPushes,
})

/** One look at the world. `container` is what the engine said last; stale while `engineUp` is false. */
export interface Observation {
  readonly wanted: boolean
  /** A stored hold: nothing may be tried until someone acts. */
  readonly hold: Cause | null
  /** When it was set (ms since the epoch). */
  readonly heldSince?: number
  readonly engineUp: boolean
  /** It is for the store's sake that nothing may be done: see charge.ts. */
  readonly storeAway?: boolean
  /** What is wrong with the network that gateways share. */
  readonly networkUnsafe?: string
  /** undefined: never seen, because the engine has not answered yet. */
  readonly container: GatewayContainer | null | undefined
  readonly imagePresent: boolean
  /** The container was up before this manager: its log may be cut, its session is tried at once. */
  readonly adopted: boolean
  readonly login: { readonly progress: LoginProgress; readonly verdict: LoginVerdict } | null
  readonly session: SessionSnapshot | null
  /** Accounts or trading mode do not fit the record: which. */
  readonly accountFault: string | null
}

/** The figures that decide; all from configuration. */
export interface LifecycleLimits {
  readonly maxStartupMs: number
  readonly twofaTimeoutMs: number
  readonly twofaMaxPushes: number
  readonly crashLoop: Limit
}

const statusOf: Record<GatewayPhase, GatewayStatus> = {
  stopped: 'STOPPED',
  pulling: 'STARTING',
  creating: 'STARTING',
  booting: 'STARTING',
  'logging-in': 'STARTING',
  'awaiting-2fa': 'STARTING',
  connecting: 'STARTING',
  ready: 'RUNNING',
  degraded: 'RUNNING',
  reconnecting: 'STARTING',
  'upstream-lost': 'STARTING',
  restarting: 'STARTING',
  stopping: 'STARTING',
  'backing-off': 'FAILED',
  locked: 'FAILED',
}

/** The seeds' four words for a phase. A gateway on its way down is STARTING until its container is gone. */
export function gatewayStatus(phase: GatewayPhase): GatewayStatus {
  return statusOf[phase]
}
