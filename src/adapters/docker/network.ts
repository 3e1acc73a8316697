// The one bridge that all gateways share, on which none of them can reach another.
import { setTimeout as pause } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import { FleetError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { Engine } from './engine.ts'
import { answered } from './errors.ts'
import { labels } from './labels.ts'

const icc = 'com.docker.network.bridge.enable_icc'
/** Engine 20.10 makes two networks of one name when two ask at once; a container then gets neither ("is ambiguous"). */
const mostTries = 10
/** Waited by node's own timer and not the Clock's: at start nothing else may keep the process alive. */
const giveWayMs = 150

export interface NetworkOptions {
  readonly managerId: string
  readonly network: string
  readonly subnet?: string
  readonly timeoutMs: number
}

/** Makes the bridge, or checks the one of that name. */
export class GatewayNetwork {
  readonly #engine: Engine
  readonly #log: Log
  readonly #options: NetworkOptions
  #making: Promise<void> | undefined

  constructor(deps: { engine: Engine; log: Log }, options: NetworkOptions) {
    this.#engine = deps.engine
    this.#log = deps.log
    this.#options = options
  }

  /**
   * Idempotent. A gateway's API knows no password, so a network that lets containers talk is refused.
   * @throws FleetError NETWORK_UNSAFE
   */
  async ensure(signal: AbortSignal): Promise<void> {
    const { network } = this.#options
    for (let tries = 0; tries < mostTries; tries++) {
      const found = await this.#named(signal)
      // What is there must be safe, whoever made it.
      for (const each of found) assertSafe(each)
      if (found.length === 1) return
      if (found.length > 1) await pause(giveWayMs)
      else {
        this.#making ??= this.#make().finally(() => {
          this.#making = undefined
        })
        await this.#making
      }
    }
    throw new FleetError(
      'ENGINE_REFUSED',
      `The engine has several networks named ${network}, so no container can be put on it; remove all but one`,
    )
  }

  async #make(): Promise<void> {
    const { managerId, network, subnet, timeoutMs } = this.#options
    const made = await this.#engine.call(
      `make the network ${network}`,
      { timeoutMs },
      async (docker, abortSignal) => {
        try {
          return await docker.createNetwork({
            Name: network,
            Driver: 'bridge',
            CheckDuplicate: true,
            Options: { [icc]: 'false' },
            ...(subnet === undefined ? {} : { IPAM: { Config: [{ Subnet: subnet }] } }),
            Labels: { [labels.manager]: managerId },
            abortSignal,
          })
        } catch (error) {
          if (answered(error, 409)) return undefined
          throw error
        }
      },
    )
    // `CheckDuplicate` is no lock. Each maker looks after its own create, so at least the last one sees both and gives way.
    if (!made) return
    if ((await this.#named()).length === 1) {
      this.#log.info({ network, subnet }, 'made the network of the gateways')
      return
    }
    await this.#engine.call(`remove a second network ${network}`, { timeoutMs }, (_docker, abortSignal) =>
      made.remove({ abortSignal }),
    )
    await pause(Math.random() * giveWayMs)
  }

  /** The networks of exactly our name: the engine's filter takes parts of names. */
  async #named(signal?: AbortSignal): Promise<Dockerode.NetworkInspectInfo[]> {
    const { network, timeoutMs } = this.#options
    const filters = { name: [network] }
    const networks = await this.#engine.call(
      `look for the network ${network}`,
      { timeoutMs, ...(signal ? { signal } : {}) },
      (docker, abortSignal) => docker.listNetworks({ filters, abortSignal }),
    )
    return networks.filter(({ Name }) => Name === network)
  }
}

function assertSafe({ Name, Driver, Options }: Dockerode.NetworkInspectInfo): void {
  if (Driver === 'bridge' && Options?.[icc] === 'false') return
  throw new FleetError(
    'NETWORK_UNSAFE',
    `The network ${Name} lets containers reach each other's gateways (driver ${Driver}, ${icc} not false). ` +
      `Remove it (docker network rm ${Name}) and we make a safe one, or name another in GATEWAY_NETWORK`,
  )
}
