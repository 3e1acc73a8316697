// Where a forwarder may listen and who may come in there: loopback, or the addresses of an interface that is named. Pure.
import { FleetError } from '../ports/errors.ts'
import {
  type Cidr,
  defaultHost,
  type Endpoint,
  endpointText,
  isEverywhere,
  isLoopback,
  type ListenAt,
  parseCidr,
} from './addresses.ts'
import type { Interfaces } from './interfaces.ts'

export interface Doorstep {
  readonly endpoints: readonly Endpoint[]
  /** Who may come in when nobody is named: whoever is on the same network as what is listened on. */
  readonly neighbours: readonly Cidr[]
}

const loopback: readonly Cidr[] = [
  { address: '127.0.0.0', prefix: 8 },
  { address: '::1', prefix: 128 },
]

/**
 * The addresses to listen on. A gateway's API asks nobody who they are, so that listening everywhere is never right:
 * FleetError INVALID_REQUEST for 0.0.0.0, ::, an address that is not loopback without its interface, and an interface that is not there.
 */
export function chooseDoorstep(
  listen: ListenAt,
  interfaceName: string | undefined,
  interfaces: Interfaces,
): Doorstep {
  const { host = defaultHost, port } = listen
  const asked = endpointText({ host, port })
  if (isEverywhere(host)) {
    throw unusable(
      `${asked} would let in everybody who can reach this machine, and a gateway's API has no password. Listen on a port alone, which is loopback, or name an interface like docker0.`,
    )
  }
  if (interfaceName !== undefined) return onInterface(listen, interfaceName, interfaces)
  if (!isLoopback(host)) {
    throw unusable(
      `${asked} is not loopback. Name the interface that this address belongs to, like docker0, so that only its own network comes in.`,
    )
  }
  return { endpoints: [{ host: host === 'localhost' ? defaultHost : host, port }], neighbours: loopback }
}

function onInterface({ host, port }: ListenAt, name: string, interfaces: Interfaces): Doorstep {
  const found = Object.hasOwn(interfaces, name) ? interfaces[name] : undefined
  if (found === undefined || found.length === 0) {
    const known = Object.keys(interfaces).join(', ') || 'none'
    throw unusable(
      `This machine has no interface ${name} with an address; it has ${known}. Name one of these, or wait until ${name} is up.`,
    )
  }
  // A link-local address is not one that clients are told, and cannot be listened on in an interface's first second.
  const wanted = found.filter(({ address }) =>
    host === undefined ? !address.startsWith('fe80:') : address === host,
  )
  if (wanted.length === 0) {
    const addresses = found.map(({ address }) => address).join(', ')
    throw unusable(
      host === undefined
        ? `${name} has only ${addresses}, which is no address that clients could be told. Give it one, or name another interface.`
        : `${host} is not an address of ${name}, which has ${addresses}. Give the port alone, or one of these.`,
    )
  }
  return {
    endpoints: wanted.map(({ address }) => ({ host: address, port })),
    neighbours: found.flatMap(({ cidr }) => (cidr === null ? [] : (parseCidr(cidr) ?? []))),
  }
}

function unusable(message: string): FleetError {
  return new FleetError('INVALID_REQUEST', message)
}
