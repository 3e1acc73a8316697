// What a line of a gateway's log says, for a reader who looks for the stage of a login. Pure; reads lines as the fleet itself does.
import { classifyLogLine } from '../../../src/fleet/login-log/classify.ts'
import { scrubLine } from '../../../src/fleet/login-log/scrub.ts'
import type { LogSign } from '../../../src/fleet/login-log/sign.ts'

/** `stage`: on its way. `waiting`: for a person. `good`: logged in. `bad`: refused or broken. `note`: about the log itself. */
export type LineTone = 'plain' | 'stage' | 'waiting' | 'good' | 'bad' | 'note'

export interface ShownLine {
  /** Grows by one with each line. */
  readonly key: number
  readonly text: string
  readonly tone: LineTone
  /** The stage in a word or two. */
  readonly mark?: string
}

/** So many lines are kept; and so much of each, in characters. */
export const lineLimit = 500
export const shownLength = 2_000

const marks: Partial<Record<LogSign['kind'], readonly [LineTone, string]>> = {
  'container-starting': ['stage', 'container'],
  'startup-fault': ['bad', 'fault'],
  'jvm-starting': ['stage', 'java'],
  'ibc-started': ['stage', 'IBC'],
  'auto-restarting': ['stage', 'restart'],
  'display-lost': ['bad', 'display'],
  'login-dialog': ['stage', 'login'],
  'credentials-submitted': ['stage', 'login'],
  authenticating: ['stage', 'login'],
  'gui-mismatch': ['bad', 'fault'],
  'awaiting-2fa': ['waiting', '2FA'],
  'twofa-closed': ['stage', '2FA over'],
  'twofa-device-required': ['bad', '2FA device'],
  'twofa-timeout': ['bad', '2FA timeout'],
  'twofa-timeout-stuck': ['bad', '2FA timeout'],
  'twofa-login-stalled': ['bad', '2FA stalled'],
  'existing-session': ['waiting', 'other session'],
  'existing-session-manual': ['waiting', 'other session'],
  'existing-session-yielded': ['bad', 'other session'],
  'existing-session-error': ['bad', 'other session'],
  'existing-session-takeover': ['stage', 'taking over'],
  relogin: ['stage', 'login again'],
  'login-rejected': ['bad', 'rejected'],
  'login-failed': ['bad', 'failed'],
  'login-error': ['bad', 'login error'],
  'locked-out': ['bad', 'locked out'],
  'server-unavailable': ['bad', 'IBKR away'],
  'cold-restart': ['stage', 'restart'],
  'script-restart': ['stage', 'restart'],
  blocked: ['waiting', 'dialog'],
  'logged-in': ['good', 'logged in'],
  configured: ['good', 'configured'],
  'read-only-block': ['waiting', 'read-only'],
  'password-notice': ['waiting', 'password'],
  'config-warning': ['waiting', 'setting'],
  'planned-stop': ['stage', 'planned'],
  'login-dialog-timeout': ['bad', 'no login'],
  'shutting-down': ['stage', 'shutting down'],
  stopping: ['stage', 'stopping'],
  'ibc-exited': ['bad', 'exited'],
}

/** What the gateway's own programs print when they break, whatever they are. */
const trouble = /\b(?:Exception|Error|ERROR|FATAL)\b/

/** A line as it is shown: its stage marked, what is too long cut with a note. */
export function shownLine(key: number, text: string): ShownLine {
  const sign = classifyLogLine(text)
  const [tone, mark] = (sign && marks[sign.kind]) ?? [
    trouble.test(text.slice(0, shownLength)) ? 'bad' : 'plain',
  ]
  return { key, text: cut(text), tone, ...(mark !== undefined && { mark }) }
}

/** Scrubbed here too, as the manager has done already: a page should not have to trust that. */
function cut(text: string): string {
  if (text.length <= shownLength) return scrubLine(text)
  const kept = text.slice(0, shownLength).replace(/[\ud800-\udbff]$/, '')
  return `${scrubLine(kept)} … [${text.length - kept.length} more characters]`
}

/** IBC's own time stamp apart from what it says, so that the eye can skip it. */
export function partsOf(text: string): { readonly stamp: string; readonly rest: string } {
  const stamp = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}:\d{3} IBC: /.exec(text)?.[0] ?? ''
  return { stamp, rest: text.slice(stamp.length) }
}

/** The last lines only. */
export function bounded<T>(lines: readonly T[]): readonly T[] {
  return lines.length > lineLimit ? lines.slice(-lineLimit) : lines
}
