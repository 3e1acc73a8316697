// Which line of a gateway's log is which sign. A table: the first rule that matches wins.
// Source: IBC 3.24 (handlers of com/ibcalpha/ibc), scripts run.sh, common.sh and ibcstart.sh of ghcr.io/gnzsnz/ib-gateway.
import type { LogSign } from './sign.ts'

/** One line of the table. `opened` and `closed` match a window's title, `ibc` the text after IBC's prefix, `raw` a whole line. */
export interface LogRule {
  readonly on: 'raw' | 'ibc' | 'opened' | 'closed'
  readonly pattern: RegExp
  readonly sign: LogSign | ((match: RegExpExecArray) => LogSign)
}

const twofaTitle = /Second Factor Authentication|Security Code Card Authentication/i

export const logRules: readonly LogRule[] = [
  // run.sh, common.sh, ibcstart.sh: no time stamp of their own
  { on: 'raw', pattern: /^\.> Starting IBC\/IB gateway$/, sign: { kind: 'container-starting' } },
  { on: 'raw', pattern: /^Starting (?:Gateway|TWS) with this command:$/, sign: { kind: 'jvm-starting' } },
  { on: 'raw', pattern: /^\.> Invalid TRADING_MODE:.*/, sign: startupFault },
  { on: 'raw', pattern: /^error: both \S+ and \S+ are set \(but are exclusive\)/, sign: startupFault },
  {
    on: 'raw',
    pattern:
      /^\/home\/ibgateway\/scripts\/common\.sh: line \d+: (.+: (?:No such file or directory|Permission denied|Is a directory))$/,
    sign: startupFault,
  },
  { on: 'raw', pattern: /^Error: (.+)$/, sign: startupFault },
  {
    on: 'raw',
    pattern: /^autorestart file not found: full authentication will be required$/,
    sign: { kind: 'auth-mode', mode: 'full' },
  },
  {
    on: 'raw',
    pattern: /^autorestart file found at .+: authentication will not be required$/,
    sign: { kind: 'auth-mode', mode: 'token' },
  },
  {
    on: 'raw',
    pattern: /^IBC returned exit status (\d{1,3})$/,
    sign: (m) => ({ kind: 'ibc-exited', status: Number(m[1]) }),
  },
  { on: 'raw', pattern: /^IBC will cold-restart shortly$/, sign: { kind: 'cold-restart' } },
  { on: 'raw', pattern: /^IBC will restart shortly$/, sign: { kind: 'script-restart' } },
  { on: 'raw', pattern: /^IBC is paused$/, sign: { kind: 'paused' } },
  { on: 'raw', pattern: /^(?:Gateway|TWS) finished$/, sign: { kind: 'finished' } },
  { on: 'raw', pattern: /^\.> .*Received SIGINT or SIGTERM\. Shutting down/, sign: { kind: 'stopping' } },
  {
    on: 'raw',
    pattern: /^Can't connect to X11 window server.*/,
    sign: (m) => ({ kind: 'display-lost', detail: m[0] }),
  },

  // the way to the login dialog and through it
  { on: 'ibc', pattern: /^version: \S+$/, sign: { kind: 'ibc-started' } },
  {
    on: 'ibc',
    pattern: /^Starting session: will exit if login dialog is not displayed within \d+ seconds$/,
    sign: { kind: 'session-starting' },
  },
  { on: 'ibc', pattern: /^Re-starting session$/, sign: { kind: 'auto-restarting' } },
  { on: 'ibc', pattern: /^Login dialog WINDOW_OPENED: LoginState is \w+$/, sign: { kind: 'login-dialog' } },
  { on: 'ibc', pattern: /^Setting (?:user name|password)$/, sign: { kind: 'filling-credentials' } },
  { on: 'ibc', pattern: /^Login attempt: \d+$/, sign: { kind: 'credentials-submitted' } },
  {
    on: 'ibc',
    pattern: /^IBC closing after TWS\/Gateway failed to display login dialog$/,
    sign: { kind: 'login-dialog-timeout' },
  },
  {
    on: 'ibc',
    pattern: /^could not login: could not find control: (.+)$/,
    sign: (m) => ({ kind: 'gui-mismatch', detail: m[1] ?? '' }),
  },

  // second factor (LoginManager, SecondFactorAuthenticationDialogHandler)
  {
    on: 'ibc',
    pattern:
      /^(?:Second Factor Authentication initiated|Login frame has now become SecondFactorAuthenticationDialog)$/,
    sign: { kind: 'awaiting-2fa' },
  },
  {
    on: 'ibc',
    pattern: /^(?:You should specify the required|could not (?:find|select)) second factor device/,
    sign: { kind: 'twofa-device-required' },
  },
  {
    on: 'ibc',
    pattern: /^If login has not completed, IBC will exit in (\d{1,5}) seconds$/,
    sign: (m) => ({ kind: 'twofa-answered', exitInMs: Number(m[1]) * 1000 }),
  },
  {
    on: 'ibc',
    pattern: /^Re-login after second factor authentication timeout in \d+ seconds?$/,
    sign: { kind: 'twofa-timeout' },
  },
  {
    on: 'ibc',
    pattern: /^Re-login after second factor authentication timeout not required$/,
    sign: { kind: 'twofa-timeout-stuck' },
  },
  {
    on: 'ibc',
    pattern: /^IBC closing because login has not completed after Second Factor Authentication$/,
    sign: { kind: 'twofa-login-stalled' },
  },

  // another session of the same user (ExistingSessionDetectedDialogHandler numbers its scenarios)
  { on: 'ibc', pattern: /\(scenario 1\)$/, sign: { kind: 'existing-session-manual' } },
  { on: 'ibc', pattern: /\(scenario [246]\)$/, sign: { kind: 'existing-session-yielded' } },
  { on: 'ibc', pattern: /\(scenario [35]\)$/, sign: { kind: 'existing-session-takeover' } },
  {
    on: 'ibc',
    pattern: /^Trading Login Handoff dialog; (?:error|could not handle)/,
    sign: { kind: 'existing-session-error' },
  },
  { on: 'ibc', pattern: /^Trading Login Handoff dialog; /, sign: { kind: 'existing-session-takeover' } },
  { on: 'ibc', pattern: /^Re-login to session$/, sign: { kind: 'relogin' } },

  // refusals
  { on: 'ibc', pattern: /^Login failed$/, sign: { kind: 'login-failed' } },
  { on: 'ibc', pattern: /^Login error message:/, sign: { kind: 'login-error' } },
  {
    on: 'ibc',
    pattern:
      /^Too many failed login attempts\. Please wait (?:(\d{1,4}) minutes?)?(?: & )?(?:(\d{1,5}) seconds?)?/,
    sign: lockedOut,
  },
  {
    on: 'ibc',
    pattern: /^(?:Connection to server failed|The system is not currently available\.).*/,
    sign: (m) => ({ kind: 'server-unavailable', detail: m[0] }),
  },
  {
    on: 'ibc',
    pattern: /^(?:Cold restart in progress|Login dialog has been invalidated - initiate cold restart)$/,
    sign: { kind: 'cold-restart-announced' },
  },
  {
    on: 'ibc',
    pattern: /^could not dismiss non-brokerage account warning dialog\.$/,
    sign: { kind: 'blocked', detail: 'Warning (the paper account disclaimer)' },
  },

  // logged in, and out again; `Login has completed: exiting via …` means the opposite of `Login has completed`
  { on: 'ibc', pattern: /^Login has completed$/, sign: { kind: 'logged-in' } },
  {
    on: 'ibc',
    pattern: /^Login has (?:completed: exiting via |not completed: exiting immediately$)/,
    sign: { kind: 'shutting-down' },
  },
  { on: 'ibc', pattern: /^Configuration tasks completed$/, sign: { kind: 'configured' } },
  {
    on: 'ibc',
    pattern: /^Read-Only API checkbox is (?:already|now) set to: (true|false)$/,
    sign: (m) => ({ kind: 'read-only-api', on: m[1] === 'true' }),
  },
  {
    on: 'ibc',
    pattern: /time setting must be hh:mm AM or hh:mm PM/,
    sign: (m) => ({ kind: 'config-warning', detail: m.input }),
  },
  {
    on: 'ibc',
    pattern: /^(?:Gateway|TWS) will be (cold restarted|shut down) at (.+)$/,
    sign: (m) => ({
      kind: 'planned-stop',
      what: m[1] === 'shut down' ? 'shutdown' : 'restart',
      when: m[2] ?? '',
    }),
  },

  // windows
  { on: 'opened', pattern: twofaTitle, sign: { kind: 'awaiting-2fa' } },
  { on: 'closed', pattern: twofaTitle, sign: { kind: 'twofa-closed' } },
  { on: 'opened', pattern: /Existing session detected/i, sign: { kind: 'existing-session' } },
  { on: 'opened', pattern: /Unrecognized Username or Password/i, sign: { kind: 'login-rejected' } },
  { on: 'opened', pattern: /Restart in progress/i, sign: { kind: 'auto-restarting' } },
  { on: 'opened', pattern: /Shutdown progress/i, sign: { kind: 'shutting-down' } },
  { on: 'opened', pattern: /Password Notice/i, sign: { kind: 'password-notice' } },
  {
    on: 'opened',
    pattern: /^API client needs write access action confirmation$/i,
    sign: { kind: 'read-only-block' },
  },
  { on: 'opened', pattern: /^Login$/i, sign: { kind: 'login-box' } },
  {
    on: 'opened',
    pattern: /^([A-Z]+\d+) Trader Workstation Configuration( \(Simulated Trading\))?$/,
    sign: (m) => ({ kind: 'account', account: m[1] ?? '', simulated: m[2] !== undefined }),
  },
  { on: 'opened', pattern: /^Authenticating\.\.\.$/i, sign: { kind: 'authenticating' } },
  { on: 'opened', pattern: /^Connecting to server\.\.\.$/i, sign: { kind: 'server-connecting' } },
  { on: 'closed', pattern: /^Starting application\.\.\.$/i, sign: { kind: 'application-started' } },
  { on: 'opened', pattern: /^/, sign: { kind: 'window' } },
  { on: 'closed', pattern: /^/, sign: { kind: 'window' } },
]

function startupFault(match: RegExpExecArray): LogSign {
  return { kind: 'startup-fault', detail: match[1] ?? match[0] }
}

function lockedOut(match: RegExpExecArray): LogSign {
  return { kind: 'locked-out', waitMs: (Number(match[1] ?? 0) * 60 + Number(match[2] ?? 0)) * 1000 }
}
