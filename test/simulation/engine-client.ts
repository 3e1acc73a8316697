// The engine as one manager process sees it: the port that the real adapter keeps, over a line that can be slow, cut, or lose answers.
import { FleetError } from '../../src/ports/errors.ts'
import type {
  GatewayContainer,
  GatewayCredentials,
  GatewayPlacement,
  GatewayRuntime,
  GatewaySpec,
  LogLine,
  PullProgress,
  RuntimeSignal,
} from '../../src/ports/runtime.ts'
import { type Container, type Engine, isUp } from './engine.ts'
import { Channel, type Line } from './lines.ts'
import type { ProcessClock, VirtualTime } from './virtual-time.ts'

export interface EngineUse {
  /** A manager asks for its start, which may not arrive. */
  asksStart(container: Container): void
  /** A gateway of ours was asked for by a manager, and started. */
  ran(container: Container): void
  /** A manager ends or removes it. */
  ends(container: Container, how: 'stop' | 'kill' | 'remove'): void
  looked(followerId: string): void
  /** A line reached a manager. */
  read(container: Container, line: LogLine): void
}

export class EngineClient implements GatewayRuntime {
  readonly kind = 'docker'
  readonly #engine: Engine
  readonly #line: Line
  readonly #process: ProcessClock
  readonly #time: VirtualTime
  readonly #use: EngineUse

  constructor(deps: {
    engine: Engine
    line: Line
    process: ProcessClock
    time: VirtualTime
    use: EngineUse
  }) {
    this.#engine = deps.engine
    this.#line = deps.line
    this.#process = deps.process
    this.#time = deps.time
    this.#use = deps.use
  }

  ping(signal: AbortSignal): Promise<{ version: string; latencyMs: number }> {
    return this.#line.call(() => ({ version: 'simulated', latencyMs: 1 }), signal)
  }

