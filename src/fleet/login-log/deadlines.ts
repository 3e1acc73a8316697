// How long each stage of a login may stay silent, and what the silence then means. Figures in milliseconds.
// Source: the watchdogs of the image study; IBC ends by itself after 60 s without a login dialog and after its own 2FA interval.
import type { ReasonCode } from '../../../schemas/reason.ts'
import type { LoginProgress, LoginStage } from './progress.ts'

/** IBC's 2FA dialog closes at its timeout; this much later it is taken for hung. */
export const twofaGraceMs = 20_000
/** A dialog that nothing answers, open so long before the login has completed, blocks it. */
export const blockingDialogMs = 20_000
/** A planned restart has to be logged in again by then. */
export const plannedRestartMs = 120_000
/** More cold restarts than this within the window are a loop: IBC restarts without any delay. */
export const coldRestartLimit = 3
export const coldRestartWindowMs = 600_000
/** So many login errors, missing login dialogs or stalls after 2FA in a row are a loop. */
export const loginErrorLimit = 3
export const dialogTimeoutLimit = 3
export const twofaStallLimit = 2

/** A silence that is too long: from when, and the cause where the log has named none. */
export interface Watch {
  readonly dueAt: number
  readonly code: ReasonCode
  readonly detail: string
}

const watches: Readonly<Record<LoginStage, { ms: number; code: ReasonCode; detail: string } | null>> = {
  'container-started': { ms: 60_000, code: 'STARTUP_TIMEOUT', detail: 'IBC did not start' },
  'jvm-starting': { ms: 60_000, code: 'STARTUP_TIMEOUT', detail: 'IBC did not start' },
  'ibc-started': { ms: 75_000, code: 'STARTUP_TIMEOUT', detail: 'the login dialog did not appear' },
  'login-dialog': { ms: 60_000, code: 'STARTUP_TIMEOUT', detail: 'the login dialog was not filled in' },
  'filling-credentials': {
    ms: 10_000,
    code: 'CREDENTIALS_MISSING',
    detail: 'the login dialog was left incomplete',
  },
  submitted: { ms: 90_000, code: 'LOGIN_STALLED', detail: 'no answer to the login' },
  'awaiting-2fa': { ms: twofaGraceMs, code: 'TWOFA_TIMEOUT', detail: 'the request was never closed' },
  'twofa-answered': {
    ms: 60_000,
    code: 'LOGIN_STALLED',
    detail: 'no login after the second factor: denied, or failed',
  },
  'twofa-timed-out': { ms: twofaGraceMs, code: 'TWOFA_TIMEOUT', detail: 'no new request followed' },
  'existing-session': { ms: 90_000, code: 'EXISTING_SESSION', detail: 'IBC did not answer the dialog' },
  'locked-out': { ms: 30_000, code: 'LOCKED_OUT', detail: 'no new login followed the wait' },
  relogin: { ms: 60_000, code: 'LOGIN_STALLED', detail: 'the session was not restored' },
  'logged-in': null,
  restarting: {
    ms: plannedRestartMs,
    code: 'LOGIN_STALLED',
    detail: 'the planned restart did not log in again',
  },
  'shutting-down': { ms: 60_000, code: 'CONTAINER_EXITED', detail: 'it shut itself down' },
  stopping: { ms: 60_000, code: 'CONTAINER_EXITED', detail: 'it was told to stop' },
  exited: { ms: 30_000, code: 'CONTAINER_EXITED', detail: 'the gateway process ended' },
  ended: null,
}

/** When the present stage has been silent for too long; null where the log alone sets no deadline (it then waits for the API). */
export function watchOf(p: LoginProgress, twofaTimeoutMs: number): Watch | null {
  const watch = watches[p.stage]
  if (watch === null) return null
  const { code, detail } = watch
  const announcedMs = p.announcedMs ?? 0
  if (p.stage === 'awaiting-2fa')
    return { dueAt: (p.twofaOpenedAt ?? p.since) + twofaTimeoutMs + watch.ms, code, detail }
  if (p.stage === 'twofa-timed-out') return { dueAt: p.since + twofaTimeoutMs + watch.ms, code, detail }
  if (p.stage === 'locked-out') return { dueAt: p.since + announcedMs + watch.ms, code, detail }
  // IBC ends the login itself at its own interval; only a silence beyond that is ours to notice.
  const patienceMs = announcedMs > 0 ? announcedMs + 15_000 : watch.ms
  return { dueAt: p.since + patienceMs, code, detail }
}
