// A made-up world around one gateway for property tests: it reacts to planned steps as an engine, IB and people would, on a time line of its own.
import { advance } from '../../src/fleet/lifecycle/lifecycle.ts'
import { lookAgainAt, plan, type Step } from '../../src/fleet/lifecycle/plan.ts'
import type { Cause } from '../../src/fleet/lifecycle/reasons.ts'
import { gatewayStatus, initialState, type Observation } from '../../src/fleet/lifecycle/state.ts'
import * as move from '../../src/fleet/lifecycle/transitions.ts'
import type { GatewayContainer } from '../../src/ports/runtime.ts'
import type { SessionSnapshot } from '../../src/session/snapshot.ts'
import { type Fault, loginScript } from './faults.ts'
import { container, limits, login, look, noon, session } from './looks.ts'
import { mustFit, mustSpare } from './promises.ts'

const sweepMs = 30_000
const roundLimit = 12

export class Model {
  now = noon
  state = initialState(noon)
  wanted = false
  hold: Cause | null = null
  crashes: readonly number[] = []
  container: GatewayContainer | null = null
  adopted = false
  session: SessionSnapshot | null = null
  login: Observation['login'] = null
  readonly on = new Set<Fault>()
  /** Launches since a person last acted. */
  launches: number[] = []
  asked = false
  #made = 0
  /** As the engine said last. */
  #seen: GatewayContainer | null = null
  #goodSince: number | null = null
  #timers: Array<{ at: number; run: () => void }> = []

  get status() {
    return gatewayStatus(this.state.phase)
  }

  set(fault: Fault, on: boolean): void {
    if (on) this.on.add(fault)
    else this.on.delete(fault)
    const up = this.session?.state === 'ready'
    if (fault === 'mute' && on && up) this.#in(40_000, () => this.#loseSession('CONNECTION_TIMEOUT'))
    if (up && this.session) this.session = this.#readySession()
    if (fault === 'twofa' && !on && this.login?.verdict.phase === 'awaiting-2fa')
      this.login = login('connecting')
  }

  /** A person launches, or stops. */
  ask(wanted: boolean): void {
    this.wanted = wanted
    this.launches = []
    if (!wanted) return
    this.hold = null
    if (this.status === 'STARTING' || this.status === 'RUNNING') return
    // What had failed before is replaced first.
    this.asked ||= this.state.recreate !== null
    this.state = move.released(this.state, this.now)
  }

  restartContainer(): void {
    if (!this.wanted || this.status === 'FAILED') return
    this.asked = true
    this.launches = []
    this.state = move.recreationAsked(this.state, { code: 'PLANNED_RESTART' }, this.now)
  }

  /** The manager is killed and comes again: only the store remembers. */
  restartManager(): void {
    this.state = initialState(this.now, this.crashes)
    this.adopted = this.container?.state === 'running'
    this.session = null
  }

  exit(changed: Partial<GatewayContainer> = {}): void {
    if (this.container?.state !== 'running') return
    this.container = { ...this.container, state: 'exited', exitCode: 1, ...changed }
    this.#loseSession('CONNECTION_CLOSED')
  }

  removeFromOutside(): void {
    this.container = null
    this.#loseSession('CONNECTION_CLOSED')
  }

  nightlyRestart(): void {
    if (this.login?.verdict.phase === 'connecting') this.#restartJvm(10_000)
  }

  /** Lets `ms` pass, looking whenever something happens, a look is due, or the monitor sweeps. */
  pass(ms: number): void {
    const until = this.now + ms
    this.settle()
    while (this.now < until) {
      const due = lookAgainAt(this.state, this.look(), limits.maxStartupMs)
      if (due !== undefined && due <= this.now)
        throw new Error(`looks again without end: ${JSON.stringify(this.state)}`)
      const next = Math.min(until, this.now + sweepMs, due ?? until, ...this.#timers.map((timer) => timer.at))
      this.now = Math.max(this.now, next)
      const ripe = this.#timers.filter((timer) => timer.at <= this.now)
      this.#timers = this.#timers.filter((timer) => timer.at > this.now)
      for (const timer of ripe) timer.run()
      this.settle()
    }
  }

  /** What reconcile does: look, advance, plan, act, until there is nothing to do. */
  settle(): void {
    for (let round = 0; round < roundLimit; round++) {
      const seen = this.look()
      this.state = advance(this.state, seen, this.#by())
      this.#remember()
      this.#check(seen)
      const steps = plan(this.state, seen, this.now)
      if (steps.length === 0) return
      for (const step of steps) this.#run(step, seen)
    }
    throw new Error(`plans without end: ${JSON.stringify(this.state)}`)
  }

  look(): Observation {
    if (!this.on.has('engineDown')) this.#seen = this.container
    const cut = this.adopted && this.on.has('logCut')
    return look({
      wanted: this.wanted,
      hold: this.hold,
      engineUp: !this.on.has('engineDown'),
      container: this.#seen,
      imagePresent: !this.on.has('noImage'),
      adopted: this.adopted,
      login:
        this.container && (cut ? login('backing-off', { reason: { code: 'STARTUP_TIMEOUT' } }) : this.login),
      session: this.session,
      accountFault: this.session?.state === 'ready' && this.on.has('account') ? 'U9' : null,
    })
  }

  #by = () => ({ limits, now: this.now, random: 0 })

  #in(ms: number, run: () => void): void {
    const made = this.#made
    this.#timers.push({ at: this.now + ms, run: () => made === this.#made && run() })
  }

  #remember(): void {
    if (this.on.has('storeDown')) return
    this.crashes = this.state.crashes
    if (this.state.phase === 'locked' && !this.hold) this.hold = this.state.cause
  }

