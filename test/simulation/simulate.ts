// One simulation: a seed, a fleet, a number of hours; storms, and calms in which everything must come right. Deterministic to the byte.
import { Chance } from '../drill/random.ts'
import { faults, heal } from './faults.ts'
import { drawHappenings, type Episode, episodesOf, type Happening } from './happenings.ts'
import { ManagerProcess, type OnShutdown } from './manager-process.ts'
import { ask, isRequest } from './people.ts'
import { areUntouched, reckon, wellContainers } from './reckoning.ts'
import { limits, type Pace, settingsFor } from './settings.ts'
import { Watch } from './watch.ts'
import { type Known, type Violation, World } from './world.ts'

const minuteMs = 60_000
/** Everything must be right again so long after the last fault. */
const recoveryMs = 45 * minuteMs
/** The product's own bound on a stop is 60 s; calls to a slow engine are not cut in half. */
const stopMs = 120_000
const calmHours = 2

export interface SimulationOptions {
  readonly seed: number
  readonly hours: number
  readonly followers: number
  /** Which of those that the seed brings: how a failure is shrunk, and seen again. All when absent. */
  readonly choose?: (all: readonly Happening[]) => readonly Happening[]
  /** Called now and then, with hours done. */
  readonly onProgress?: (hours: number) => void
}

export interface SimulationReport {
  readonly seed: number
  readonly followers: number
  readonly hours: number
  readonly happenings: readonly Happening[]
  /** How often each kind of trouble came. */
  readonly counts: Readonly<Record<string, number>>
  readonly containers: number
  readonly logins: number
  readonly checks: number
  readonly violations: readonly Violation[]
  /** Of everything that happened, in order. */
  readonly hash: string
  readonly traceLines: number
  readonly last: (count: number, about?: string) => string[]
}