  prepare(signal: AbortSignal): Promise<void> {
    return this.#line.call(() => {
      if (!this.#engine.isNetworkSafe)
        throw new FleetError('NETWORK_UNSAFE', 'The network lets its containers talk to each other.')
    }, signal)
  }

  list(signal: AbortSignal): Promise<GatewayContainer[]> {
    return this.#line.call(
      () => [...this.#engine.containers.values()].map((container) => this.#engine.view(container)),
      signal,
    )
  }

  inspect(followerId: string, signal: AbortSignal): Promise<GatewayContainer | null> {
    return this.#line.call(() => {
      this.#use.looked(followerId)
      const container = this.#engine.of(followerId)
      return container ? this.#engine.view(container) : null
    }, signal)
  }

  hasImage(_image: string, signal: AbortSignal): Promise<boolean> {
    return this.#line.call(() => this.#engine.hasImage, signal)
  }

  async pullImage(
    image: string,
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    onProgress({ share: 0, text: 'asked' })
    await this.#process.sleep(40_000, signal)
    await this.#line.call(() => {
      if (!this.#engine.registryUp) throw new FleetError('IMAGE_MISSING', `No registry has ${image}.`)
      this.#engine.hasImage = true
    }, signal)
  }

  /** As the real adapter: each call is carried through, and after a failure what was made is removed, if the engine lets us. */
  async run(
    spec: GatewaySpec,
    placement: GatewayPlacement,
    credentials: GatewayCredentials,
    signal: AbortSignal,
    onCreated: (containerId: string) => void = () => {},
  ): Promise<GatewayContainer> {
    signal.throwIfAborted()
    let made: Container | undefined
    try {
      made = await this.#line.call(() => this.#claim(spec, placement, credentials))
      const container = made
      signal.throwIfAborted()
      this.#use.asksStart(container)
      onCreated(container.id)
      return await this.#line.call(() => {
        if (!this.#engine.containers.has(container.id)) throw refused('it was removed meanwhile')
        if (!isUp(container)) {
          this.#engine.start(container)
          this.#use.ran(container)
        }
        return this.#engine.view(container)
      })
    } catch (error) {
      const container = made ?? this.#half(spec, placement)
      if (container) await this.#line.call(() => this.#engine.remove(container)).catch(() => undefined)
      throw error
    }
  }

  async stop(containerId: string, graceMs: number, signal: AbortSignal): Promise<void> {
    const container = await this.#line.call(() => this.#touch(containerId, 'stop'), signal)
    if (!container || !isUp(container)) return
    this.#engine.stop(container, graceMs)
    await this.#end(container, signal)
    await this.#line.call(() => undefined, signal)
  }

  kill(containerId: string, signal: AbortSignal): Promise<void> {
    return this.#line.call(() => {
      const container = this.#touch(containerId, 'kill')
      if (container) this.#engine.end(container, 137)
    }, signal)
  }

  remove(containerId: string, signal: AbortSignal): Promise<void> {
    return this.#line.call(() => {
      const container = this.#touch(containerId, 'remove')
      if (container) this.#engine.remove(container)
    }, signal)
  }

  removeSettings(_followerId: string, signal: AbortSignal): Promise<void> {
    return this.#line.call(() => undefined, signal)
  }

  softRestart(containerId: string, signal: AbortSignal): Promise<void> {
    return this.#line.call(() => {
      const container = this.#engine.containers.get(containerId)
      if (!container?.process?.restartSoftly())
        throw new FleetError('SOFT_RESTART_UNAVAILABLE', 'Its command server does not answer.')
    }, signal)
  }

  async *logs(
    containerId: string,
    { tail, follow = false, since }: { tail?: number; follow?: boolean; since?: number },
    signal: AbortSignal,
  ): AsyncGenerator<LogLine> {
    const container = await this.#line.call(() => this.#engine.containers.get(containerId), signal)
    if (!container) throw refused('there is no such container')
    const channel = new Channel<LogLine>()
    const past = container.log.filter(({ at }) => since === undefined || at >= since)
    for (const line of past.slice(-(tail ?? past.length))) channel.push(line)
    const deliver = (lines: readonly LogLine[], over: boolean) => {
      this.#time.schedule(5, () => {
        if (!this.#process.alive) return
        for (const line of lines) channel.push(line)
        if (over) channel.end()
      })
    }
    const quit = () => {
      container.readers.delete(deliver)
      channel.end()
    }
    if (follow && isUp(container)) container.readers.add(deliver)
    else channel.end()
    signal.addEventListener('abort', quit, { once: true })
    try {
      for await (const line of channel.values()) {
        if (signal.aborted) return
        this.#use.read(container, line)
        yield line
      }
    } finally {
      container.readers.delete(deliver)
      signal.removeEventListener('abort', quit)
    }
  }

  async *watch(signal: AbortSignal): AsyncGenerator<RuntimeSignal> {
    const channel = new Channel<RuntimeSignal>()
    const tell: Parameters<Engine['watchers']['add']>[0] = (what) => {
      if (!this.#process.alive) return
      if (what === 'lost' || what === 'resumed') channel.push({ kind: what })
      else channel.push({ kind: 'event', event: what })
    }
    this.#engine.watchers.add(tell)
    const quit = () => {
      this.#engine.watchers.delete(tell)
      channel.end()
    }
    signal.addEventListener('abort', quit, { once: true })
    yield* channel.values()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** A new container, or the one that an earlier call made. */
  #claim(spec: GatewaySpec, placement: GatewayPlacement, credentials: GatewayCredentials): Container {
    const there = this.#engine.of(spec.followerId)
    if (!there) return this.#engine.create(spec, placement, credentials)
    const { hostPort, clientId, usernameHash } = there.placement
    const same =
      there.spec.specHash === spec.specHash &&
      hostPort === placement.hostPort &&
      clientId === placement.clientId &&
      usernameHash === placement.usernameHash
    if (!same) throw new FleetError('NAME_IN_USE', `A container named ${spec.containerName} exists.`)
    if (there.state !== 'exited') return there
    this.#engine.remove(there)
    return this.#engine.create(spec, placement, credentials)
  }

  /** What a create made whose answer was lost. */
  #half(spec: GatewaySpec, placement: GatewayPlacement): Container | undefined {
    const there = this.#engine.of(spec.followerId)
    return there?.state === 'created' && there.placement === placement ? there : undefined
  }

  #touch(containerId: string, how: 'stop' | 'kill' | 'remove'): Container | undefined {
    const container = this.#engine.containers.get(containerId)
    if (container) this.#use.ends(container, how)
    return container
  }

  #end(container: Container, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = () => {
        signal.removeEventListener('abort', onAbort)
        if (this.#process.alive) resolve()
      }
      const onAbort = () => {
        container.onEnd.delete(over)
        if (this.#process.alive) reject(signal.reason)
      }
      if (!isUp(container)) return over()
      container.onEnd.add(over)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }
}

const refused = (why: string) => new FleetError('ENGINE_REFUSED', `The engine refuses: ${why}.`)