  #check(seen: Observation): void {
    mustFit(this.state, seen)
    const good = this.#answers() && !this.on.has('account') && !this.on.has('engineDown')
    this.#goodSince = good ? (this.#goodSince ?? this.now) : null
  }

  #answers = () =>
    this.container?.state === 'running' && this.login?.verdict.phase === 'connecting' && !this.on.has('mute')

  #readySession = () =>
    session('ready', {
      upstream: this.on.has('lost') ? 'lost' : 'up',
      brokenFarms: this.on.has('farm') ? ['usfarm'] : [],
    })

  #loseSession(code: string): void {
    if (this.session?.state !== 'ready') return
    const lost = session('reconnecting', { lastError: { code, message: code, at: this.now } })
    this.session = lost
    this.#in(2000, () => {
      if (this.session === lost && this.#answers()) this.session = this.#readySession()
    })
    this.#in(60_000, () => {
      if (this.session === lost) this.session = session('failed')
    })
  }

  #restartJvm(ms: number): void {
    const jvmStarts = (this.login?.progress.jvmStarts ?? 0) + 1
    this.login = login('restarting', { deadline: this.now + 120_000 }, { jvmStarts: jvmStarts - 1 })
    this.#loseSession('CONNECTION_CLOSED')
    this.#in(ms, () => {
      this.login = login('booting', {}, { jvmStarts })
      this.#in(5000, () => {
        this.login = login('connecting', {}, { jvmStarts })
      })
    })
  }

  #logIn(): void {
    for (const { afterMs, login: next, exits, from } of loginScript(this.on, this.now)) {
      const turn = () => {
        if (from && this.login?.verdict.phase !== from) return
        this.login = next
        if (exits) this.exit()
      }
      if (afterMs === 0) turn()
      else this.#in(afterMs, turn)
    }
  }

  #run(step: Step, seen: Observation): void {
    if (!this.asked)
      mustSpare(step, this.state, seen, this.#goodSince === null ? 0 : this.now - this.#goodSince)
    const execute: Record<Step['kind'], () => void> = {
      pull: () => {
        if (this.on.has('noImage')) this.state = move.fail(this.state, { code: 'IMAGE_MISSING' }, this.#by())
      },
      launch: () => this.#launch(),
      connect: () => {
        const connecting = session('connecting')
        this.session = connecting
        this.state = move.connectTried(this.state, this.now)
        this.#in(500, () => {
          if (this.session === connecting)
            this.session = this.#answers() ? this.#readySession() : session('idle')
        })
      },
      disconnect: () => {
        this.session = null
      },
      softRestart: () => {
        if (this.on.has('noSoft')) {
          this.state = move.fail(this.state, { code: 'SESSION_LOST' }, this.#by(), { crash: true })
          return
        }
        this.state = move.softRestartAccepted(
          this.state,
          { code: 'SESSION_LOST' },
          this.login?.progress.jvmStarts ?? 0,
          this.now,
        )
        this.#in(60_000, () => this.container?.state === 'running' && this.#restartJvm(10_000))
      },
      stop: () => this.exit(),
      remove: () => {
        this.container = null
        this.session = null
        this.adopted = false
      },
    }
    execute[step.kind]()
  }

  #launch(): void {
    if (this.container !== null) throw new Error('launch while a container is there')
    if (this.hold || this.state.phase === 'locked') throw new Error('launch while locked')
    this.session = null
    if (this.on.has('noLaunch')) {
      this.state = move.fail(this.state, { code: 'PORT_EXHAUSTED' }, this.#by())
      return
    }
    this.#made += 1
    this.asked = false
    this.launches = [...this.launches, this.now]
    this.container = container({ id: `c${this.#made}`, startedAt: this.now })
    this.adopted = false
    this.login = login('booting')
    this.#in(5000, () => this.#logIn())
  }
}
