// One run of the gateway behind the port: boots, logs in as the user's scenario says, restarts and ends, and prints
// what the real one prints. It knows nothing of sockets; its owner opens and shuts the API on its word.
import { type SimulatorClock, Timeline } from './clock.ts'
import type { IbcSettings } from './ibc-settings.ts'
import * as log from './log-lines.ts'
import { acceptsLogin, type Scenario, scenarioOf } from './scenarios.ts'

export interface IbcProcessDeps {
  settings: IbcSettings
  /** Shown in the title of the configuration dialog. */
  account: string
  clock: SimulatorClock
  timeZone: string
  /** From the start to an open API port, in a login that nothing holds up. */
  loginSeconds: number
  /** How long a second-factor push waits for an answer. */
  twofaSeconds: number
  /** From a restart's beginning to an open API port. */
  restartSeconds: number
  print(line: string): void
  loggedIn(): void
  /** The API is gone: every client is cut off until `loggedIn` comes again. */
  loggedOut(): void
  ended(status: number): void
}

type Phase = 'starting' | 'awaiting-2fa' | 'stuck' | 'logged-in' | 'restarting' | 'ended'

export class IbcProcess {
  readonly #deps: IbcProcessDeps
  readonly #timeline: Timeline
  readonly #scenario: Scenario
  #phase: Phase = 'starting'
  #attempt = 0
  #submittedAt = 0
  #approve: (() => void) | undefined
  /** While true, the broker refuses whoever logs in, a stored token included. */
  refusesLogins = false

  constructor(deps: IbcProcessDeps) {
    this.#deps = deps
    this.#timeline = new Timeline(deps.clock)
    this.#scenario = scenarioOf(deps.settings.username)
  }

  get phase(): Phase {
    return this.#phase
  }

  async start(): Promise<void> {
    const { settings, timeZone, clock } = this.#deps
    this.#print(log.startScript(settings, timeZone, clock.now()))
    this.#print(log.jvmStart(settings, timeZone, false))
    await this.#pause(0.3)
    this.#print(log.loginDialog)
    this.#print(log.selectApi)
    await this.#logIn()
  }

  /** The person at the phone says yes. False when no push is open. */
  approveTwofa(): boolean {
    if (!this.#approve) return false
    this.#approve()
    return true
  }

  /** A restart with a stored token: no credentials, no second factor, but every API client is cut off. */
  async restart(): Promise<void> {
    const { settings, timeZone, restartSeconds } = this.#deps
    this.#timeline.cancel()
    this.#phase = 'restarting'
    this.#print(log.autoRestart)
    this.#deps.loggedOut()
    this.#print(log.jvmRestarts)
    await this.#pause(0.2, restartSeconds)
    this.#print(log.jvmStart(settings, timeZone, true))
    await this.#pause(0.3, restartSeconds)
    this.#print(log.loginDialog)
    if (this.refusesLogins) return this.#stick(log.wrongPassword)
    this.#print(log.mainWindow)
    this.#print(log.authenticating)
    await this.#pause(0.5, restartSeconds)
    await this.#complete(restartSeconds)
  }

  /** The command server's STOP: a tidy logout, status 0. */
  stop(): void {
    this.#print(this.#phase === 'logged-in' ? log.tidyStop : log.stopBeforeLogin)
    this.exit(0)
  }

  /** SIGTERM to the container: the display goes first, so java dies without logging out. */
  terminate(): void {
    if (this.#phase === 'ended') return
    this.#print(log.stopSignal)
    this.#print(log.jvmEnded(1))
    this.#end(143)
  }

  /** The JVM ends by itself with `status`, and the container with it. */
  exit(status: number): void {
    if (this.#phase === 'ended') return
    this.#print(log.jvmEnded(status))
    this.#end(status)
  }

  /** SIGKILL: nothing more is printed. */
  kill(): void {
    if (this.#phase !== 'ended') this.#end(137)
  }

  async #logIn(): Promise<void> {
    const { settings } = this.#deps
    this.#print(log.fillCredentials(settings))
    if (settings.username === '' || settings.password === '') return this.#stick([])
    this.#attempt += 1
    this.#submittedAt = this.#deps.clock.now()
    this.#print(log.submitLogin(settings, this.#attempt))
    await this.#pause(0.2)
    if (this.refusesLogins || !acceptsLogin(settings.username, settings.password)) {
      return this.#stick(log.wrongPassword)
    }
    if (this.#attempt === 1) this.#print(log.mainWindow)
    this.#print(log.authenticating)
    if (this.#scenario === '2fa' && !(await this.#secondFactor())) return
    if (this.#scenario === 'taken' && !this.#takeSession()) return
    await this.#pause(0.5)
    await this.#complete(this.#deps.loginSeconds)
  }

  /** True once approved. After a timeout either a new login has begun or the gateway is stuck. */
  async #secondFactor(): Promise<boolean> {
    const { clock, settings, twofaSeconds } = this.#deps
    this.#phase = 'awaiting-2fa'
    this.#print(log.twofaOpened)
    const approved = await new Promise<boolean>((resolve) => {
      this.#approve = () => resolve(true)
      void this.#timeline.wait(twofaSeconds * 1000).then(() => resolve(false))
    })
    this.#approve = undefined
    const seconds = Math.round((clock.now() - this.#submittedAt) / 1000)
    this.#phase = 'starting'
    if (approved) {
      this.#timeline.cancel()
      this.#print(log.twofaApproved(settings, seconds))
      return true
    }
    this.#print(log.twofaTimedOut(settings, Math.max(seconds, 180)))
    if (!settings.reloginAfterTwofaTimeout) {
      this.#phase = 'stuck'
      return false
    }
    await this.#timeline.wait(Math.min(5_000, twofaSeconds * 1000))
    await this.#logIn()
    return false
  }

  #takeSession(): boolean {
    const action = this.#deps.settings.existingSession
    if (action === 'manual') this.#stick(log.existingSession.manual)
    else if (action === 'secondary') {
      this.#print(log.existingSession.secondary)
      this.exit(76)
    } else {
      this.#print(log.existingSession.takeover)
      return true
    }
    return false
  }

  async #complete(paceSeconds: number): Promise<void> {
    const { settings, account } = this.#deps
    this.#phase = 'logged-in'
    this.#print(log.loginCompleted)
    this.#deps.loggedIn()
    await this.#pause(0.1, paceSeconds)
    if (settings.tradingMode === 'paper') this.#print(log.paperDisclaimer)
    this.#print(log.configuration(settings, account))
  }

  #stick(lines: readonly log.LogLine[]): void {
    this.#phase = 'stuck'
    this.#print(lines)
  }

  #end(status: number): void {
    this.#phase = 'ended'
    this.#timeline.cancel()
    this.#deps.loggedOut()
    this.#deps.ended(status)
  }

  #pause(share: number, ofSeconds = this.#deps.loginSeconds): Promise<void> {
    return this.#timeline.wait(share * ofSeconds * 1000)
  }

  #print(lines: readonly log.LogLine[]): void {
    const { clock, timeZone } = this.#deps
    for (const line of lines) this.#deps.print(log.stamp(line, timeZone, clock.now()))
  }
}
