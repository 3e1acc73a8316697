// The login of one container, folded from its log line by line. Pure: the clock is an argument, silence is verdict.ts's.
import { classify } from './classify.ts'
import { dialogTimeoutLimit, loginErrorLimit, twofaStallLimit } from './deadlines.ts'
import { endLogin, javaExited } from './exits.ts'
import { parseLogLine } from './line.ts'
import {
  awaitTwofa,
  coldRestart,
  collectText,
  isResuming,
  reject,
  startJvm,
  timeOutTwofa,
} from './login-steps.ts'
import {
  because,
  enter,
  type LoginProgress,
  move,
  runAgain,
  succeed,
  tally,
  trackWindow,
} from './progress.ts'
import type { LogSign } from './sign.ts'

/**
 * The progress after one more line, which was printed at `atMs` by Docker's clock (IBC's own stamps are neither in a
 * known zone nor in order). Accepts lines with or without Docker's stamp. Answers the same object for a line that
 * changes nothing. Never throws; counters never decrease.
 */
export function advanceLogin(progress: LoginProgress, line: string, atMs: number): LoginProgress {
  const parsed = parseLogLine(line)
  if (parsed === null) return progress
  const sign = classify(parsed)
  // Without a display java may be restarted in a loop until it is killed: after a stop nothing counts but a new run.
  if (progress.stage === 'stopping' && sign?.kind !== 'container-starting') return progress
  const p = progress.collectingText ? collectText(progress, parsed, sign) : progress
  if (sign === null) return p
  const next = (handlers[sign.kind] as Handler<LogSign>)(p, sign, atMs)
  return sign.window === undefined ? next : trackWindow(next, sign.window, atMs)
}

type Handler<S> = (p: LoginProgress, sign: S, atMs: number) => LoginProgress
type Handlers = { readonly [K in LogSign['kind']]: Handler<Extract<LogSign, { kind: K }>> }

const unchanged = (p: LoginProgress) => p

