// The one bridge that all gateways share, on which none of them can reach another.
import type Dockerode from 'dockerode'
import { FleetError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { Engine } from './engine.ts'
import { answered } from './errors.ts'
import { labels } from './labels.ts'

const icc = 'com.docker.network.bridge.enable_icc'

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
    if (await this.#isThere(signal)) return
    // One at a time: engine 20.10 makes two networks of one name when asked twice at once.
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined
    })
    await this.#making
    // What is there now must be safe, whoever made it.
    await this.#isThere(signal)
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
    // Another manager may have made one at the same moment, for `CheckDuplicate` is no lock: the older one stays.
    const [oldest] = await this.#named()
    if (made && oldest && oldest.Id !== made.id) {
      await this.#engine.call(`remove a second network ${network}`, { timeoutMs }, (_docker, abortSignal) =>
        made.remove({ abortSignal }),
      )
    } else if (made) this.#log.info({ network, subnet }, 'made the network of the gateways')
  }

  /** False when there is no such network. */
  async #isThere(signal: AbortSignal): Promise<boolean> {
    const [found] = await this.#named(signal)
    if (!found) return false
    if (found.Driver === 'bridge' && found.Options?.[icc] === 'false') return true
    const { network } = this.#options
    throw new FleetError(
      'NETWORK_UNSAFE',
      `The network ${network} lets containers reach each other's gateways (driver ${found.Driver}, ${icc} not false). ` +
        `Remove it (docker network rm ${network}) and we make a safe one, or name another in GATEWAY_NETWORK`,
    )
  }

  /** The networks of exactly our name, oldest first: the engine's filter takes parts of names. */
  async #named(signal?: AbortSignal): Promise<Dockerode.NetworkInspectInfo[]> {
    const { network, timeoutMs } = this.#options
    const filters = { name: [network] }
    const networks = await this.#engine.call(
      `look for the network ${network}`,
      { timeoutMs, ...(signal ? { signal } : {}) },
      (docker, abortSignal) => docker.listNetworks({ filters, abortSignal }),
    )
    const age = ({ Created }: Dockerode.NetworkInspectInfo) => Date.parse(Created)
    return networks
      .filter(({ Name }) => Name === network)
      .sort((a, b) => age(a) - age(b) || (a.Id < b.Id ? -1 : 1))
  }
}
