// The steps of a login that take more than a line to say: a new JVM, a 2FA request, a refusal, a cold restart.
import { coldRestartLimit, coldRestartWindowMs } from './deadlines.ts'
import type { ParsedLine } from './line.ts'
import { because, enter, failureOf, type LoginProgress, move, tally } from './progress.ts'
import type { LogSign } from './sign.ts'

/** An automatic restart or a re-login shows a login dialog too, but resumes by itself. */
export function isResuming({ stage }: LoginProgress): boolean {
  return stage === 'restarting' || stage === 'relogin'
}

/** A new JVM begins anew; a planned restart goes on through it. */
export function startJvm(p: LoginProgress, _: LogSign, atMs: number): LoginProgress {
  const next = p.stage === 'restarting' ? p : enter(p, 'jvm-starting', atMs)
  return {
    ...tally(next, { pushCounted: false }),
    jvmStarts: p.jvmStarts + 1,
    loggedIn: false,
    configured: false,
    openDialogs: [],
    readOnlyBlock: false,
    upstreamReconnecting: false,
    unexplainedLoginBox: false,
    exitStatus: undefined,
    twofaOpenedAt: undefined,
  }
}

/** Several lines announce one request: the dialog, IBC's own word, sometimes a device list before it. */
export function awaitTwofa(p: LoginProgress, _: LogSign, atMs: number): LoginProgress {
  if (p.stage === 'awaiting-2fa') return p
  const opened = { ...move(p, 'awaiting-2fa', atMs), twofaOpenedAt: atMs }
  const pushes = p.streak.pushCounted
    ? opened
    : tally(
        { ...opened, twofaPushes: p.twofaPushes + 1 },
        { twofaPushes: p.streak.twofaPushes + 1, pushCounted: true },
      )
  return because(pushes, 'AWAITING_2FA')
}

/** `stuck`: without RELOGIN_AFTER_TWOFA_TIMEOUT the gateway stays parked at its login window. */
export function timeOutTwofa(p: LoginProgress, stuck: boolean): LoginProgress {
  const counted = tally(
    { ...p, twofaTimeouts: p.twofaTimeouts + 1, twofaOpenedAt: undefined },
    { twofaTimeouts: p.streak.twofaTimeouts + 1 },
  )
  return because(counted, 'TWOFA_TIMEOUT', stuck ? 'the gateway will not ask again' : undefined, stuck)
}

/** Terminal at the first: IBC would try for ever without a pause, and IBKR locks a user after ten. */
export function reject(p: LoginProgress, detail: string): LoginProgress {
  const counted = tally(
    { ...p, rejectedLogins: p.rejectedLogins + 1 },
    { rejectedLogins: p.streak.rejectedLogins + 1 },
  )
  return because(counted, 'CREDENTIALS_REJECTED', detail, true)
}

/** After an error a cold restart is IBC's way to try again; out of a completed login it is the scheduled weekly one. */
export function coldRestart(p: LoginProgress, _: LogSign, atMs: number): LoginProgress {
  const recent = [...p.streak.coldRestartsAt.filter((at) => at > atMs - coldRestartWindowMs), atMs].slice(
    -coldRestartLimit - 1,
  )
  const counted = tally({ ...p, coldRestarts: p.coldRestarts + 1 }, { coldRestartsAt: recent })
  if (p.loggedIn && failureOf(p) === undefined)
    return because(move(counted, 'restarting', atMs), 'PLANNED_RESTART')
  const moved = move(counted, 'jvm-starting', atMs)
  if (recent.length <= coldRestartLimit) return moved
  const { code, detail } = failureOf(p) ?? {
    code: 'LOGIN_STALLED' as const,
    detail: 'cold restarts in a loop',
  }
  return because(moved, code, detail, true)
}

/** A login error's message follows on lines of its own; IBC's next line or any known one ends it. */
export function collectText(
  p: LoginProgress,
  { source, text }: ParsedLine,
  sign: LogSign | null,
): LoginProgress {
  if (source === 'ibc' || sign !== null || p.reason?.code !== 'LOGIN_ERROR')
    return { ...p, collectingText: false }
  if (text === '') return p
  const { code, detail } = p.reason
  return because(p, code, detail === undefined ? text : `${detail} ${text}`, p.terminal)
}
