// After the storm: all that is wanted must come back and really answer, history must hang together, and the end must leave nothing.
import { setTimeout as pause } from 'node:timers/promises'
import type { FleetEvent } from '../../schemas/event.ts'
import type { Gateway } from '../../schemas/gateway.ts'
import { canary } from '../integration/docker-fleet.ts'
import { ofHistory } from './invariants.ts'
import { accountsOf } from './probe.ts'
import { loginStarts, recoveryMs } from './settings.ts'
import type { Watch } from './watch.ts'
import type { ChaosWorld } from './world.ts'

/** Longest that a manager may wait by its own word (300 s), and time to come back after it. */
const patienceMs = 300_000 + recoveryMs
const shutdownMs = 70_000
const pageSize = 1_000
const tellEveryMs = 10_000

export class Aftermath {
  /** How long after the storm the last gateway was RUNNING. */
  settledMs = 0
  /** Gateways that were locked, with the reason, and were launched by a person. */
  readonly locked: string[] = []
  readonly #world: ChaosWorld
  readonly #watch: Watch

  constructor(world: ChaosWorld, watch: Watch) {
    this.#world = world
    this.#watch = watch
  }

  /** Each wanted gateway is RUNNING, or has been locked for a true reason and is RUNNING once a person has launched it. */
  async settle(): Promise<void> {
    const startedAtMs = performance.now()
    let dueAtMs = startedAtMs + recoveryMs
    let told = 0
    for (;;) {
      const gateways = await this.#gateways()
      const down = gateways.filter((gateway) => !this.#isAsItShouldBe(gateway, gateways))
      this.settledMs = performance.now() - startedAtMs
      if (gateways.length > 0 && down.length === 0) return
      const waitingFor = down.map(
        ({ followerId, phase, reason }) => `${followerId} ${phase} ${reason?.code ?? ''}`,
      )
      if (this.settledMs > (told + 1) * tellEveryMs) {
        told++
        console.log(`  waiting for ${waitingFor.join(', ')}`)
      }
      for (const gateway of down.filter(({ phase }) => phase === 'locked')) await this.#release(gateway)
      // It has said itself when it would try again: by then, not before.
      const announced = down.flatMap(({ retryAt }) => (retryAt ? [Date.parse(retryAt) - Date.now()] : []))
      dueAtMs = Math.max(dueAtMs, performance.now() + Math.max(...announced, -recoveryMs) + recoveryMs)
      if (performance.now() > Math.min(dueAtMs, startedAtMs + patienceMs)) {
        for (const { followerId, phase, reason } of down)
          this.#watch.broken(`${followerId} did not come back: ${phase}, ${reason?.code} ${reason?.message}`)
        return
      }
      await pause(500)
    }
  }

  /** Every RUNNING gateway tells its accounts to a stranger. */
  async probe(): Promise<number> {
    const running = (await this.#gateways()).filter(({ status }) => status === 'RUNNING')
    for (const { followerId, endpoint, accounts } of running) {
      const told = await accountsOf(endpoint?.port ?? 0).catch((error: Error) => error)
      if (told instanceof Error)
        this.#watch.broken(`${followerId} is RUNNING and does not answer: ${told.message}`)
      else if (told.join() !== accounts.join())
        this.#watch.broken(
          `${followerId} has the accounts ${told.join()}, the manager says ${accounts.join()}`,
        )
    }
    return running.length
  }

  /** Phases of each follower hang together; no username logged in more often than allowed; no secret can be read. */
  async audit(): Promise<void> {
    const { manager, followerIds, twinId, engine } = this.#world
    for (const id of [...followerIds, twinId])
      for (const what of ofHistory(await this.#history(id), this.#watch.darkSpans)) this.#watch.broken(what)
    for (const [user, containers] of this.#watch.logins)
      if (containers.size > loginStarts + this.locked.length)
        this.#watch.broken(`${containers.size} logins of ${user}, ${loginStarts} are allowed`)
    const inspected = await Promise.all(
      (await this.#world.containers()).map(({ Id }) => engine.docker.getContainer(Id).inspect()),
    )
    const places = { 'the log of the manager': manager.output, 'docker inspect': JSON.stringify(inspected) }
    for (const [place, text] of Object.entries(places))
      if (text.includes(canary)) this.#watch.broken(`a password is in ${place}`)
  }

  /** SIGTERM ends it in time and takes every container with it; `ibgm cleanup` takes the rest. */
  async end(): Promise<void> {
    const { manager } = this.#world
    const { code, tookMs } = await manager.stop(2 * shutdownMs)
    if (code !== 0 || tookMs > shutdownMs)
      this.#watch.broken(`the manager ended with ${code} after ${Math.round(tookMs)} ms`)
    const left = await this.#world.containers()
    for (const { Names, State } of left) this.#watch.broken(`${Names[0]} was left behind, ${State}`)
    const cleanup = await manager.run(shutdownMs, 'cli/main.js', 'cleanup', '--yes', '--volumes')
    if (cleanup.code !== 0) this.#watch.broken(`ibgm cleanup ended with ${cleanup.code}: ${cleanup.output}`)
    const before = new Set(this.#world.inventoryBefore)
    for (const thing of await this.#world.inventory())
      if (!before.has(thing)) this.#watch.broken(`${thing} was left on the engine`)
  }

  /** Twins share a username: one runs, the other says why it does not, or that its turn has not come. */
  #isAsItShouldBe(gateway: Gateway, all: readonly Gateway[]): boolean {
    if (gateway.status === 'RUNNING') return true
    const pair = [this.#world.twinId, this.#world.followerIds[0]]
    if (!pair.includes(gateway.followerId)) return false
    const other = all.find(({ followerId }) => followerId !== gateway.followerId && pair.includes(followerId))
    const waits = gateway.phase === 'backing-off' && gateway.retryAt !== undefined
    return waits && other?.status === 'RUNNING'
  }

  async #release({ followerId, reason }: Gateway): Promise<void> {
    const code = reason?.code ?? 'no reason'
    console.log(`  ${followerId} is locked: ${code} ${reason?.message}`)
    if (code !== 'LOGIN_BUDGET' && code !== 'CRASH_LOOP')
      this.#watch.broken(`${followerId} is locked without need: ${code} ${reason?.message}`)
    this.locked.push(`${followerId} ${code}`)
    await this.#world.manager.ask('POST', `/gateways/${followerId}/launch`)
  }

  async #gateways(): Promise<readonly Gateway[]> {
    const answer = await this.#world.manager.ask('GET', '/gateways?limit=1000')
    return answer?.status === 200 ? answer.body.items : []
  }

  async #history(followerId: string): Promise<FleetEvent[]> {
    const events: FleetEvent[] = []
    for (;;) {
      const since = events.at(-1)?.id ?? '1970-01-01T00:00:00Z'
      const path = `/events?followerId=${followerId}&limit=${pageSize}&since=${encodeURIComponent(since)}`
      const { body } = await this.#world.manager.must('GET', path)
      events.push(...body.items)
      if (body.items.length < pageSize) return events
    }
  }
}
