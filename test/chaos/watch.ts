// The eyes of a run: looks at manager, engine and machine all the time, from outside, and keeps what broke a promise.
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Gateway } from '../../schemas/gateway.ts'
import { labels } from '../../src/adapters/docker/labels.ts'
import { type DarkSpan, ofContainers, ofListeners, ofRunning, type Silence } from './invariants.ts'
import { Recoveries } from './recoveries.ts'
import { heartbeatMs, managerMemoryBytes, slackMs } from './settings.ts'
import type { ChaosWorld } from './world.ts'

const lookEveryMs = 250
/** The engine and the machine are looked at at every so many looks. */
const engineEvery = 4
const engineAnswerMs = 10_000

export class Watch {
  /** Each promise that was broken, once, with the time of its first break. */
  readonly violations = new Map<string, string>()
  readonly recoveries = new Recoveries()
  readonly silences = new Set<Silence>()
  /** What the manager said last; empty while it is down. */
  gateways: readonly Gateway[] = []
  looks = 0
  managerPeakBytes = 0
  /** Ids of containers that were seen, by hash of their username: a login each. */
  readonly logins = new Map<string, Set<string>>()
  readonly #world: ChaosWorld
  readonly #dark: Array<{ from: number; to: number }> = []
  readonly #clearing = new Set<{ to: number }>()
  #lastMemory = 0

  constructor(world: ChaosWorld) {
    this.#world = world
  }

  broken(what: string): void {
    if (this.violations.has(what)) return
    this.violations.set(what, new Date().toISOString())
    console.log(`  BROKEN at ${new Date().toISOString()}: ${what}`)
  }

  /** Looks again and again until `over` is aborted. */
  async goOn(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await this.look()
      await pause(lookEveryMs)
    }
  }

  async look(): Promise<void> {
    await this.#atManager()
    if (this.looks++ % engineEvery === 0) await this.#atEngine()
    this.#atMachine()
  }

  /** Begins a time in which history may have holes; it ends when its cause is said to be over and the manager is ready again. */
  darkSpan(): () => void {
    const span = { from: Date.now() - slackMs, to: Number.POSITIVE_INFINITY }
    this.#dark.push(span)
    return () => {
      this.#clearing.add(span)
    }
  }

  get darkSpans(): readonly DarkSpan[] {
    return this.#dark
  }

  async #atManager(): Promise<void> {
    const { manager } = this.#world
    if (manager.hasCrashed) this.broken('the manager ended by itself')
    const askedAtMs = Date.now()
    const list = await manager.ask('GET', '/gateways?limit=1000')
    const ready = await manager.ask('GET', '/readyz')
    if (list && list.status >= 500) this.broken(`GET /gateways: ${list.status} ${list.text}`)
    this.gateways = list?.status === 200 ? list.body.items : []
    if (ready?.status === 200) {
      // The first events after it may still tell of what came before.
      for (const span of this.#clearing) span.to = Date.now() + slackMs
      this.#clearing.clear()
    }
    this.recoveries.look({
      atMs: Date.now(),
      gateways: list && new Map(this.gateways.map((gateway) => [gateway.followerId, gateway])),
      readiness: ready?.status === 200,
      secrets: await this.#vaultAnswers(),
    })
    const answerMs = heartbeatMs.interval + heartbeatMs.timeout + slackMs
    for (const what of ofRunning(this.gateways, [...this.silences], askedAtMs, answerMs)) this.broken(what)
  }

  async #vaultAnswers(): Promise<boolean> {
    const status = await this.#world.manager.ask('GET', '/system/system-status')
    return status?.status === 200 && status.body.credentials.reachable
  }

  async #atEngine(): Promise<void> {
    // An engine that is being ended may take a question and never answer it.
    const containers = await Promise.race([
      this.#world.containers().catch(() => []),
      pause(engineAnswerMs, []),
    ])
    for (const what of ofContainers(containers)) this.broken(what)
    for (const { Id, Labels, State } of containers) {
      const user = Labels[labels.usernameHash] ?? ''
      if (State === 'created') continue
      this.logins.set(user, (this.logins.get(user) ?? new Set()).add(Id))
    }
  }

  #atMachine(): void {
    const bytes = this.#world.manager.memoryBytes ?? 0
    this.managerPeakBytes = Math.max(this.managerPeakBytes, bytes)
    if (bytes > managerMemoryBytes && this.#lastMemory <= managerMemoryBytes)
      this.broken(`the manager has grown to ${Math.round(bytes / 2 ** 20)} MB`)
    this.#lastMemory = bytes
    if (this.#world.corner.lacks !== undefined) return
    const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFileSync(path, 'utf8'))
    for (const what of ofListeners(tables)) this.broken(what)
  }
}
