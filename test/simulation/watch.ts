// What must hold at every moment, checked after each thing that happens: against the world itself, never against what the manager says of it.
import type { Alert } from '../../schemas/alert.ts'
import type { LogLine } from '../../src/ports/runtime.ts'
import { type Container, isUp } from './engine.ts'
import type { EngineUse } from './engine-client.ts'
import type { ManagerProcess } from './manager-process.ts'
import type { Known, World } from './world.ts'

export interface WatchLimits {
  /** Heartbeat interval and deadline together: an older answer proves nothing. */
  readonly answerMs: number
  readonly starts: { readonly limit: number; readonly windowMs: number }
}

/** All followers are looked at this often, whatever happens; those to whom something happened, at once. */
const sweepMs = 20_000
/** As often in an hour may one alert be raised anew: more, and nobody would read it. */
const raisedAnHour = 40
/** A person's launch may wait for its turn, and is theirs all the same. */
const personMs = 20 * 60_000

interface Start {
  /** By the host's clock, as the manager counts. */
  readonly at: number
  readonly sinceMs: number
}

export class Watch implements EngineUse {
  checks = 0
  containers = 0
  /** Followers seen RUNNING since `startCount`. */
  readonly running = new Set<string>()
  readonly lookedAtMs = new Map<string, number>()
  /** Containers that managers ended or removed, by follower, since `startCount`. */
  readonly ended = new Map<string, number>()
  readonly starts = new Map<string, Start[]>()
  /** When managers asked for the start of a container, by username: it may have logged in for all they know. */
  readonly startsAsked = new Map<string, number[]>()
  /** When managers began, milliseconds since the epoch. */
  readonly managerStarts: number[] = []
  readonly #world: World
  readonly #limits: WatchLimits
  readonly #touched = new Set<string>()
  /** When an alert was raised anew, by key. */
  readonly #raised = new Map<string, number[]>()
  readonly #byId: ReadonlyMap<string, Known>
  #sweptAtMs = 0

  constructor(world: World, limits: WatchLimits) {
    this.#world = world
    this.#limits = limits
    this.#byId = new Map(world.followers.map((known) => [known.id, known]))
    world.documents.onNewAlert = (alert) => this.#isNoStorm(alert)
    world.engine.onChange = (container, what) => {
      const { followerId } = container.spec
      world.note(
        `container ${container.id} of ${followerId} ${what} ${container.state} ${container.exitCode ?? ''}`,
      )
      this.#touched.add(followerId)
      if (what === 'started') this.#oneLoginEach(container)
    }
  }

  /** Begins to gather anew. */
  startCount(): void {
    this.running.clear()
    this.ended.clear()
  }

  follow(process: ManagerProcess): void {
    this.managerStarts.push(this.#world.time.now)
    process.manager.onGatewayChange((id) => {
      if (process.alive) this.#touched.add(id)
    })
  }

  /** Looks at those to whom something has just happened. */
  check(): void {
    const { time, process } = this.#world
    const ids = time.monotonicMs - this.#sweptAtMs >= sweepMs ? this.#byId.keys() : this.#touched
    if (ids !== this.#touched) this.#sweptAtMs = time.monotonicMs
    if (process?.alive) for (const id of ids) this.#runningMeansAnswering(id, process)
    this.#touched.clear()
  }

  asksStart({ credentials: { username } }: Container): void {
    this.startsAsked.set(username, [...(this.startsAsked.get(username) ?? []), this.#world.time.now])
  }

  ran(container: Container): void {
    this.containers++
    const { followerId } = container.spec
    const { username, password } = container.credentials
    const { broker, time } = this.#world
    this.checks++
    this.#world.note(`run ${container.id} of ${followerId} as ${username} on ${container.placement.hostPort}`)
    const asked = this.#byId.get(followerId)?.logins.some((at) => at > time.monotonicMs - personMs)
    const refusal = broker.users.get(username)?.refused.get(password)
    // A person answers for it until IBKR refuses it again, be that after hours in which it takes no logins.
    if (refusal && asked) refusal.told = false
    if (refusal?.told)
      this.#world.broken(`a login with credentials that IBKR had refused (${username})`, followerId)
    const { limit, windowMs } = this.#limits.starts
    const recent = (this.starts.get(username) ?? []).filter(({ at }) => at > time.now - windowMs)
    recent.push({ at: time.now, sinceMs: time.monotonicMs })
    this.starts.set(username, recent)
    const byPeople = [...this.#byId.values()]
      .filter((known) => known.username === username)
      .flatMap(({ logins }) => logins.filter((at) => at > time.monotonicMs - windowMs - personMs)).length
    if (recent.length > limit + byPeople)
      this.#world.broken(
        `${recent.length} logins of ${username} within ${windowMs / 60_000} min, ${byPeople} asked for by people`,
        followerId,
      )
  }

  ends(container: Container, how: 'stop' | 'kill' | 'remove'): void {
    const { followerId } = container.spec
    this.#world.note(`manager: ${how} ${container.id} of ${followerId}`)
    this.ended.set(followerId, (this.ended.get(followerId) ?? 0) + 1)
  }

  looked(followerId: string): void {
    this.lookedAtMs.set(followerId, this.#world.time.monotonicMs)
  }

  /** Once the line is with a manager, it knows. */
  read({ credentials }: Container, { text }: LogLine): void {
    if (!text.includes('Unrecognized Username') && !text.endsWith('IBC: Login failed')) return
    const refusal = this.#world.broker.users.get(credentials.username)?.refused.get(credentials.password)
    if (refusal) refusal.told = true
  }

  #isNoStorm({ key, followerId }: Alert): void {
    const now = this.#world.time.monotonicMs
    const raised = [...(this.#raised.get(key) ?? []).filter((at) => at > now - 3_600_000), now]
    this.#raised.set(key, raised)
    if (raised.length > raisedAnHour)
      this.#world.broken(`the alert ${key} was raised ${raised.length} times within an hour`, followerId)
  }

  #oneLoginEach(container: Container): void {
    this.checks++
    for (const other of this.#world.engine.containers.values()) {
      const same =
        other !== container && isUp(other) && other.credentials.username === container.credentials.username
      if (same)
        this.#world.broken(
          `two containers of ${container.credentials.username} run: ${container.id} and ${other.id} of ${other.spec.followerId}`,
          container.spec.followerId,
        )
    }
  }

  #runningMeansAnswering(id: string, { manager, connector }: ManagerProcess): void {
    this.checks++
    if (!manager.isHealthy(id)) return
    this.running.add(id)
    const port = this.#portOf(id)
    const age = port === undefined ? Number.POSITIVE_INFINITY : connector.answerAgeMs(port)
    if (age > this.#limits.answerMs)
      this.#world.broken(`RUNNING is said of a gateway that answered ${Math.round(age)} ms ago last`, id)
  }

  /** Where its session is: it may outlive its container by a moment. */
  #portOf(id: string): number | undefined {
    const container = this.#world.engine.of(id)
    return container?.placement.hostPort ?? this.#world.documents.gateways.get(id)?.hostPort ?? undefined
  }
}
