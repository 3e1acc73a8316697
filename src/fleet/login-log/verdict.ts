// What a login amounts to now: its progress, judged with the time that has passed. Live gateways and explain-log share it.
import type { GatewayPhase } from '../../../schemas/gateway.ts'
import { type Cause, reasonText } from '../lifecycle/reasons.ts'
import { blockingDialogMs, plannedRestartMs, watchOf } from './deadlines.ts'
import { failureOf, type LoginProgress, type LoginStage } from './progress.ts'

/** The phases that a log can tell; `connecting` is as far as it sees, the rest is the API's. */
export type LoginPhase = Extract<
  GatewayPhase,
  | 'booting'
  | 'logging-in'
  | 'awaiting-2fa'
  | 'connecting'
  | 'restarting'
  | 'stopping'
  | 'backing-off'
  | 'locked'
>

export interface LoginVerdict {
  readonly phase: LoginPhase
  readonly reason?: Cause
  /** The container must be replaced or a person must act; exactly then the phase is `backing-off` or `locked`. */
  readonly terminal: boolean
  /** Until when the wait may last, in `awaiting-2fa` and `restarting`: milliseconds since the epoch. */
  readonly deadline?: number
  /** When the verdict will change if the log stays silent. */
  readonly nextCheckAt?: number
}

export interface VerdictOptions {
  /** TWOFA_TIMEOUT; the deadline is 20 s later. Infinity waits for ever. */
  readonly twofaTimeoutMs: number
  /** TWOFA_MAX_PUSHES, counted since the last completed login. */
  readonly twofaMaxPushes?: number
}

const phases: Readonly<Record<LoginStage, LoginPhase>> = {
  'container-started': 'booting',
  'jvm-starting': 'booting',
  'ibc-started': 'booting',
  'login-dialog': 'booting',
  'filling-credentials': 'booting',
  submitted: 'logging-in',
  'awaiting-2fa': 'awaiting-2fa',
  'twofa-answered': 'logging-in',
  'twofa-timed-out': 'awaiting-2fa',
  'existing-session': 'logging-in',
  'locked-out': 'logging-in',
  relogin: 'logging-in',
  'logged-in': 'connecting',
  restarting: 'restarting',
  'shutting-down': 'stopping',
  stopping: 'stopping',
  exited: 'stopping',
  ended: 'stopping',
}

/** Dialogs that IBC or a rule of ours deals with; open, they are a step and no obstacle. */
const handledDialog =
  /Second Factor Authentication|Security Code Card|Existing session detected|Trading Login Handoff|Unrecognized Username|^Login (?:failed|Error)$|Re-login is required|Restart in progress|Shutdown progress|Trader Workstation Configuration|API client needs write access/i

/** Stages before a completed login in which an unanswered dialog stops it; a 2FA request is left to be answered. */
const blockable: ReadonlySet<LoginStage> = new Set<LoginStage>([
  'jvm-starting',
  'ibc-started',
  'login-dialog',
  'filling-credentials',
  'submitted',
  'twofa-answered',
  'relogin',
  'restarting',
])

/** Judges `p` at `nowMs`. With `nowMs` Infinity every deadline of the log itself has passed. */
export function loginVerdict(p: LoginProgress, nowMs: number, options: VerdictOptions): LoginVerdict {
  if (p.terminal && p.reason !== undefined) return failed(p, p.reason, options)
  if (p.reason?.code === 'TWOFA_TIMEOUT' && pushesUsed(p, options)) return failed(p, p.reason, options)

  const blocking = blockingDialog(p)
  if (blocking !== undefined && isPast(blocking.dueAt, nowMs)) {
    return failed(p, { code: 'BLOCKED_BY_DIALOG', detail: `"${blocking.title}"` }, options)
  }
  const watch = watchOf(p, options.twofaTimeoutMs)
  if (watch !== null && isPast(watch.dueAt, nowMs)) {
    return failed(p, overdueCause(p, watch), options)
  }
  const next = Math.min(watch?.dueAt ?? Infinity, blocking?.dueAt ?? Infinity)
  return {
    phase: p.stage === 'existing-session' && p.loggedIn ? 'connecting' : phases[p.stage],
    ...(p.reason === undefined ? {} : { reason: p.reason }),
    terminal: false,
    ...deadlineOf(p, options),
    ...(Number.isFinite(next) ? { nextCheckAt: next } : {}),
  }
}

function failed(p: LoginProgress, reason: Cause, options: VerdictOptions): LoginVerdict {
  return { phase: locks(p, reason, options) ? 'locked' : 'backing-off', reason, terminal: true }
}

/** Two causes lock only with a history: a lockout that our own rejected logins earned, and a 2FA whose pushes are all used. */
function locks(p: LoginProgress, { code }: Cause, options: VerdictOptions): boolean {
  if (code === 'LOCKED_OUT') return p.streak.rejectedLogins > 0
  if (code === 'TWOFA_TIMEOUT') return pushesUsed(p, options)
  return reasonText[code].locks
}

function pushesUsed({ streak }: LoginProgress, { twofaMaxPushes = 3 }: VerdictOptions): boolean {
  return Math.max(streak.twofaPushes, streak.twofaTimeouts) >= twofaMaxPushes
}

/** What a silence means: the cause the log has named, else the watchdog's, with the dialog that is still open. */
function overdueCause(p: LoginProgress, { code, detail }: Cause): Cause {
  const standing = failureOf(p)
  if (p.stage === 'stopping' || standing === undefined) {
    const dialog = p.openDialogs.at(-1)
    return {
      code,
      detail: code === 'LOGIN_STALLED' && dialog ? `${detail}; open: "${dialog.title}"` : (detail ?? ''),
    }
  }
  return standing.detail === undefined && standing.code === code ? { code, detail: detail ?? '' } : standing
}

function blockingDialog(p: LoginProgress): { title: string; dueAt: number } | undefined {
  if (p.loggedIn || failureOf(p) !== undefined || !blockable.has(p.stage)) return undefined
  const dialog = p.openDialogs.find(({ title }) => !handledDialog.test(title))
  return dialog && { title: dialog.title, dueAt: dialog.openedAt + blockingDialogMs }
}

function deadlineOf(p: LoginProgress, { twofaTimeoutMs }: VerdictOptions): { deadline?: number } {
  if (p.stage === 'restarting') return { deadline: p.since + plannedRestartMs }
  if (p.stage !== 'awaiting-2fa') return {}
  const deadline = watchOf(p, twofaTimeoutMs)?.dueAt ?? Infinity
  return Number.isFinite(deadline) ? { deadline } : {}
}

/** Infinity is never past, not even at Infinity: that is how explain-log leaves 2FA waiting. */
function isPast(dueAt: number, nowMs: number): boolean {
  return Number.isFinite(dueAt) && nowMs >= dueAt
}
