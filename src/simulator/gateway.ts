// A simulated IB Gateway in this process: the log of the real image, its published port, its faults and its end.
import { accountsOf, type Position, type TradingMode } from './accounts.ts'
import { ApiServer, type RequestRecord } from './api-server.ts'
import type { World } from './api-session.ts'
import { Broker } from './broker.ts'
import { type SimulatorClock, systemClock } from './clock.ts'
import { applyFault } from './fault-effects.ts'
import { parseFault } from './faults.ts'
import { HistoricalPacing, type PacingMode } from './historical-pacing.ts'
import { IbcProcess } from './ibc-process.ts'
import type { ExistingSession, IbcSettings } from './ibc-settings.ts'
import { banner, socatRefused } from './log-lines.ts'
import { OrderDesk } from './order-desk.ts'
import { scenarioOf } from './scenarios.ts'
import { type Violation, Violations } from './violations.ts'
import { knownZone, two, wallClock } from './zones.ts'

export { accountsOf } from './accounts.ts'
export type { RequestRecord } from './api-server.ts'
export { Broker } from './broker.ts'
export type { PacingMode } from './historical-pacing.ts'
export type { Violation } from './violations.ts'

export type Fills = 'market-hours' | 'any-hour'

export interface SimulatedGatewayOptions {
  /** Its suffix picks the scenario: `-2fa`, `-badpass`, `-taken`, `-slow`, `-oddpass`. */
  username: string
  password: string
  tradingMode: TradingMode
  /** `unset` is a gateway that nobody configured: read-only. */
  readOnlyApi?: boolean | 'unset'
  existingSession?: ExistingSession
  /** Zone of the log's time stamps. */
  timeZone?: string
  /** Zone of the API's connection time, where it differs: the Gateway has its own setting. */
  connectionTimeZone?: string
  /** Shown as IBC would set it. The simulated gateway never restarts by the clock, only when told to. */
  autoRestartTime?: string
  /** False: a push that was not answered leaves the gateway stuck at its login window. */
  reloginAfterTwofaTimeout?: boolean
  host?: string
  port?: number
  loginSeconds?: number
  twofaSeconds?: number
  restartSeconds?: number
  /** The highest API version to agree on. 200 is the highest that is all text. */
  serverVersion?: number
  accounts?: readonly string[]
  positions?: readonly Position[]
  /** Whether orders fill only while their market is open [market-hours]. */
  fills?: Fills
  /** IBKR behind the gateway, to be shared with the next one of the same login; else its own, with these accounts and positions. */
  broker?: Broker
  commandServer?: boolean
  maxMessagesPerSecond?: number
  /** For which historical requests IBKR's limits hold [strict: all]. */
  pacing?: PacingMode
  /** How long a client may take to say who it is [60]. */
  greetingSeconds?: number
  /** How long a vanished client's id stays taken. */
  ghostSlotSeconds?: number
  clock?: SimulatorClock
  /** False when the start script's banner has been printed already. */
  banner?: boolean
  onLog(line: string, stream: 'stdout' | 'stderr'): void
  /** Somebody is logged in, or no more. */
  onLogin?(isLoggedIn: boolean): void
  /** Called once, when the port is free again. */
  onExit(code: number): void
}

export interface SimulatedGateway {
  readonly port: number
  readonly loggedIn: boolean
  /** What API clients asked, oldest first; at most the last 10,000. */
  readonly requests: readonly RequestRecord[]
  /** What clients did against IBKR's limits, oldest first; at most the last 1,000. */
  readonly violations: readonly Violation[]
  /** @throws UnknownFault with the list of names. */
  fault(name: string, value?: string): void
  /** IBC's command server: the reply's lines. Rejects when the command server is off or the gateway has ended. */
  command(text: string): Promise<string>
  /** SIGTERM; resolves when the port is free. */
  terminate(): Promise<void>
  /** SIGKILL. */
  kill(): void
}

const slowScenarioMs = 2_000

