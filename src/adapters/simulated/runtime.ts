// Gateways without containers: simulated ones, each a TCP server in this process on 127.0.0.1.
import type { Clock } from '../../ports/clock.ts'
import { FleetError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { GatewayRuntime, RuntimeEvent, RuntimeSignal } from '../../ports/runtime.ts'
import { UnknownFault } from '../../simulator/faults.ts'
import {
  accountsOf,
  Broker,
  type Fills,
  type PacingMode,
  type RequestRecord,
  type SimulatedGateway,
  type Violation,
} from '../../simulator/gateway.ts'
import { SimulatedContainer, type SimulatedPace, simulatorClock } from './runtime-container.ts'
import { Tape } from './runtime-tape.ts'

export interface SimulatedRuntimeOptions {
  readonly clock: Clock
  readonly log: Log
  readonly pace?: SimulatedPace
  /** For which historical requests its gateways enforce IBKR's limits [strict: all]. */
  readonly pacing?: PacingMode
  /** Whether orders fill only while their market is open [market-hours]. */
  readonly fills?: Fills
}

export interface SimulatedRuntime extends GatewayRuntime {
  readonly kind: 'simulated'
  injectFault(followerId: string, fault: string, value: string | undefined): Promise<void>
  /** What clients of the follower's gateway did against IBKR's limits; none when it is not up. */
  violations(followerId: string): readonly Violation[]
  /** What clients asked of the follower's gateway, as `SimulatedGateway.requests`; nothing when it is not up. */
  requests(followerId: string): readonly RequestRecord[]
  /** Plays an engine that has died: calls fail with ENGINE_UNAVAILABLE and watchers hear `lost`, while gateways live on. */
  setEngineDown(down: boolean): void
}

const version = 'simulated'
/** As many as the Docker engine keeps. */
const keptSignals = 256
/** Of the grace, for the tidy logout; the rest is SIGTERM's. */
const tidyShare = 2 / 3

export function createSimulatedRuntime(options: SimulatedRuntimeOptions): SimulatedRuntime {
  const { clock, log, pace = {}, pacing = 'strict', fills = 'market-hours' } = options
  /** By id; one per follower. */
  const containers = new Map<string, SimulatedContainer>()
  /** By trading mode and username. */
  const brokers = new Map<string, Broker>()
  const signals = new Tape<RuntimeSignal>(keptSignals)
  let engineDown = false

  /** What every call to an engine may come to. */
  const reachEngine = (signal: AbortSignal): void => {
    signal.throwIfAborted()
    if (!engineDown) return
    throw new FleetError('ENGINE_UNAVAILABLE', 'The simulated engine is down; switch it on again', {
      retryAfterMs: 5_000,
    })
  }
  const tell = (container: SimulatedContainer, action: RuntimeEvent['action']): void => {
    const { followerId } = container.spec
    const event = { followerId, containerId: container.id, action, at: clock.now() }
    // An engine that is down tells nobody; who watches looks again at `resumed`.
    if (!engineDown) signals.push({ kind: 'event', event })
  }
  const ofFollower = (followerId: string) =>
    [...containers.values()].find(({ spec }) => spec.followerId === followerId)
  const brokerOf = (username: string, mode: 'paper' | 'live') => {
    const login = `${mode} ${username}`
    const known = brokers.get(login)
    if (known) return known
    const accounts = accountsOf(username, mode)
    const broker = new Broker({ clock: simulatorClock(clock), accounts, positions: [] })
    brokers.set(login, broker)
    return broker
  }
  const drop = async (container: SimulatedContainer): Promise<void> => {
    if (!containers.delete(container.id)) return
    await end(container)
    tell(container, 'removed')
  }

  return {
    kind: 'simulated',

    async ping(signal) {
      reachEngine(signal)
      return { version, latencyMs: 0 }
    },

    async prepare(signal) {
      reachEngine(signal)
    },

    async list(signal) {
      reachEngine(signal)
      return [...containers.values()].map((container) => container.view())
    },

    async inspect(followerId, signal) {
      reachEngine(signal)
      return ofFollower(followerId)?.view() ?? null
    },

    async hasImage(_image, signal) {
      reachEngine(signal)
      return true
    },

    async pullImage(image, onProgress, signal) {
      reachEngine(signal)
      onProgress({ share: 1, text: `nothing to pull for ${image}` })
    },

    async run(spec, placement, credentials, signal, onCreated) {
      reachEngine(signal)
      const holder = ofFollower(spec.followerId)
      if (holder?.gateway) {
        if (isSame(holder, spec, placement)) return holder.view()
        throw new FleetError(
          'NAME_IN_USE',
          `A container named ${spec.containerName} exists and is not the one asked for; remove it first`,
        )
      }
      if (holder) await drop(holder)
      const container = new SimulatedContainer(
        {
          ...{ clock, pace, pacing, fills, brokerOf },
          onExit: (ended) => containers.has(ended.id) && tell(ended, 'exited'),
        },
        spec,
        placement,
      )
      onCreated?.(container.id)
      await container.start(credentials)
      if (signal.aborted) {
        await end(container)
        throw signal.reason
      }
      containers.set(container.id, container)
      log.debug({ followerId: spec.followerId, port: placement.hostPort }, 'started a simulated gateway')
      tell(container, 'started')
      return container.view()
    },

    async stop(containerId, graceMs, signal) {
      reachEngine(signal)
      const container = containers.get(containerId)
      const gateway = container?.gateway
      if (!container || !gateway) return
      const endsWithin = (ms: number) => endedWithin(container, ms, clock, signal)
      if (graceMs > 0) {
        await command(gateway, 'STOP')
        if (await endsWithin(graceMs * tidyShare)) return
        void gateway.terminate()
        if (await endsWithin(graceMs * (1 - tidyShare))) return
      }
      await end(container)
    },

    async kill(containerId, signal) {
      reachEngine(signal)
      const container = containers.get(containerId)
      if (container) await end(container)
    },

    async remove(containerId, signal) {
      reachEngine(signal)
      const container = containers.get(containerId)
      if (container) await drop(container)
    },

    async removeSettings(_followerId, signal) {
      reachEngine(signal)
    },

    async softRestart(containerId, signal) {
      reachEngine(signal)
      const gateway = containers.get(containerId)?.gateway
      const answer = gateway ? await command(gateway, 'RESTART') : 'the gateway is not up'
      if (answer.startsWith('OK')) return
      throw new FleetError(
        'SOFT_RESTART_UNAVAILABLE',
        `The command server of the gateway in ${containerId} did not take RESTART (${answer}); restart the container instead`,
      )
    },

    async *logs(containerId, { tail, follow = false, since = 0 }, signal) {
      if (signal.aborted) return
      reachEngine(signal)
      const tape = containers.get(containerId)?.log
      if (!tape)
        throw new FleetError('ENGINE_REFUSED', `There is no container ${containerId} to read the log of`)
      const from = tail === undefined ? 0 : Math.max(0, tape.end - tail)
      for await (const line of tape.read(from, follow, signal)) if (line.at >= since) yield line
    },

    watch: (signal) => signals.read(signals.end, true, signal),

    async injectFault(followerId, fault, value) {
      const gateway = ofFollower(followerId)?.gateway
      if (!gateway) {
        throw new FleetError('GATEWAY_NOT_UP', `The gateway of ${followerId} is not up; launch it first`)
      }
      try {
        gateway.fault(fault, value)
      } catch (error) {
        if (!(error instanceof UnknownFault)) throw error
        throw new FleetError('UNKNOWN_FAULT', error.message, { cause: error })
      }
    },

    violations: (followerId) => ofFollower(followerId)?.gateway?.violations ?? [],

    requests: (followerId) => ofFollower(followerId)?.gateway?.requests ?? [],

    setEngineDown(down) {
      if (down === engineDown) return
      engineDown = down
      signals.push({ kind: down ? 'lost' : 'resumed' })
    },

    async close() {
      signals.finish()
      await Promise.all([...containers.values()].map(end))
      containers.clear()
      for (const broker of brokers.values()) broker.stop()
    },
  }
}

function isSame(
  { spec, placement }: SimulatedContainer,
  wanted: SimulatedContainer['spec'],
  place: SimulatedContainer['placement'],
): boolean {
  return (
    spec.specHash === wanted.specHash &&
    placement.hostPort === place.hostPort &&
    placement.clientId === place.clientId &&
    placement.usernameHash === place.usernameHash
  )
}

/** The command server's answer; of a gateway that is just ending, why there is none. */
function command(gateway: SimulatedGateway, text: string): Promise<string> {
  return gateway.command(text).catch((error: Error) => error.message)
}

/** SIGKILL; resolves when the port is free. */
async function end(container: SimulatedContainer): Promise<void> {
  const { gateway } = container
  if (!gateway) return
  gateway.kill()
  await container.ended
}

async function endedWithin(
  container: SimulatedContainer,
  ms: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const waiting = new AbortController()
  const abort = () => waiting.abort(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    const late = clock.sleep(ms, waiting.signal).then(() => false)
    return await Promise.race([container.ended.then(() => true), late])
  } finally {
    signal.removeEventListener('abort', abort)
    waiting.abort()
  }
}
