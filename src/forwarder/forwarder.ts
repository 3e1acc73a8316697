// TCP port forwarding from loopback, or a named interface, to one target: opens the ports and closes them.
import { lookup } from 'node:dns/promises'
import { createServer, type Server } from 'node:net'
import { FleetError } from '../ports/errors.ts'
import {
  type Cidr,
  type Endpoint,
  endpointText,
  isEverywhere,
  type ListenAt,
  withoutMapping,
} from './addresses.ts'
import { chooseDoorstep } from './doorstep.ts'
import { bufferBytes, Entrance, type EntranceOptions, type ForwarderStats } from './entrance.ts'
import { type Interfaces, readInterfaces } from './interfaces.ts'
import { openServer } from './listening.ts'

export interface ForwarderOptions extends EntranceOptions {
  /** Loopback, unless an interface is named; port 0 takes any free one. */
  readonly listen: ListenAt
  /** Listens on all addresses of this interface, like docker0, or on the one that `listen` names. */
  readonly interfaceName?: string
  /** Who may come in; by default whoever is on the same network as what is listened on. */
  readonly allow?: readonly Cidr[]
  /** Those of this machine when absent. */
  readonly interfaces?: Interfaces
}

export interface Forwarder {
  /** Where it listens, with the ports that 0 became. */
  readonly addresses: readonly Endpoint[]
  /** Open now, those whose target is still being reached among them. */
  readonly connections: number
  readonly stats: ForwarderStats
  /** Listens no more, ends open connections with what was passed on, and breaks those that have not ended in time. Closing twice is closing once. */
  close(): Promise<void>
}

/**
 * Starts forwarding. FleetError INVALID_REQUEST for an address that may not be listened on, or a target that leads back here;
 * PORT_IN_USE when somebody else listens there. Then nothing is left open. A target that is down is no error: it may come.
 */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const { listen, target, interfaceName, interfaces = await readInterfaces() } = options
  const { endpoints, neighbours } = chooseDoorstep(listen, interfaceName, interfaces)
  await refuseLoop(endpoints, target)
  const entrance = new Entrance(options, options.allow ?? neighbours)
  const servers: Server[] = []
  const addresses: Endpoint[] = []
  try {
    for (const { host, port } of endpoints) {
      const server = createServer(
        { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, highWaterMark: bufferBytes },
        (socket) => entrance.arrive(socket),
      )
      servers.push(server)
      // With port 0 the others take the port that the first was given.
      addresses.push(await openServer(server, { host, port: port || (addresses[0]?.port ?? 0) }))
    }
  } catch (error) {
    for (const server of servers) server.close()
    throw error
  }
  const { tell } = options
  tell({ event: 'listening', addresses: addresses.map(endpointText), target: endpointText(target) })
  let closing: Promise<void> | undefined
  return {
    addresses,
    get connections() {
      return entrance.connections
    },
    get stats() {
      return entrance.stats
    },
    close() {
      closing ??= (async () => {
        const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)))
        await entrance.close()
        await Promise.all(closed)
        tell({ event: 'closed', accepted: entrance.stats.accepted })
      })()
      return closing
    },
  }
}

/** A forwarder that is its own target would open connections until none is left. */
async function refuseLoop(endpoints: readonly Endpoint[], target: Endpoint): Promise<void> {
  if (isEverywhere(target.host) || target.port === 0) {
    throw new FleetError(
      'INVALID_REQUEST',
      `${endpointText(target)} is no target: give the address and the port of one machine.`,
    )
  }
  // A name that is unknown now may be known later.
  const found = await lookup(target.host, { all: true }).catch(() => [])
  const hosts = [target.host, ...found.map(({ address }) => address)].map(withoutMapping)
  const loop = endpoints.find(({ host, port }) => port === target.port && hosts.includes(host))
  if (loop) {
    throw new FleetError(
      'INVALID_REQUEST',
      `The target ${endpointText(target)} is what would be listened on. Forward from another port.`,
    )
  }
}
