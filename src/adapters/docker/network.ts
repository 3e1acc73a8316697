// The one bridge that all gateways share, on which none of them can reach another.
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

/**
 * Makes the bridge, or checks the one of that name. A gateway's API knows no password, so one that lets containers talk is refused.
 * @throws FleetError NETWORK_UNSAFE
 */
export async function ensureNetwork(
  engine: Engine,
  options: NetworkOptions,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  if (await checkNetwork(engine, options, signal)) return
  const { managerId, network, subnet, timeoutMs } = options
  await engine.call(`make the network ${network}`, { signal, timeoutMs }, async (docker, abortSignal) => {
    try {
      await docker.createNetwork({
        Name: network,
        Driver: 'bridge',
        // Engine 20.10 makes a second network of one name unless told not to.
        CheckDuplicate: true,
        Options: { [icc]: 'false' },
        ...(subnet === undefined ? {} : { IPAM: { Config: [{ Subnet: subnet }] } }),
        Labels: { [labels.manager]: managerId },
        abortSignal,
      })
      log.info({ network, subnet }, 'made the network of the gateways')
    } catch (error) {
      if (!answered(error, 409)) throw error
    }
  })
  // Also after a lost race: what is there now must be safe, whoever made it.
  await checkNetwork(engine, options, signal)
}

/** False when there is no such network. */
async function checkNetwork(engine: Engine, options: NetworkOptions, signal: AbortSignal): Promise<boolean> {
  const { network, timeoutMs } = options
  const found = await engine.call(
    `look at the network ${network}`,
    { signal, timeoutMs },
    async (docker, abortSignal) => {
      const filters = { name: [network] }
      const networks = await docker.listNetworks({ filters, abortSignal })
      // The filter matches parts of names.
      return networks.find(({ Name }) => Name === network)
    },
  )
  if (!found) return false
  if (found.Driver === 'bridge' && found.Options?.[icc] === 'false') return true
  throw new FleetError(
    'NETWORK_UNSAFE',
    `The network ${network} lets containers reach each other's gateways (driver ${found.Driver}, ${icc} not false). ` +
      `Remove it (docker network rm ${network}) and we make a safe one, or name another in GATEWAY_NETWORK`,
  )
}