/** Ends at the first promise that is not kept, or when the hours are over. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const simulation = new Simulation(options)
  await simulation.run()
  return simulation.report()
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #world: World
  readonly #watch: Watch
  readonly #pace: Pace
  readonly #chance: Chance
  readonly #episodes: readonly Episode[]
  readonly #happenings: readonly Happening[]
  readonly #counts: Record<string, number> = {}

  constructor(options: SimulationOptions) {
    const { seed, hours, followers } = options
    const chance = new Chance(seed)
    const stormHours = Math.min(chance.one([4, 10, 22]), Math.max(1, hours - calmHours))
    const startAt = Date.UTC(2026, 0, 5) + chance.below(300) * 86_400_000 + chance.below(86_400_000)
    const intensity = 0.5 * 32 ** chance.next()
    this.#options = options
    this.#episodes = episodesOf(hours, stormHours, calmHours)
    const all = drawHappenings(chance.below(2 ** 32), followers, this.#episodes, intensity)
    this.#happenings = options.choose?.(all) ?? all
    this.#world = new World(chance.below(2 ** 32), followers, startAt)
    this.#chance = new Chance(chance.below(2 ** 32))
    this.#pace = {
      heartbeatMs: chance.one([30_000, 60_000, 120_000]),
      monitorMs: chance.one([30_000, 60_000, 120_000]),
    }
    this.#watch = new Watch(this.#world, {
      answerMs: this.#pace.heartbeatMs + limits.session.heartbeatTimeoutMs,
      starts: limits.budget.starts,
    })
  }

  async run(): Promise<void> {
    const { time } = this.#world
    for (const happening of this.#happenings) time.schedule(happening.at, () => this.#happen(happening))
    this.#startManager()
    for (const episode of this.#episodes) {
      await this.#until(episode.calmMs)
      await this.#calm(episode)
      if (this.#over) break
    }
    this.#world.process?.crash()
  }

  report(): SimulationReport {
    const { trace, broker, violations } = this.#world
    const { seed, followers } = this.#options
    return {
      seed,
      followers,
      hours: this.#world.time.monotonicMs / 3_600_000,
      happenings: this.#happenings,
      counts: this.#counts,
      containers: this.#watch.containers,
      logins: broker.tries.length,
      checks: this.#watch.checks,
      violations,
      traceLines: trace.lines,
      hash: trace.digest(),
      last: (count, about) => trace.last(count, about),
    }
  }

  get #over(): boolean {
    return this.#world.violations.length > 0
  }

  /** The storm is over: what comes right by itself, what people must mend, and what a restart must leave alone. */
  async #calm({ calmMs, endMs }: Episode): Promise<void> {
    const world = this.#world
    world.note('calm')
    heal(world)
    this.#mendSecrets(0.5)
    if (!world.process?.alive) this.#startManager()
    this.#watch.startCount()
    await this.#until(calmMs + recoveryMs)
    if (this.#over) return
    reckon(world, this.#watch, false)
    this.#mendSecrets(1)
    this.#watch.startCount()
    await this.#until(calmMs + recoveryMs + 3 * minuteMs)
    this.#launchLocked()
    await this.#until(calmMs + 2 * recoveryMs)
    if (this.#over) return
    reckon(world, this.#watch, true)
    await this.#restartUnnoticed()
    await this.#until(endMs)
  }

  #mendSecrets(share: number): void {
    for (const known of this.#world.followers) {
      const { vault } = this.#world
      if (!this.#world.hasRightSecret(known) && this.#chance.next() < share) this.#world.putRightSecret(known)
      const secret = vault.secrets.get(known.id)
      if (secret && this.#world.copies.has(known.id)) this.#world.copies.set(known.id, secret)
    }
  }

  #launchLocked(): void {
    for (const known of this.#world.followers) {
      const manager = this.#world.process?.manager
      const isLocked = () => manager?.gatewayStatus(known.id).phase === 'locked'
      if (!this.#world.isWanted(known) || !manager || !isLocked()) continue
      const at = this.#world.time.monotonicMs
      ask(this.#world, known, { at, kind: 'launch', who: 0, forMs: 0, dice: 0 })
    }
  }

  async #restartUnnoticed(): Promise<void> {
    const { time } = this.#world
    const well = wellContainers(this.#world)
    const crashes = this.#chance.next() < 0.5
    if (crashes) this.#crash()
    else void this.#stop('leave')
    await this.#until(time.monotonicMs + minuteMs)
    this.#startManager()
    this.#watch.startCount()
    await this.#until(time.monotonicMs + 10 * minuteMs)
    if (this.#over) return
    areUntouched(this.#world, well)
  }

  #happen(happening: Happening): void {
    const { kind, who, forMs } = happening
    const world = this.#world
    const known = world.followers[who % world.followers.length]
    if (!known || this.#over) return
    this.#counts[kind] = (this.#counts[kind] ?? 0) + 1
    world.note(`${kind} ${known.id}`)
    if (isRequest(kind)) ask(world, known, happening)
    else if (kind === 'manager crash') this.#crashFor(forMs)
    else if (kind === 'manager restart') void this.#restart(happening)
    else if (kind === 'manager crash while it stops') this.#crashWhileStopping(happening)
    else this.#trouble(known, happening)
  }

  #trouble(known: Known, happening: Happening): void {
    const { kind, forMs } = happening
    const world = this.#world
    const ends = faults[kind]?.(world, known, happening)
    if (typeof ends !== 'function' || forMs === 0) return
    world.time.schedule(forMs, () => {
      world.note(`over: ${kind} ${known.id}`)
      ends()
    })
  }

  #startManager(): void {
    const world = this.#world
    if (world.process?.alive) return
    const settings = settingsFor(world.followers.length, this.#pace)
    const process = new ManagerProcess(world, settings, this.#chance.below(2 ** 32), this.#watch)
    world.process = process
    this.#watch.follow(process)
    world.note('manager starts')
    process.start().catch((error: unknown) => {
      if (process.alive) world.broken(`the manager did not start: ${(error as Error)?.stack ?? error}`)
    })
  }

  #crash(): void {
    const { process } = this.#world
    if (!process?.alive) return
    this.#world.note('manager crashes')
    process.crash()
  }

  #crashFor(ms: number): void {
    this.#crash()
    this.#world.time.schedule(ms, () => this.#startManager())
  }

  async #restart({ forMs, dice }: Happening): Promise<void> {
    await this.#stop(dice < 0.5 ? 'leave' : 'stop')
    this.#world.time.schedule(forMs, () => this.#startManager())
  }

  #crashWhileStopping({ forMs, dice }: Happening): void {
    void this.#stop(dice < 0.3 ? 'leave' : 'stop')
    this.#world.time.schedule(Math.floor(dice * 20_000), () => this.#crashFor(forMs))
  }

  /** Resolves when it has ended, by itself or not. */
  #stop(how: OnShutdown): Promise<void> {
    const world = this.#world
    const { process } = world
    if (!process?.alive) return Promise.resolve()
    world.note(`manager stops (${how})`)
    return new Promise((resolve) => {
      const late = world.time.schedule(stopMs, () => {
        if (process.alive) world.broken(`the manager has not stopped within ${stopMs / 1_000} s`)
        resolve()
      })
      process.stop(how).then(
        () => {
          late()
          world.note('manager has stopped')
          resolve()
        },
        (error: unknown) => world.broken(`the manager did not stop: ${(error as Error)?.stack ?? error}`),
      )
    })
  }

  /** In steps, so that somebody who waits can see how far it is, and a failure ends it soon. */
  async #until(ms: number): Promise<void> {
    const { time } = this.#world
    while (time.monotonicMs < ms && !this.#over) {
      await time.runUntil(Math.min(ms, time.monotonicMs + minuteMs), () => this.#watch.check())
      this.#options.onProgress?.(time.monotonicMs / 3_600_000)
    }
  }
}
