// The container engine of the simulated host: containers, their logs, images, ports, and those of strangers, which nobody may touch.
import { FleetError } from '../../src/ports/errors.ts'
import type {
  ContainerState,
  GatewayContainer,
  GatewayCredentials,
  GatewayPlacement,
  GatewaySpec,
  LogLine,
  RuntimeEvent,
} from '../../src/ports/runtime.ts'
import type { Chance } from '../drill/random.ts'
import { ApiServer } from './api-server.ts'
import type { Broker } from './broker.ts'
import { GatewayProcess } from './gateway-process.ts'
import type { Condition } from './lines.ts'
import { stamped, type Words } from './login-words.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface Container {
  readonly id: string
  readonly spec: GatewaySpec
  readonly placement: GatewayPlacement
  readonly credentials: GatewayCredentials
  readonly api: ApiServer
  process: GatewayProcess
  state: ContainerState
  exitCode: number | undefined
  outOfMemory: boolean
  startedAt: number | undefined
  finishedAt: number | undefined
  readonly log: LogLine[]
  readonly readers: Set<(lines: readonly LogLine[], over: boolean) => void>
  readonly onEnd: Set<() => void>
}

const loopback = ['127.0.0.1']
const keptLines = 3_000

export class Engine {
  readonly condition: Condition = { up: true, slowMs: 8, lostAnswers: 0 }
  /** How hints of events reach those who watch. */
  readonly hints = { lost: 0, doubled: 0, slowMs: 20 }
  readonly containers = new Map<string, Container>()
  readonly strangersPorts = new Set<number>()
  readonly strangersNames = new Set<string>()
  hasImage = true
  registryUp = true
  isNetworkSafe = true
  readonly watchers = new Set<(event: RuntimeEvent | 'lost' | 'resumed') => void>()
  /** Told of each container that was made, ended or removed. */
  onChange: (container: Container, what: 'started' | 'ended' | 'removed' | 'other') => void = () => {}
  readonly #time: VirtualTime
  readonly #chance: Chance
  readonly #broker: Broker
  readonly #byFollower = new Map<string, Container>()
  #made = 0

  constructor(deps: { time: VirtualTime; chance: Chance; broker: Broker }) {
    this.#time = deps.time
    this.#chance = deps.chance
    this.#broker = deps.broker
  }

  of(followerId: string): Container | undefined {
    return this.#byFollower.get(followerId)
  }

  at(port: number): Container | undefined {
    for (const container of this.containers.values())
      if (container.placement.hostPort === port && isUp(container)) return container
    return undefined
  }

  view({ id, spec, placement, ...container }: Container): GatewayContainer {
    const { state, exitCode, outOfMemory, startedAt, finishedAt } = container
    return {
      id,
      name: spec.containerName,
      followerId: spec.followerId,
      image: spec.image,
      state,
      ...(exitCode !== undefined && state === 'exited' && { exitCode }),
      outOfMemory,
      ...(startedAt !== undefined && { startedAt }),
      ...(finishedAt !== undefined && state === 'exited' && { finishedAt }),
      ...placement,
      specHash: spec.specHash,
      tradingMode: spec.tradingMode,
      publishedOn: loopback,
    }
  }

