// One simulated container: a gateway in this process, its log, and how it ended.
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import { FleetError } from '../../ports/errors.ts'
import type {
  ContainerState,
  GatewayContainer,
  GatewayCredentials,
  GatewayPlacement,
  GatewaySpec,
  LogLine,
} from '../../ports/runtime.ts'
import type { SimulatorClock } from '../../simulator/clock.ts'
import {
  type Broker,
  type Fills,
  type PacingMode,
  type SimulatedGateway,
  startSimulatedGateway,
} from '../../simulator/gateway.ts'
import { Tape } from './runtime-tape.ts'

/** How long the simulated gateways take, in seconds; the simulator's own defaults where absent. */
export interface SimulatedPace {
  readonly loginSeconds?: number
  readonly twofaSeconds?: number
  readonly restartSeconds?: number
}

export interface SimulatedContainerDeps {
  readonly clock: Clock
  readonly pace: SimulatedPace
  readonly pacing: PacingMode
  readonly fills: Fills
  /** IBKR, where the orders of a login outlive its gateways. */
  brokerOf(username: string, mode: GatewaySpec['tradingMode']): Broker
  /** Called once, when the port is free again. */
  onExit(container: SimulatedContainer): void
}

/** The simulator's view of our clock. */
export function simulatorClock(clock: Clock): SimulatorClock {
  return { now: () => clock.now(), schedule: (task, delayMs) => clock.schedule(delayMs, task) }
}

const host = '127.0.0.1'
/** About a day of a gateway's chatter. */
const keptLogLines = 5_000
const idBytes = 32

export class SimulatedContainer {
  readonly id = randomBytes(idBytes).toString('hex')
  readonly spec: GatewaySpec
  readonly placement: GatewayPlacement
  readonly log = new Tape<LogLine>(keptLogLines)
  readonly #deps: SimulatedContainerDeps
  #gateway: SimulatedGateway | undefined
  #state: ContainerState = 'created'
  #exitCode: number | undefined
  #startedAt: number | undefined
  #finishedAt: number | undefined
  #ended: () => void = () => {}
  /** Resolves when the gateway has ended and its port is free. */
  readonly ended = new Promise<void>((resolve) => {
    this.#ended = resolve
  })

  constructor(deps: SimulatedContainerDeps, spec: GatewaySpec, placement: GatewayPlacement) {
    this.#deps = deps
    this.spec = spec
    this.placement = placement
  }

  /** The gateway while it is up. */
  get gateway(): SimulatedGateway | undefined {
    return this.#state === 'running' ? this.#gateway : undefined
  }

  /** Resolves once the port listens. PORT_IN_USE when a stranger holds it. */
  async start(credentials: GatewayCredentials): Promise<void> {
    const { clock, pace, pacing, fills, brokerOf } = this.#deps
    const { spec, placement } = this
    this.#startedAt = clock.now()
    try {
      this.#gateway = await startSimulatedGateway({
        ...pace,
        pacing,
        fills,
        ...credentials,
        broker: brokerOf(credentials.username, spec.tradingMode),
        tradingMode: spec.tradingMode,
        readOnlyApi: spec.readOnlyApi,
        existingSession: spec.existingSession as 'primary' | 'primaryoverride' | 'secondary' | 'manual',
        timeZone: spec.timeZone,
        autoRestartTime: spec.autoRestartTime,
        host,
        port: placement.hostPort,
        commandServer: true,
        clock: simulatorClock(clock),
        onLog: (text, stream) => this.log.push({ at: clock.now(), stream, text }),
        onExit: (code) => this.#exit(code),
      })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      throw new FleetError(
        'PORT_IN_USE',
        `Port ${placement.hostPort} on ${host} is taken by something else, so ${spec.containerName} cannot have it`,
        { cause: error },
      )
    }
    if (this.#state === 'created') this.#state = 'running'
  }

  view(): GatewayContainer {
    const { spec, placement } = this
    return {
      id: this.id,
      name: spec.containerName,
      followerId: spec.followerId,
      image: spec.image,
      state: this.#state,
      ...(this.#exitCode === undefined ? {} : { exitCode: this.#exitCode }),
      outOfMemory: false,
      ...(this.#startedAt === undefined ? {} : { startedAt: this.#startedAt }),
      ...(this.#finishedAt === undefined ? {} : { finishedAt: this.#finishedAt }),
      ...placement,
      specHash: spec.specHash,
      tradingMode: spec.tradingMode,
      publishedOn: [host],
    }
  }

  #exit(code: number): void {
    this.#state = 'exited'
    this.#exitCode = code
    this.#finishedAt = this.#deps.clock.now()
    this.log.finish()
    this.#ended()
    this.#deps.onExit(this)
  }
}
