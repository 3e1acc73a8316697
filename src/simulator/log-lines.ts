// The words of a gateway's log, as data: what the image's scripts, IBC 3.24.1 and socat print, step by step.
// Source: transcripts of the real scripts and the real IBC; see test/simulator/log-lines.test.ts.
import { type IbcSettings, settingsBlock } from './ibc-settings.ts'
import { clockTime, compactDate, two, wallClock } from './zones.ts'

/** A line of a script stands as it is; IBC's own lines get a time stamp and `IBC: ` in front. */
export type LogLine = string | { ibc: string }

export const ibc = (text: string): LogLine => ({ ibc: text })

const opened = (kind: 'frame' | 'dialog', title: string) => windowEvent(kind, title, 'Opened')
const closed = (kind: 'frame' | 'dialog', title: string) => windowEvent(kind, title, 'Closed')
const click = (button: string) => ibc(`Click button: ${button}`)

export const gatewayVersion = '10.45.1j'
const settingsDirectory = '/home/ibgateway/Jts'
const rule = '!'.repeat(79)

export const banner: LogLine[] = ['*'.repeat(73), '.> Starting IBC/IB gateway', '*'.repeat(73)]

/** Everything `run.sh` prints between its banner and the first java command line. */
export function startScript(settings: IbcSettings, timeZone: string, now: number): LogLine[] {
  const { tradingMode } = settings
  const [inner, outer] = imagePorts(tradingMode)
  const at = wallClock(timeZone, now)
  return [
    '.> Starting Xvfb server',
    '.> SSH tunnel disabled',
    '.> Usign default Java heap size 768m.',
    '.> Waiting for Xvfb socket on :1...',
    '.> Xvfb socket ready!',
    '.> VNC server disabled',
    `.> API_PORT set to: ${inner}`,
    `.> SOCAT_PORT set to: ${outer}`,
    ".> Appling settings to IBC's config.ini",
    `.> Settings directory NOT set, defaulting to: ${settingsDirectory}`,
    `.> Setting timezone in ${settingsDirectory}/jts.ini`,
    '.> Starting Port Forwarding.',
    '.> Starting socat',
    `.> Starting IBC in ${tradingMode} mode, with params:`,
    `.>\t\tVersion: ${gatewayVersion}`,
    '.>\t\tprogram: gateway',
    `Forking :::${inner} onto 0.0.0.0:${outer} > trading mode ${tradingMode} `,
    'Parsing arguments',
    '',
    '='.repeat(80),
    '',
    `Starting IBC version  on ${at.year}-${two(at.month)}-${two(at.day)} at ${clockTime(at)}`,
    '',
    'Finding autorestart file',
    'autorestart file not found: full authentication will be required',
    '',
    "Renaming IB's TWS or Gateway start script to prevent restart without IBC",
    '',
  ]
}

/** A new JVM up to `Starting Gateway`; `withToken` is an auto-restart, which needs no login. */
export function jvmStart(settings: IbcSettings, timeZone: string, withToken: boolean): LogLine[] {
  const port = settings.commandServerPort
  return [
    'Starting Gateway with this command:',
    `"${settingsDirectory}/ibgateway/${gatewayVersion}/jre/bin/java" [...] ibcalpha.ibc.IbcGateway "/home/ibgateway/ibc/config.ini"`,
    '',
    ...settingsBlock(settings),
    ibc('version: 3.24.1'),
    'System Properties',
    '-'.repeat(60),
    `user.timezone = ${timeZone}`,
    '-'.repeat(60),
    ibc('using default settings provider: ini file is /home/ibgateway/ibc/config.ini'),
    ibc('using default main window manager'),
    ibc('using default config dialog manager'),
    port === 0
      ? ibc('CommandServer is not started because the port is not configured')
      : ibc(`CommandServer listening on address: 127.0.0.1; port: ${port}`),
    ibc(`TWS Settings directory is: ${settingsDirectory}`),
    withToken
      ? ibc('Re-starting session')
      : ibc('Starting session: will exit if login dialog is not displayed within 60 seconds'),
    ibc(`Ensuring ${settingsDirectory}/jts.ini contains required minimal lines`),
    ibc(`Confirmed ${settingsDirectory}/jts.ini contains required minimal lines`),
    ibc('Starting Gateway'),
  ]
}

