// Where a gateway's login stands, as one immutable value, and the few ways in which it may change.
import type { ReasonCode } from '../../../schemas/reason.ts'
import type { Cause } from '../lifecycle/reasons.ts'
import type { WindowEvent } from './line.ts'
import { scrubLine } from './scrub.ts'

/** How far the present JVM has come. `restarting` lasts from the announcement of a planned restart to the next login. */
export type LoginStage =
  | 'container-started'
  | 'jvm-starting'
  | 'ibc-started'
  | 'login-dialog'
  | 'filling-credentials'
  | 'submitted'
  | 'awaiting-2fa'
  | 'twofa-answered'
  | 'twofa-timed-out'
  | 'existing-session'
  | 'locked-out'
  | 'relogin'
  | 'logged-in'
  | 'restarting'
  | 'shutting-down'
  | 'stopping'
  | 'exited'
  | 'ended'

/** What the log's latest word on a login was; it tells a wrong password from a session that IBKR dropped. */
export type LoginMarker = 'attempt' | 'completed' | 'relogin' | 'restart'

/** The state of one container's login. All times are milliseconds since the epoch, by the clock that the fold is given. */
export interface LoginProgress {
  readonly stage: LoginStage
  /** When the stage was entered, or last showed life. */
  readonly since: number
  /** What stands in the way now, or AWAITING_2FA, or PLANNED_RESTART. */
  readonly reason?: Cause | undefined
  /** The reason will not go away in this container: replace it, or let a person act. Only a login or a new container start lifts it. */
  readonly terminal: boolean
  /** Every cause so far, once each, in order of appearance. */
  readonly causes: readonly ReasonCode[]
  /** Logged in by this JVM, and not asked to log in again since. */
  readonly loggedIn: boolean
  /** IBC has applied its settings; without any setting it never says so. */
  readonly configured: boolean
  readonly latestMarker?: LoginMarker
  readonly authMode?: 'full' | 'token'
  /** From the title of the configuration dialog; newer versions may leave it out. */
  readonly account?: string
  readonly simulated?: boolean
  readonly readOnlyApi?: boolean
  readonly plannedStop?: { readonly what: 'restart' | 'shutdown'; readonly when: string }
  /** When the open 2FA request appeared; its deadline counts from here. */
  readonly twofaOpenedAt?: number | undefined
  /** A wait that IBC itself announced for this stage. */
  readonly announcedMs?: number | undefined
  readonly openDialogs: ReadonlyArray<{ readonly title: string; readonly openedAt: number }>
  /** An API client wants to trade and the gateway is read-only; its dialog stays open. */
  readonly readOnlyBlock: boolean
  /** IBKR asks for a new password soon. */
  readonly passwordNotice: boolean
  /** A setting that IBC refused to apply, in IBC's words. */
  readonly configWarning?: string
  /** The gateway is connecting to IBKR again by itself; the API's codes say more. */
  readonly upstreamReconnecting: boolean
  readonly exitStatus?: number | undefined
  /** A dialog titled `Login` came and nothing explained it: exit 76 then means that IBKR takes no logins. */
  readonly unexplainedLoginBox: boolean
  /** The next lines without prefix belong to a login error's message. */
  readonly collectingText: boolean
  /** Since the container was first seen; these never decrease. */
  readonly loginAttempts: number
  readonly rejectedLogins: number
  readonly completedLogins: number
  readonly twofaPushes: number
  readonly twofaTimeouts: number
  readonly jvmStarts: number
  readonly loginErrors: number
  readonly lockouts: number
  readonly coldRestarts: number
  /** Failures since the last completed login, which forgives them. */
  readonly streak: FailureStreak
}

export interface FailureStreak {
  readonly rejectedLogins: number
  readonly twofaPushes: number
  readonly twofaTimeouts: number
  readonly twofaStalls: number
  readonly loginErrors: number
  readonly dialogTimeouts: number
  readonly coldRestartsAt: readonly number[]
  /** The present attempt has had its push counted: opening a device list and the request itself is one push. */
  readonly pushCounted: boolean
}

const noFailures: FailureStreak = {
  rejectedLogins: 0,
  twofaPushes: 0,
  twofaTimeouts: 0,
  twofaStalls: 0,
  loginErrors: 0,
  dialogTimeouts: 0,
  coldRestartsAt: [],
  pushCounted: false,
}