  /** NAME_IN_USE when somebody has the name. */
  create(spec: GatewaySpec, placement: GatewayPlacement, credentials: GatewayCredentials): Container {
    const { followerId, containerName } = spec
    if (this.strangersNames.has(containerName) || this.#byFollower.has(followerId))
      throw new FleetError('NAME_IN_USE', `A container named ${containerName} exists.`)
    if (!this.hasImage) throw new FleetError('IMAGE_MISSING', `There is no image ${spec.image}.`)
    const id = `c${++this.#made}`
    const user = this.#broker.users.get(credentials.username)
    const api = new ApiServer(user?.accounts ?? [])
    const container: Container = {
      id,
      spec,
      placement,
      credentials,
      api,
      process: undefined as never,
      state: 'created',
      exitCode: undefined,
      outOfMemory: false,
      startedAt: undefined,
      finishedAt: undefined,
      log: [],
      readers: new Set(),
      onEnd: new Set(),
    }
    this.containers.set(id, container)
    this.#byFollower.set(followerId, container)
    return container
  }

  /** PORT_IN_USE when somebody listens there. */
  start(container: Container): void {
    if (container.state === 'running') return
    const { hostPort } = container.placement
    if (this.strangersPorts.has(hostPort) || this.at(hostPort))
      throw new FleetError('PORT_IN_USE', `Port ${hostPort} is taken.`)
    const { spec, credentials, api, id } = container
    container.process = new GatewayProcess({
      time: this.#time,
      chance: this.#chance,
      broker: this.#broker,
      api,
      containerId: id,
      spec,
      credentials,
      print: (lines) => this.#print(container, lines),
      ended: (status) => this.#ended(container, status),
    })
    container.state = 'running'
    container.exitCode = undefined
    container.outOfMemory = false
    container.startedAt = this.#time.now
    container.process.start()
    this.#tell(container, 'started', 'started')
  }

  end(container: Container, status: number, outOfMemory = false): void {
    if (!isUp(container)) return
    container.outOfMemory = outOfMemory
    container.process.kill(status)
  }

  pause(container: Container): void {
    if (container.state !== 'running') return
    container.state = 'paused'
    container.api.isPaused = true
    container.process.pause()
    this.#tell(container, 'paused', 'other')
  }

  unpause(container: Container): void {
    if (container.state !== 'paused') return
    container.state = 'running'
    container.api.isPaused = false
    container.process.resume()
    container.api.speakAgain()
    this.#tell(container, 'resumed', 'other')
  }

  /** SIGTERM or its own command, then SIGKILL after the grace; `onEnd` of the container tells when it is over. */
  stop(container: Container, graceMs: number): void {
    if (!isUp(container)) return
    container.process.askToEnd()
    this.#time.schedule(graceMs, () => this.end(container, 137))
  }

  remove(container: Container): void {
    if (!this.containers.has(container.id)) return
    this.end(container, 137)
    this.containers.delete(container.id)
    if (this.#byFollower.get(container.spec.followerId) === container)
      this.#byFollower.delete(container.spec.followerId)
    this.#tell(container, 'removed', 'removed')
  }

  /** The engine goes away; with `ends`, so do all containers. */
  goDown(ends: boolean): void {
    this.condition.up = false
    for (const container of [...this.containers.values()]) {
      if (ends) this.end(container, 143)
      for (const reader of [...container.readers]) reader([], true)
      container.readers.clear()
    }
    for (const watch of this.watchers) watch('lost')
  }

  comeBack(): void {
    if (this.condition.up) return
    this.condition.up = true
    for (const watch of this.watchers) watch('resumed')
  }

  #print(container: Container, words: Words): void {
    const at = this.#time.now
    const lines = words.map((line) => ({ at, stream: 'stdout' as const, text: stamped(line, at) }))
    container.log.push(...lines)
    if (container.log.length > keptLines) container.log.splice(0, container.log.length - keptLines)
    for (const reader of container.readers) reader(lines, false)
  }

  #ended(container: Container, status: number): void {
    container.state = 'exited'
    container.api.isPaused = false
    container.exitCode = status
    container.finishedAt = this.#time.now
    for (const reader of [...container.readers]) reader([], true)
    container.readers.clear()
    for (const told of [...container.onEnd]) told()
    container.onEnd.clear()
    if (container.outOfMemory) this.#tell(container, 'out-of-memory', 'other')
    this.#tell(container, 'exited', 'ended')
  }

  #tell(
    container: Container,
    action: RuntimeEvent['action'],
    what: 'started' | 'ended' | 'removed' | 'other',
  ): void {
    this.onChange(container, what)
    if (!this.condition.up) return
    const event = {
      followerId: container.spec.followerId,
      containerId: container.id,
      action,
      at: this.#time.now,
    }
    const { lost, doubled, slowMs } = this.hints
    for (const watch of this.watchers) {
      if (this.#chance.next() < lost) continue
      const times = this.#chance.next() < doubled ? 2 : 1
      for (let time = 0; time < times; time++)
        this.#time.schedule(1 + this.#chance.below(slowMs), () => {
          if (this.watchers.has(watch) && this.condition.up) watch(event)
        })
    }
  }
}

export const isUp = ({ state }: Container) => state === 'running' || state === 'paused'