export const loginDialog: LogLine[] = [
  ibc('Getting config dialog'),
  ibc('Creating config dialog future'),
  opened('frame', 'IBKR Gateway'),
  ibc('Login dialog WINDOW_OPENED: LoginState is LOGGED_OUT'),
]

export const selectApi: LogLine[] = [ibc('Clicking IB API selector')]

export function fillCredentials({ tradingMode }: IbcSettings): LogLine[] {
  return [
    ibc(`trading mode from settings: tradingMode=${tradingMode}`),
    ibc(`Setting Trading mode = ${tradingMode}`),
    ibc('Setting user name'),
    ibc('Setting password'),
  ]
}

export function submitLogin({ tradingMode }: IbcSettings, attempt: number): LogLine[] {
  return [
    ibc(`Login attempt: ${attempt}`),
    ibc(`trading mode from settings: tradingMode=${tradingMode}`),
    click(tradingMode === 'paper' ? 'Paper Log In' : 'Log In'),
  ]
}

export const wrongPassword: LogLine[] = [opened('dialog', 'Unrecognized Username or Password')]

export const mainWindow: LogLine[] = [
  opened('frame', 'Loading...'),
  ibc('Found Gateway main window'),
  ibc('Got main window from future'),
  ibc('Invoking config dialog menu'),
]

export const authenticating: LogLine[] = [
  opened('frame', 'Authenticating...'),
  windowEvent('frame', 'Authenticating...', 'Activated'),
  windowEvent('frame', 'Authenticating...', 'Focused'),
]

const secondFactor = 'Second Factor Authentication'
export const twofaOpened: LogLine[] = [opened('dialog', secondFactor), ibc(`${secondFactor} initiated`)]

export function twofaApproved(settings: IbcSettings, seconds: number): LogLine[] {
  const answered = [closed('dialog', secondFactor), ibc(`Duration since login: ${seconds} seconds`)]
  if (!settings.reloginAfterTwofaTimeout) return answered
  return [...answered, ibc('If login has not completed, IBC will exit in 60 seconds')]
}

export function twofaTimedOut(settings: IbcSettings, seconds: number): LogLine[] {
  const outcome = settings.reloginAfterTwofaTimeout ? 'in 5 second' : 'not required'
  return [
    closed('dialog', secondFactor),
    ibc(`Duration since login: ${seconds} seconds`),
    ibc(`Re-login after second factor authentication timeout ${outcome}`),
    closed('frame', 'Authenticating...'),
  ]
}

const existing = 'Existing session detected'
export const existingSession: Record<'manual' | 'secondary' | 'takeover', LogLine[]> = {
  manual: [
    opened('dialog', existing),
    ibc('User must choose whether to continue with this session (scenario 1)'),
  ],
  secondary: [
    opened('dialog', existing),
    ibc('End this session and let the other session proceed (scenario 2)'),
    click('Exit Application'),
    closed('dialog', existing),
    opened('dialog', 'Shutdown progress'),
    ibc('Exiting after error with exit code=1100'),
  ],
  takeover: [
    opened('dialog', existing),
    ibc("Don't know the type of the other session, so continue this one (scenario 3)"),
    click('Continue Login'),
    closed('dialog', existing),
  ],
}

export const loginCompleted: LogLine[] = [
  closed('frame', 'Starting application...'),
  ibc('Login has completed'),
]

export const paperDisclaimer: LogLine[] = [
  opened('dialog', 'Warning'),
  click('I understand and accept'),
  closed('dialog', 'Warning'),
]

