// What one line of a gateway's log can mean. Kinds follow the source's states; login-stage.ts decides what they lead to.
import type { WindowEvent } from './line.ts'

/** A sign, with the window that gave it where one did. */
export type LogSign = Meaning & { readonly window?: WindowEvent }

type Meaning =
  | Plain<PlainKind>
  | Detailed<DetailedKind>
  | { readonly kind: 'auth-mode'; readonly mode: 'full' | 'token' }
  | { readonly kind: 'ibc-exited'; readonly status: number }
  | { readonly kind: 'twofa-answered'; readonly exitInMs: number }
  | { readonly kind: 'locked-out'; readonly waitMs: number }
  | { readonly kind: 'account'; readonly account: string; readonly simulated: boolean }
  | { readonly kind: 'read-only-api'; readonly on: boolean }
  | { readonly kind: 'planned-stop'; readonly what: 'restart' | 'shutdown'; readonly when: string }

type Plain<K> = K extends unknown ? { readonly kind: K } : never
type Detailed<K> = K extends unknown ? { readonly kind: K; readonly detail: string } : never

/** Signs with a text for people: the name of a control, a message, a setting. */
type DetailedKind =
  | 'startup-fault'
  | 'display-lost'
  | 'gui-mismatch'
  | 'blocked'
  | 'config-warning'
  | 'server-unavailable'

type PlainKind =
  | 'container-starting'
  | 'jvm-starting'
  | 'ibc-started'
  | 'session-starting'
  | 'auto-restarting'
  | 'login-dialog'
  | 'filling-credentials'
  | 'credentials-submitted'
  | 'authenticating'
  | 'server-connecting'
  | 'application-started'
  | 'awaiting-2fa'
  | 'twofa-closed'
  | 'twofa-device-required'
  | 'twofa-timeout'
  | 'twofa-timeout-stuck'
  | 'twofa-login-stalled'
  | 'existing-session'
  | 'existing-session-manual'
  | 'existing-session-yielded'
  | 'existing-session-error'
  | 'existing-session-takeover'
  | 'relogin'
  | 'login-rejected'
  | 'login-failed'
  | 'login-error'
  | 'login-box'
  | 'cold-restart-announced'
  | 'cold-restart'
  | 'script-restart'
  | 'logged-in'
  | 'configured'
  | 'read-only-block'
  | 'password-notice'
  | 'shutting-down'
  | 'login-dialog-timeout'
  | 'stopping'
  | 'paused'
  | 'finished'
  | 'window'
