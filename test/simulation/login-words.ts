// What the gateway in a container prints, step by step, in the words of the real scripts and the real IBC.
import type { IbcSettings } from '../../src/simulator/ibc-settings.ts'
import * as log from '../../src/simulator/log-lines.ts'

export type Words = readonly log.LogLine[]

const settingsFor = (tradingMode: 'paper' | 'live'): IbcSettings => ({
  username: 'x',
  password: 'x',
  tradingMode,
  readOnlyApi: false,
  existingSession: 'primary',
  autoRestartTime: '04:30 PM',
  reloginAfterTwofaTimeout: true,
  commandServerPort: 7462,
})
const settings = { paper: settingsFor('paper'), live: settingsFor('live') }
const zone = 'Etc/UTC'
const midnight = 0

const opened = (title: string) => log.ibc(`detected dialog entitled: ${title}; event=Opened`)
const closed = (title: string) => log.ibc(`detected dialog entitled: ${title}; event=Closed`)
const coldRestart: Words = [
  log.ibc('Cold restart in progress'),
  log.ibc('Click button: OK'),
  log.ibc('Login has not completed: exiting immediately'),
  'IBC returned exit status 0',
  'IBC will cold-restart shortly',
  'IBC will restart shortly',
  'sleep 2',
]

/** Made once for each trading mode: they hardly vary, and hundreds of gateways print them. */
function wordsFor(mode: 'paper' | 'live', account: string) {
  const set = settings[mode]
  return {
    container: [...log.banner, ...log.startScript(set, zone, midnight)] as Words,
    jvm: log.jvmStart(set, zone, false) as Words,
    jvmWithToken: log.jvmStart(set, zone, true) as Words,
    dialog: [...log.loginDialog, ...log.selectApi] as Words,
    submit: (attempt: number): Words => [...log.fillCredentials(set), ...log.submitLogin(set, attempt)],
    authenticating: [...log.mainWindow, ...log.authenticating] as Words,
    twofaOpened: log.twofaOpened as Words,
    twofaApproved: log.twofaApproved(set, 20) as Words,
    twofaTimedOut: log.twofaTimedOut(set, 184) as Words,
    completed: [
      ...log.loginCompleted,
      ...(mode === 'paper' ? log.paperDisclaimer : []),
      ...log.configuration(set, account),
    ] as Words,
    refused: log.wrongPassword as Words,
    refusedAndAgain: [opened('Login failed'), log.ibc('Login failed'), ...coldRestart] as Words,
    unavailable: [
      opened('Login'),
      log.ibc('The system is not currently available.'),
      log.ibc('Exiting after error with exit code=1100'),
      ...log.jvmEnded(76),
    ] as Words,
    yields: [
      opened('Existing session detected'),
      log.ibc(
        'Other session must be primary or primary override, so end this session and let the other one proceed (scenario 4)',
      ),
      log.ibc('Click button: Exit Application'),
      closed('Existing session detected'),
      log.ibc('Exiting after error with exit code=1100'),
      ...log.jvmEnded(76),
    ] as Words,
    nightly: [...log.autoRestart, ...log.jvmRestarts] as Words,
    tokenExpired: [
      opened('Login Error'),
      log.ibc('Login error message:'),
      'The security tokens associated with your login credentials have expired (routinely).',
      'Please manually enter your username and password.',
      ...coldRestart,
    ] as Words,
    tidyStop: [...log.tidyStop, ...log.jvmEnded(0)] as Words,
    stopSignal: [...log.stopSignal, ...log.jvmEnded(1)] as Words,
    died: (status: number): Words => log.jvmEnded(status),
  }
}
export type LoginWords = ReturnType<typeof wordsFor>

const made = { paper: wordsFor('paper', 'DU1000000'), live: wordsFor('live', 'U1000000') }

export const loginWords = (mode: 'paper' | 'live'): LoginWords => made[mode]

/** A line as the container's log has it, stamped in UTC. */
export function stamped(line: log.LogLine, at: number): string {
  if (typeof line === 'string') return line
  const iso = new Date(at).toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}:${iso.slice(20, 23)} IBC: ${line.ibc}`
}