/** The configuration dialog carries the account's number; its end marker appears only when something was to be set. */
export function configuration(settings: IbcSettings, account: string): LogLine[] {
  const { autoRestartTime, readOnlyApi, tradingMode } = settings
  const simulated = tradingMode === 'paper' ? ' (Simulated Trading)' : ''
  const title = `${account} Trader Workstation Configuration${simulated}`
  const tasks: LogLine[] = []
  if (autoRestartTime !== '') tasks.push(...restartTimeTask(autoRestartTime))
  if (readOnlyApi !== 'unset') {
    tasks.push(ibc('Setting ReadOnlyApi'), ibc(`Read-Only API checkbox is now set to: ${readOnlyApi}`))
  }
  if (tasks.length === 0) return []
  return [
    opened('dialog', title),
    ibc('Got config dialog from future'),
    ...tasks,
    ibc('Configuration tasks completed'),
    click('OK'),
    closed('dialog', title),
  ]
}

export const autoRestart: LogLine[] = [opened('dialog', 'Restart in progress')]

export const jvmRestarts: LogLine[] = [
  'IBC returned exit status 0',
  'Finding autorestart file',
  `autorestart file found at ${settingsDirectory}/abcdefghijklmnopqrstuvwxyz/autorestart: authentication will not be required`,
  'AUTORESTART_OPTION is -Drestart=abcdefghijklmnopqrstuvwxyz',
  'IBC will restart shortly',
  'sleep 2',
]

export const tidyStop: LogLine[] = [
  ibc('Login has completed: exiting via [File, Close] menu'),
  opened('dialog', 'Shutdown progress'),
]

export const stopBeforeLogin: LogLine[] = [ibc('Login has not completed: exiting immediately')]

export const stopSignal: LogLine[] = [
  '.> 😘 Received SIGINT or SIGTERM. Shutting down IB Gateway.',
  '.> Stopping Xvfb.',
  '.> Stopping socat.',
  '.> Stopping IBC.',
]

export function jvmEnded(status: number): LogLine[] {
  return [
    `IBC returned exit status ${status}`,
    'Finding autorestart file',
    'autorestart file not found: full authentication will be required',
    '',
    'Gateway finished',
  ]
}

/** What socat says, on stderr, when a client connects and no gateway listens behind it. */
export function socatRefused(mode: IbcSettings['tradingMode'], timeZone: string, now: number): string {
  const at = wallClock(timeZone, now)
  const stamp = `${at.year}/${two(at.month)}/${two(at.day)} ${clockTime(at)}`
  return `${stamp} socat[61] E connect(5, AF=2 127.0.0.1:${imagePorts(mode)[0]}, 16): Connection refused`
}

/** Inside the image: the port the gateway has on loopback, and the one socat publishes. */
export function imagePorts(mode: IbcSettings['tradingMode']): [inner: number, outer: number] {
  return mode === 'paper' ? [4002, 4004] : [4001, 4003]
}

export function stamp(line: LogLine, timeZone: string, now: number): string {
  if (typeof line === 'string') return line
  const at = wallClock(timeZone, now)
  const date = compactDate(at).replace(/^(\d+)(\d\d)(\d\d)$/, '$1-$2-$3')
  return `${date} ${clockTime(at)}:${String(now % 1000).padStart(3, '0')} IBC: ${line.ibc}`
}

function restartTimeTask(time: string): LogLine[] {
  if (/^(0[1-9]|1[0-2]):[0-5]\d (AM|PM)$/.test(time)) {
    return [ibc('Setting Auto restart time'), ibc(`Auto restart time set to ${time}`)]
  }
  return [rule, ibc('Auto restart time setting must be hh:mm AM or hh:mm PM'), rule]
}

function windowEvent(kind: 'frame' | 'dialog', title: string, event: string): LogLine {
  return ibc(`detected ${kind} entitled: ${title}; event=${event}`)
}
