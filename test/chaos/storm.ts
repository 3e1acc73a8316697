// The bad days: which fault comes next, whom it hits and for how long, by a seed; each is taken back before the storm is over.
import { setTimeout as pause } from 'node:timers/promises'
import type { Gateway } from '../../schemas/gateway.ts'
import { Chance } from '../drill/random.ts'
import { type Fault, faults, type GatewayFault, type WorldFault } from './faults.ts'
import type { ChaosSettings } from './settings.ts'
import type { Victim } from './victims.ts'
import type { Watch } from './watch.ts'
import type { ChaosWorld } from './world.ts'

/** Faults of one gateway come so many times as often as those of everything. */
const gatewayShare = 3
/** How often a fault waits for somebody whom it can hit. */
const triesPerFault = 40
const patientTries = 20
const betweenTriesMs = 500

/** A fault that has struck. */
interface Blow {
  /** Resolves when it has been taken back. */
  readonly over: Promise<void>
}

export class Storm {
  readonly #world: ChaosWorld
  readonly #watch: Watch
  readonly #settings: ChaosSettings
  readonly #chance: Chance
  readonly #running = new Set<Promise<void>>()
  readonly #underWay = new Set<string>()
  readonly #hit = new Set<string>()

  constructor(world: ChaosWorld, watch: Watch, settings: ChaosSettings) {
    this.#world = world
    this.#watch = watch
    this.#settings = settings
    this.#chance = new Chance(settings.seed)
  }

  /** Resolves when the last fault has been taken back. */
  async rage(names: readonly string[]): Promise<void> {
    const { stormMs, gapMs, once } = this.#settings
    const endAtMs = performance.now() + stormMs
    const rounds = once ? 1 : Number.POSITIVE_INFINITY
    for (let round = 0; round < rounds; round++) {
      for (const name of this.#deck(names)) {
        if (!once && performance.now() > endAtMs) return this.#calm()
        await this.#strike(name)
        await pause(gapMs * (0.5 + this.#chance.next()))
      }
    }
    await this.#calm()
  }

  async #calm(): Promise<void> {
    await Promise.all(this.#running)
  }

  #deck(names: readonly string[]): string[] {
    const share = (name: string) =>
      !this.#settings.once && faults[name]?.hits === 'gateway' ? gatewayShare : 1
    const cards = names.flatMap((name) => Array.from({ length: share(name) }, () => name))
    for (let last = cards.length - 1; last > 0; last--) {
      const other = this.#chance.below(last + 1)
      ;[cards[last], cards[other]] = [cards[other] as string, cards[last] as string]
    }
    return cards
  }

  async #strike(name: string): Promise<void> {
    const fault = faults[name] as Fault
    for (let tries = 0; tries < triesPerFault; tries++) {
      const blow =
        fault.hits === 'gateway'
          ? await this.#atGateway(name, fault)
          : await this.#atWorld(name, fault, tries > patientTries)
      if (blow) {
        this.#watch.recoveries.count(name)
        const running = blow.over.finally(() => this.#running.delete(running))
        this.#running.add(running)
        return
      }
      await pause(betweenTriesMs)
    }
    console.log(`${clock()} ${name} found nobody whom it could hit`)
  }

  /** Undefined when nobody could be hit. */
  async #atGateway(name: string, fault: GatewayFault): Promise<Blow | undefined> {
    const gateway = this.#somebody()
    const { engine } = this.#world
    if (!gateway?.containerId || (engine.own && !engine.own.isUp)) return undefined
    const { followerId, containerId } = gateway
    const victim: Victim = { followerId, containerId, container: engine.docker.getContainer(containerId) }
    const atMs = Date.now()
    const heal = await fault.strike(victim, this.#world).catch((error: Error) => error)
    // Others may have been quicker: a container that is gone cannot be paused.
    if (heal instanceof Error) return undefined
    console.log(`${clock()} ${name} ${followerId}`)
    this.#watch.recoveries.struck(name, gateway, atMs)
    const silence = { followerId, containerId, sinceMs: Date.now() }
    if (fault.silences) this.#watch.silences.add(silence)
    this.#hit.add(followerId)
    const holdMs = this.#hold(fault)
    const takenBack = async () => {
      await pause(holdMs)
      if (heal) this.#watch.silences.delete(silence)
      await heal?.().catch(() => {})
      this.#hit.delete(followerId)
    }
    return { over: takenBack() }
  }

  async #atWorld(name: string, fault: WorldFault, atAnyRate: boolean): Promise<Blow | undefined> {
    // Two ends of one thing at a time is nothing that happens: it has ended.
    const thing = name.split('-')[0] ?? name
    if (this.#underWay.has(thing)) return undefined
    const running = this.#watch.gateways.filter(({ status }) => status === 'RUNNING')
    // What is down already feels nothing; but not for ever.
    if (fault.hits === 'fleet' && running.length < this.#watch.gateways.length / 2 && !atAnyRate)
      return undefined
    this.#underWay.add(thing)
    const light = fault.darkens ? this.#watch.darkSpan() : undefined
    const atMs = Date.now()
    const heal = await fault.strike(this.#world)
    console.log(`${clock()} ${name}`)
    if (fault.hits !== 'fleet') this.#watch.recoveries.struck(name, fault.hits, atMs)
    else for (const gateway of running) this.#watch.recoveries.struck(name, gateway, atMs)
    const holdMs = this.#hold(fault)
    const takenBack = async () => {
      await pause(holdMs)
      await heal()
      light?.()
      this.#underWay.delete(thing)
      console.log(`${clock()}   ${name} is over after ${((Date.now() - atMs) / 1_000).toFixed(1)} s`)
    }
    return { over: takenBack() }
  }

  #hold({ holdMs = [0, 0] }: Fault): number {
    return holdMs[0] + this.#chance.next() * (holdMs[1] - holdMs[0])
  }

  /** One of those that are RUNNING, and now and then one that is about to be. */
  #somebody(): Gateway | undefined {
    const anybody = this.#chance.next() < 0.15
    const open = this.#watch.gateways.filter(
      ({ followerId, status, containerId }) =>
        containerId && !this.#hit.has(followerId) && (anybody || status === 'RUNNING'),
    )
    return open.length > 0 ? this.#chance.one(open) : undefined
  }
}

const clock = () => new Date().toISOString().slice(11, 23)