/** A container that has started and said nothing yet. */
export function newLogin(startedAtMs: number): LoginProgress {
  return {
    stage: 'container-started',
    since: startedAtMs,
    terminal: false,
    causes: [],
    loggedIn: false,
    configured: false,
    openDialogs: [],
    readOnlyBlock: false,
    passwordNotice: false,
    upstreamReconnecting: false,
    unexplainedLoginBox: false,
    collectingText: false,
    loginAttempts: 0,
    rejectedLogins: 0,
    completedLogins: 0,
    twofaPushes: 0,
    twofaTimeouts: 0,
    jvmStarts: 0,
    loginErrors: 0,
    lockouts: 0,
    coldRestarts: 0,
    streak: noFailures,
  }
}

/** The same container run again (`docker restart`): counters, causes and unforgiven failures stay, all else begins anew. */
export function runAgain(p: LoginProgress, atMs: number): LoginProgress {
  const { causes, loginAttempts, rejectedLogins, completedLogins, twofaPushes, twofaTimeouts } = p
  const { jvmStarts, loginErrors, lockouts, coldRestarts } = p
  const kept = { causes, loginAttempts, rejectedLogins, completedLogins, twofaPushes, twofaTimeouts }
  const streak = { ...p.streak, pushCounted: false }
  return { ...newLogin(atMs), ...kept, jvmStarts, loginErrors, lockouts, coldRestarts, streak }
}

/** Goes to `stage` and keeps the reason: on the way out, or while it still explains what happens. */
export function move(p: LoginProgress, stage: LoginStage, atMs: number): LoginProgress {
  return { ...p, stage, since: atMs, announcedMs: undefined }
}

/** Goes to `stage` as a step forward, which answers a passing reason but not a terminal one. */
export function enter(p: LoginProgress, stage: LoginStage, atMs: number): LoginProgress {
  const moved = move(p, stage, atMs)
  return p.terminal ? moved : { ...moved, reason: undefined }
}

/** Causes that only a login that got further can meet, so that they replace even a terminal one. */
const furtherOn: ReadonlySet<ReasonCode> = new Set(['AWAITING_2FA', 'TWOFA_TIMEOUT', 'EXISTING_SESSION'])

/**
 * Names the cause; a terminal one gives way only to another or to a sign that the login got further. Texts come from a
 * log that others wrote, so they are scrubbed and kept short.
 */
export function because(
  p: LoginProgress,
  code: ReasonCode,
  detail?: string,
  terminal = false,
): LoginProgress {
  const noted = p.causes.includes(code) ? p : { ...p, causes: [...p.causes, code] }
  if (p.terminal && !terminal && !furtherOn.has(code)) return noted
  const text = detail && scrubLine(detail).trim().slice(0, 300)
  return { ...noted, reason: text ? { code, detail: text } : { code }, terminal }
}

/** Adds to the failures since the last completed login. */
export function tally(p: LoginProgress, failures: Partial<FailureStreak>): LoginProgress {
  return { ...p, streak: { ...p.streak, ...failures } }
}

/** A completed login: whatever stood in the way does no longer. */
export function succeed(p: LoginProgress, atMs: number): LoginProgress {
  const done = { ...move(p, 'logged-in', atMs), reason: undefined, terminal: false, loggedIn: true }
  return { ...done, completedLogins: p.completedLogins + 1, twofaOpenedAt: undefined, streak: noFailures }
}

/** The reason when it is a failure, and not a wait for a person or for a planned restart. */
export function failureOf({ reason }: LoginProgress): Cause | undefined {
  return reason?.code === 'AWAITING_2FA' || reason?.code === 'PLANNED_RESTART' ? undefined : reason
}

/** Most dialogs that are remembered; a log that never closes any must not fill the memory. */
const openDialogLimit = 32

/** Remembers open dialogs by title; frames come and go as the gateway works, save the password notice. */
export function trackWindow(p: LoginProgress, window: WindowEvent, atMs: number): LoginProgress {
  const { title, event, shape } = window
  if (shape === 'frame' && !/Password Notice/i.test(title)) return p
  if (event === 'opened') {
    if (p.openDialogs.length >= openDialogLimit) return p
    return {
      ...p,
      openDialogs: [...p.openDialogs, { title: scrubLine(title).slice(0, 200), openedAt: atMs }],
    }
  }
  const shown = scrubLine(title).slice(0, 200).toLowerCase()
  const at = p.openDialogs.findIndex((dialog) => dialog.title.toLowerCase() === shown)
  return at < 0 ? p : { ...p, openDialogs: p.openDialogs.toSpliced(at, 1) }
}
