// The gateway in a container: boots, logs in as IBKR decides, restarts every night, ends. It prints what the real one prints.
import { nextPlannedRestart } from '../../src/fleet/lifecycle/planned-restart.ts'
import type { GatewayCredentials, GatewaySpec } from '../../src/ports/runtime.ts'
import type { Chance } from '../drill/random.ts'
import type { ApiServer } from './api-server.ts'
import type { Broker, User } from './broker.ts'
import { type LoginWords, loginWords, type Words } from './login-words.ts'
import type { VirtualTime } from './virtual-time.ts'

export type ProcessPhase = 'booting' | 'logging-in' | 'awaiting-2fa' | 'up' | 'restarting' | 'stuck' | 'ended'

export interface GatewayProcessDeps {
  readonly time: VirtualTime
  readonly chance: Chance
  readonly broker: Broker
  readonly api: ApiServer
  readonly containerId: string
  readonly spec: GatewaySpec
  readonly credentials: GatewayCredentials
  print(lines: Words): void
  ended(status: number): void
}

const twofaMs = 180_000

export class GatewayProcess {
  readonly #deps: GatewayProcessDeps
  readonly #words: LoginWords
  phase: ProcessPhase = 'booting'
  /** The next restart never comes back from it. */
  hangsAtRestart = false
  /** It hears no command and no signal but SIGKILL. */
  isDeaf = false
  /** Pushes to the phone that nobody answered, in this container. */
  missedPushes = 0
  #attempt = 0
  #paused = false
  readonly #heldUp: Array<() => void> = []
  /** Counts the plans that were dropped: what belongs to an earlier one does not happen. */
  #plan = 0

  constructor(deps: GatewayProcessDeps) {
    this.#deps = deps
    this.#words = loginWords(deps.spec.tradingMode)
  }

  get user(): User | undefined {
    return this.#deps.broker.users.get(this.#deps.credentials.username)
  }

  start(): void {
    this.#print(this.#words.container)
    this.#bootJvm()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    for (const step of this.#heldUp.splice(0)) step()
  }

  /** The command server's restart without a login; false when nobody is there to accept it. */
  restartSoftly(): boolean {
    if (this.phase !== 'up' || this.isDeaf || this.#paused) return false
    this.#plan++
    const untilMinuteMs = 60_000 - (this.#deps.time.now % 60_000)
    this.#after(untilMinuteMs, () => this.#restart())
    return true
  }

  /** Asked to end: by its command server when it is logged in, by SIGTERM else. False when it does not hear. */
  askToEnd(): boolean {
    if (this.isDeaf || this.#paused || this.phase === 'ended') return false
    this.#plan++
    const tidy = this.phase === 'up'
    this.#after(this.#between(300, 2_500), () => {
      this.#print(tidy ? this.#words.tidyStop : this.#words.stopSignal)
      this.#end(tidy ? 0 : 143)
    })
    return true
  }

  /** Gone without a word, as by SIGKILL. */
  kill(status = 137): void {
    if (this.phase !== 'ended') this.#end(status)
  }

  #bootJvm(): void {
    this.phase = 'booting'
    this.#print(this.#words.jvm)
    this.#after(this.#between(2_000, 9_000), () => {
      this.#print(this.#words.dialog)
      this.#logIn()
    })
  }

  #logIn(): void {
    const { broker, credentials, containerId, time } = this.#deps
    this.phase = 'logging-in'
    this.#print(this.#words.submit(++this.#attempt))
    this.#after(this.#between(500, 4_000), () => {
      const { username, password } = credentials
      const outcome = broker.submit(username, password, containerId, time.now)
      if (outcome === 'ok') this.#finishLogin()
      else if (outcome === 'twofa') this.#askPhone()
      else if (outcome === 'refused') this.#refused()
      else if (outcome === 'unavailable') this.#give(this.#words.unavailable, 76)
      else if (outcome === 'elsewhere') this.#give([...this.#words.authenticating, ...this.#words.yields], 76)
      else this.#stick(this.#words.authenticating)
    })
  }

  #refused(): void {
    // Most dialogs stay; now and then IBC tries again by itself, without end.
    if (this.#deps.chance.next() < 0.7) this.#stick(this.#words.refused)
    else {
      this.#print(this.#words.refusedAndAgain)
      this.#after(this.#between(2_000, 4_000), () => this.#bootJvm())
    }
  }

  #askPhone(): void {
    const { user } = this
    this.phase = 'awaiting-2fa'
    this.#print([...this.#words.authenticating, ...this.#words.twofaOpened])
    const plan = ++this.#plan
    const over = () => plan !== this.#plan || this.phase !== 'awaiting-2fa'
    // The person may take the phone in hand at any moment.
    const look = (leftMs: number) => {
      if (over()) return
      if (leftMs <= 0) this.#pushMissed()
      else if (user?.holdsPhone && twofaMs - leftMs >= user.approvesAfterMs) {
        this.#print(this.#words.twofaApproved)
        this.phase = 'logging-in'
        this.#finishLogin()
      } else this.#after(10_000, () => look(leftMs - 10_000))
    }
    look(twofaMs)
  }

  #pushMissed(): void {
    this.missedPushes++
    this.phase = 'logging-in'
    this.#print(this.#words.twofaTimedOut)
    this.#after(5_000, () => this.#logIn())
  }

  #finishLogin(): void {
    this.#after(this.#between(1_000, 6_000), () => {
      this.#print([...this.#words.authenticating, ...this.#words.completed])
      this.phase = 'up'
      this.#attempt = 0
      this.missedPushes = 0
      this.#deps.api.open()
      this.#planNightly()
    })
  }

  #planNightly(): void {
    const { time, spec } = this.#deps
    const at = nextPlannedRestart(spec.autoRestartTime, spec.timeZone, time.now)
    if (at !== undefined) this.#after(at - time.now, () => this.#restart())
  }

  /** With the stored session, which once a week is no longer good. */
  #restart(): void {
    const { broker, api, credentials, time } = this.#deps
    this.phase = 'restarting'
    this.#print(this.#words.nightly)
    api.shut()
    if (this.hangsAtRestart) {
      this.#stick([])
      return
    }
    this.#after(this.#between(4_000, 12_000), () => {
      this.#print([...this.#words.jvmWithToken, ...this.#words.dialog])
      this.#after(this.#between(2_000, 8_000), () => {
        const outcome = broker.resume(credentials.username, time.now)
        if (outcome === 'ok') this.#finishLogin()
        else if (outcome === 'unavailable') this.#give(this.#words.unavailable, 76)
        else {
          this.#print(this.#words.tokenExpired)
          this.#after(this.#between(2_000, 4_000), () => this.#bootJvm())
        }
      })
    })
  }

  #stick(words: Words): void {
    this.phase = 'stuck'
    this.#print(words)
  }

  #give(words: Words, status: number): void {
    this.#print(words)
    this.#end(status)
  }

  #end(status: number): void {
    this.phase = 'ended'
    this.#plan++
    this.#heldUp.length = 0
    this.#deps.api.shut()
    this.#deps.ended(status)
  }

  #print(words: Words): void {
    if (words.length > 0) this.#deps.print(words)
  }

  #between(fromMs: number, toMs: number): number {
    return fromMs + this.#deps.chance.below(toMs - fromMs)
  }

  #after(ms: number, step: () => void): void {
    const plan = this.#plan
    const due = () => {
      if (plan !== this.#plan || this.phase === 'ended') return
      if (this.#paused) this.#heldUp.push(due)
      else step()
    }
    this.#deps.time.schedule(ms, due)
  }
}
