// What a gateway's exit status says, where the log has not said it already. Source: ibcstart.sh and IBC's error codes (mod 256).
import type { Cause } from '../lifecycle/reasons.ts'
import { because, failureOf, type LoginProgress, move } from './progress.ts'

const faults: Readonly<Record<number, string>> = {
  2: 'the start script found no Gateway version in the image',
  3: 'the start script refused an argument, for example TWOFA_TIMEOUT_ACTION',
  4: 'the Gateway version is not installed in the image',
  5: 'a path of the start script does not exist in the image',
  6: 'the settings file of IBC is missing',
  7: 'the vmoptions file of the Gateway is missing',
  8: 'the start script does not know the operating system',
  77: 'the windows of this Gateway version do not fit this IBC version: choose another image',
  79: 'the settings file of IBC is missing',
  80: 'IBC refused TRADING_MODE',
  81: 'IBC refused the value of a setting',
  82: 'IBC cannot use its settings directory',
  84: 'IBC cannot write jts.ini in the settings directory',
  85: 'IBC cannot write jts.ini in the settings directory',
  88: 'the Gateway never showed its login dialog',
}

/** Statuses that name their cause; undefined for those that do not. */
export function causeOfStatus(
  status: number,
  { stage, loggedIn, unexplainedLoginBox }: LoginProgress,
): Cause | undefined {
  const fault = faults[status]
  // The start script's own (up to 8) can only come before a login; after one the number is somebody else's.
  if (fault !== undefined && !(loggedIn && status <= 8)) return { code: 'CONFIG_ERROR', detail: fault }
  if (status === 137) return { code: 'OUT_OF_MEMORY', detail: 'exit status 137' }
  if (status === 86) return { code: 'EXISTING_SESSION', detail: 'IBC could not hand the session over' }
  if (status === 87)
    return { code: 'LOGIN_STALLED', detail: 'the login did not complete after its second factor' }
  if (status === 76 && unexplainedLoginBox) {
    return { code: 'SERVER_UNAVAILABLE', detail: 'the Gateway answered the login with a notice' }
  }
  if (status === 1 && (stage === 'container-started' || stage === 'jvm-starting')) {
    return {
      code: 'CONFIG_ERROR',
      detail: 'it ended before IBC could start: check TRADING_MODE, secrets and javaHeapMb',
    }
  }
  return undefined
}

/** Java has ended; the script's next line tells whether it starts another. */
export function javaExited(p: LoginProgress, status: number, atMs: number): LoginProgress {
  const cause = failureOf(p) === undefined ? causeOfStatus(status, p) : undefined
  const blamed = cause === undefined ? p : because(p, cause.code, cause.detail)
  const stage = p.stage === 'restarting' && cause === undefined ? 'restarting' : 'exited'
  return {
    ...move(blamed, stage, stage === 'restarting' ? p.since : atMs),
    openDialogs: [],
    exitStatus: status,
  }
}

/**
 * The container has ended, as the log or the engine says. It keeps the cause that ended it; a wait for a person and a
 * planned restart are none. `exitCode` is the engine's and counts only where the log gives no status of its own: after a
 * stop it varies (143, 1, 255), and its 137 is any SIGKILL, so memory is to blame only with `oomKilled`.
 */
export function endLogin(
  p: LoginProgress,
  exit: { readonly exitCode?: number; readonly oomKilled?: boolean; readonly detail?: string },
  atMs: number,
): LoginProgress {
  if (p.stage === 'ended') return p
  const { code, detail } = exit.oomKilled
    ? ({ code: 'OUT_OF_MEMORY', detail: 'killed by the engine' } as const)
    : causeOfEnd(p, exit)
  return because({ ...move(p, 'ended', atMs), loggedIn: false, openDialogs: [] }, code, detail, true)
}

function causeOfEnd(p: LoginProgress, exit: { exitCode?: number; detail?: string }): Cause {
  // A stop ends a login that was still on its way; only what had already failed for good outlives it.
  const stopped = p.stage === 'stopping'
  const standing = stopped && !p.terminal ? undefined : failureOf(p)
  if (standing !== undefined) return standing
  if (stopped) return { code: 'CONTAINER_EXITED', detail: 'it was told to stop' }
  const status = p.exitStatus ?? exit.exitCode
  const killed = p.exitStatus === undefined && status === 137
  const named = status === undefined || killed ? undefined : causeOfStatus(status, p)
  const detail = exit.detail ?? (status === undefined ? undefined : `exit status ${status}`)
  return named ?? { code: 'CONTAINER_EXITED', ...(detail === undefined ? {} : { detail }) }
}