const handlers: Handlers = {
  'container-starting': (p, _, at) => runAgain(p, at),
  'startup-fault': (p, { detail }) =>
    p.stage === 'container-started' ? because(p, 'CONFIG_ERROR', detail, true) : p,
  'jvm-starting': startJvm,
  'auth-mode': (p, { mode }) => ({ ...p, authMode: mode }),
  'ibc-started': (p, _, at) => (p.stage === 'restarting' ? p : enter(p, 'ibc-started', at)),
  'session-starting': (p, _, at) => enter(p, 'ibc-started', at),
  'display-lost': (p, { detail }) => because(p, 'CONFIG_ERROR', `the X display was lost (${detail})`, true),

  'login-dialog': (p, _, at) =>
    isResuming(p) ? p : { ...enter(p, 'login-dialog', at), loggedIn: false, configured: false },
  'filling-credentials': (p, _, at) => ({ ...enter(p, 'filling-credentials', at), loggedIn: false }),
  'credentials-submitted': (p, _, at) => ({
    ...tally(enter(p, 'submitted', at), { pushCounted: false }),
    loginAttempts: p.loginAttempts + 1,
    latestMarker: 'attempt',
    unexplainedLoginBox: false,
  }),
  authenticating: (p, _, at) =>
    p.stage === 'login-dialog' || p.stage === 'filling-credentials' || p.stage === 'submitted'
      ? enter(p, 'submitted', at)
      : p,
  'login-dialog-timeout': (p) => {
    const counted = tally(p, { dialogTimeouts: p.streak.dialogTimeouts + 1 })
    const again = counted.streak.dialogTimeouts >= dialogTimeoutLimit
    return because(
      counted,
      'CONFIG_ERROR',
      'the Gateway never showed its login dialog: image version, memory or CPU',
      again,
    )
  },
  'gui-mismatch': (p, { detail }) =>
    because(
      p,
      'CONFIG_ERROR',
      `IBC cannot find "${detail}" in this Gateway version: choose another image`,
      true,
    ),

  'awaiting-2fa': awaitTwofa,
  'twofa-closed': (p, _, at) =>
    p.stage === 'awaiting-2fa' ? { ...enter(p, 'twofa-answered', at), twofaOpenedAt: undefined } : p,
  'twofa-answered': (p, { exitInMs }, at) => ({ ...enter(p, 'twofa-answered', at), announcedMs: exitInMs }),
  'twofa-timeout': (p, _, at) => timeOutTwofa(move(p, 'twofa-timed-out', at), false),
  'twofa-timeout-stuck': (p, _, at) => timeOutTwofa(move(p, 'twofa-timed-out', at), true),
  'twofa-device-required': (p) => because(p, 'TWOFA_DEVICE_REQUIRED', undefined, true),
  'twofa-login-stalled': (p) => {
    const counted = tally(p, { twofaStalls: p.streak.twofaStalls + 1 })
    const again = counted.streak.twofaStalls >= twofaStallLimit
    return because(
      counted,
      'LOGIN_STALLED',
      'the login did not complete after its second factor: denied, or failed',
      again,
    )
  },

  'existing-session': (p, _, at) => because(move(p, 'existing-session', at), 'EXISTING_SESSION'),
  'existing-session-manual': (p) =>
    because(
      p,
      'EXISTING_SESSION',
      "the follower's existingSession setting leaves the choice to a person",
      true,
    ),
  'existing-session-yielded': (p) =>
    because(p, 'EXISTING_SESSION', 'this gateway gave way to the other session', true),
  'existing-session-error': (p) => because(p, 'EXISTING_SESSION', 'set existingSession to primary', true),
  'existing-session-takeover': (p, _, at) =>
    p.reason?.code === 'EXISTING_SESSION'
      ? enter(p, p.loggedIn ? 'logged-in' : 'submitted', at)
      : { ...p, since: at },
  relogin: (p, _, at) => ({
    ...tally(enter(p, 'relogin', at), { pushCounted: false }),
    latestMarker: 'relogin',
    loggedIn: false,
  }),

  'login-rejected': (p) => {
    if (p.latestMarker === 'attempt') return reject(p, 'dialog "Unrecognized Username or Password"')
    return because({ ...p, loggedIn: false }, 'SESSION_REJECTED', undefined, true)
  },
  'login-failed': (p) => reject(p, 'dialog "Login failed"'),
  'login-error': (p) => {
    const counted = tally({ ...p, loginErrors: p.loginErrors + 1 }, { loginErrors: p.streak.loginErrors + 1 })
    const blamed = because(counted, 'LOGIN_ERROR', undefined, counted.streak.loginErrors >= loginErrorLimit)
    return { ...blamed, collectingText: true }
  },
  'login-box': (p) => ({ ...p, unexplainedLoginBox: true }),
  'locked-out': (p, { waitMs }, at) => {
    const waiting = {
      ...move(p, 'locked-out', at),
      announcedMs: waitMs,
      lockouts: p.lockouts + 1,
      unexplainedLoginBox: false,
    }
    return because(
      waiting,
      'LOCKED_OUT',
      waitMs > 0 ? `wait ${waitMs / 1000} seconds` : undefined,
      p.streak.rejectedLogins > 0,
    )
  },
  'server-unavailable': (p, { detail }) => because(p, 'SERVER_UNAVAILABLE', detail, true),
  blocked: (p, { detail }) => because(p, 'BLOCKED_BY_DIALOG', detail, true),

  'logged-in': (p, _, at) => ({
    ...succeed(p, at),
    latestMarker: 'completed',
    upstreamReconnecting: false,
    unexplainedLoginBox: false,
  }),
  // A log without its beginning, as `docker logs --tail` gives it: the settings are applied after a login.
  configured: (p, _, at) => ({
    ...(p.stage === 'container-started' ? succeed(p, at) : p),
    configured: true,
  }),
  account: (p, { account, simulated }) => ({ ...p, account, simulated }),
  'read-only-api': (p, { on }) => ({ ...p, readOnlyApi: on }),
  'read-only-block': (p) => ({ ...p, readOnlyBlock: true }),
  'password-notice': (p) => ({ ...p, passwordNotice: true }),
  'config-warning': (p, { detail }) => ({ ...p, configWarning: detail.slice(0, 300) }),
  'planned-stop': (p, { what, when }) => ({ ...p, plannedStop: { what, when: when.slice(0, 100) } }),
  'server-connecting': (p) => (p.stage === 'logged-in' ? { ...p, upstreamReconnecting: true } : p),
  'application-started': (p) => (p.upstreamReconnecting ? { ...p, upstreamReconnecting: false } : p),

  'auto-restarting': (p, _, at) => {
    const marked: LoginProgress = {
      ...tally(p, { pushCounted: false }),
      latestMarker: 'restart',
      loggedIn: false,
    }
    if (p.stage === 'restarting') return marked
    return because(move(marked, 'restarting', at), 'PLANNED_RESTART')
  },
  'shutting-down': (p, _, at) => (p.stage === 'restarting' ? p : move(p, 'shutting-down', at)),
  'ibc-exited': (p, { status }, at) => javaExited(p, status, at),
  'cold-restart-announced': unchanged,
  'cold-restart': coldRestart,
  'script-restart': (p, _, at) => (p.stage === 'restarting' ? p : move(p, 'jvm-starting', at)),
  stopping: (p, _, at) => move(p, 'stopping', at),
  paused: (p, _, at) => endLogin(p, { detail: 'IBC is paused; the next start resumes without a login' }, at),
  finished: (p, _, at) => endLogin(p, {}, at),
  window: unchanged,
}