/** Starts a gateway; resolves once its port listens, before anyone is logged in. Rejects with EADDRINUSE as node does. */
export async function startSimulatedGateway(options: SimulatedGatewayOptions): Promise<SimulatedGateway> {
  const clock = options.clock ?? systemClock
  const timeZone = knownZone(options.timeZone ?? 'Etc/UTC')
  const settings: IbcSettings = {
    username: options.username,
    password: options.password,
    tradingMode: options.tradingMode,
    readOnlyApi: options.readOnlyApi ?? false,
    existingSession: options.existingSession ?? 'primary',
    autoRestartTime: options.autoRestartTime ?? '',
    reloginAfterTwofaTimeout: options.reloginAfterTwofaTimeout ?? true,
    commandServerPort: options.commandServer ? 7462 : 0,
  }
  const accounts = options.accounts ?? accountsOf(options.username, options.tradingMode)
  const broker = options.broker ?? new Broker({ clock, accounts, positions: options.positions ?? [] })
  if (options.fills) broker.setAnyHour(options.fills === 'any-hour')
  const world: World = {
    clock,
    accounts,
    broker,
    desk: new OrderDesk(broker, clock, () => api.sessions()),
    timeZone,
    tradingMode: options.tradingMode,
    readOnly: settings.readOnlyApi !== false,
    pacing: new HistoricalPacing(options.pacing ?? 'strict'),
    violations: new Violations(),
    upstream: true,
    farms: true,
  }
  const api: ApiServer = new ApiServer({
    world,
    timeZone: knownZone(options.connectionTimeZone ?? timeZone),
    serverVersion: options.serverVersion ?? 200,
    maxMessagesPerSecond: options.maxMessagesPerSecond ?? 50,
    greetingSeconds: options.greetingSeconds ?? 60,
    ghostSlotSeconds: options.ghostSlotSeconds ?? 0,
    delayMs: scenarioOf(options.username) === 'slow' ? slowScenarioMs : 0,
    refused: () => options.onLog(socatRefused(options.tradingMode, timeZone, clock.now()), 'stderr'),
  })
  const port = await api.listen(options.host ?? '127.0.0.1', options.port ?? 0)

  let closed: Promise<void> | undefined
  const process = new IbcProcess({
    settings,
    clock,
    timeZone,
    account: accounts[0] ?? '',
    loginSeconds: options.loginSeconds ?? 1,
    twofaSeconds: options.twofaSeconds ?? 180,
    restartSeconds: options.restartSeconds ?? 10,
    print: (line) => options.onLog(line, 'stdout'),
    loggedIn() {
      api.serve()
      options.onLogin?.(true)
    },
    loggedOut() {
      api.shut()
      options.onLogin?.(false)
    },
    ended(status) {
      closed = api.close().then(() => options.onExit(status))
      world.desk.close()
      if (!options.broker) broker.stop()
    },
  })
  if (options.banner !== false) for (const line of banner) options.onLog(String(line), 'stdout')
  void process.start()

  return {
    port,
    requests: api.requests,
    violations: world.violations.list,
    get loggedIn() {
      return process.phase === 'logged-in'
    },
    fault: (name, value) => applyFault(parseFault(name, value), { api, process, desk: world.desk }),
    async command(text) {
      if (!options.commandServer) throw new Error('connect ECONNREFUSED 127.0.0.1:7462')
      if (process.phase === 'ended') throw new Error('the gateway has ended')
      return runCommand(text, process, () => wallClock(timeZone, clock.now() + 60_000))
    },
    async terminate() {
      process.terminate()
      await closed
    },
    kill: () => process.kill(),
  }
}

/** IBC's commands, with its replies. Source: IBC 3.24.1's command dispatcher. */
function runCommand(
  text: string,
  process: IbcProcess,
  nextMinute: () => ReturnType<typeof wallClock>,
): string {
  switch (text.trim().toUpperCase()) {
    case 'STOP':
      process.stop()
      return 'OK Shutting down: STOP command'
    case 'RESTART': {
      if (process.phase !== 'logged-in') return 'ERROR RESTART is not possible before login has completed'
      const { hour, minute } = nextMinute()
      void process.restart()
      const shown = `${two(hour % 12 || 12)}:${two(minute)} ${hour < 12 ? 'AM' : 'PM'}`
      return `OK RESTART in progress\nOK RESTART at ${shown}`
    }
    case 'RECONNECTDATA':
    case 'RECONNECTACCOUNT':
      return 'OK '
    case 'ENABLEAPI':
      return 'ERROR ENABLEAPI is not valid for the IB Gateway'
    case 'EXIT':
      return 'OK Goodbye'
    default:
      return 'ERROR Command invalid'
  }
}
