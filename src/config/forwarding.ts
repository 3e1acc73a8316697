// Port forwarding beside the manager, from the environment: off, or from where to where and for whom.
import {
  type Cidr,
  type Endpoint,
  endpointText,
  isEverywhere,
  isLoopback,
  type ListenAt,
  parseCidr,
  parseEndpoint,
  parseListen,
} from '../forwarder/addresses.ts'
import {
  type ConfigFault,
  type GivenOf,
  optional,
  type ValuesOf,
  type Variable,
  withDefault,
} from './reading.ts'
import { type Kind, matching } from './values.ts'

export interface ForwardingConfig {
  readonly listen: ListenAt
  readonly target: Endpoint
  /** Absent: loopback. */
  readonly interfaceName?: string
  /** Absent: the networks of what is listened on. */
  readonly allow?: readonly Cidr[]
}

const forwardListen: Kind<ListenAt> = {
  takes: 'a port, or an address:port that is not 0.0.0.0 or ::, like 4003 or 127.0.0.1:4003',
  parse(text) {
    const listen = parseListen(text)
    return listen?.host !== undefined && isEverywhere(listen.host) ? undefined : listen
  },
}

const forwardTarget: Kind<Endpoint> = {
  takes: 'a port or host:port, like 127.0.0.1:4002',
  parse(text) {
    const target = parseEndpoint(text)
    return target && !isEverywhere(target.host) ? target : undefined
  },
}

const forwardAllow: Kind<readonly Cidr[]> = {
  takes: 'networks or addresses, separated by commas, like 172.17.0.0/16',
  parse(text) {
    const networks = text.split(',').map((network) => parseCidr(network.trim()))
    return networks.every((network) => network !== undefined) ? networks : undefined
  },
}

export const forwardingVariables = {
  FORWARD_LISTEN: optional(
    forwardListen,
    'Port forwarding, so that containers reach a gateway that listens on loopback only: the port to listen on, like 4003, or address:port; off when unset.',
  ),
  FORWARD_TARGET: withDefault(forwardTarget, '127.0.0.1:4002', 'Where it leads.'),
  FORWARD_INTERFACE: optional(
    matching(/^[^\s/]{1,64}$/, 'the name of a network interface, like docker0'),
    'Interface to listen on; 127.0.0.1 when unset.',
  ),
  FORWARD_ALLOW: optional(
    forwardAllow,
    'Who may come in: networks or addresses, separated by commas; the networks of that interface when unset.',
  ),
} satisfies Record<string, Variable<unknown>>

/** Faults between the variables of port forwarding; none of them is about a value that is bad by itself. */
export function forwardingFaults(
  v: GivenOf<typeof forwardingVariables>,
  isListenSet: boolean,
): ConfigFault[] {
  if (!isListenSet) {
    return (['FORWARD_INTERFACE', 'FORWARD_ALLOW'] as const)
      .filter((variable) => v[variable] !== undefined)
      .map((variable) => ({ variable, got: 'a value', takes: 'one only when FORWARD_LISTEN is set' }))
  }
  if (v.FORWARD_LISTEN === undefined) return []
  const { host = '127.0.0.1', port } = v.FORWARD_LISTEN
  const got = JSON.stringify(endpointText({ host, port }))
  if (v.FORWARD_INTERFACE === undefined && !isLoopback(host)) {
    const takes = 'a port alone or a loopback address, or any address of the interface in FORWARD_INTERFACE'
    return [{ variable: 'FORWARD_LISTEN', got, takes }]
  }
  const { FORWARD_TARGET: target } = v
  if (target?.port === port && target.host === host && v.FORWARD_INTERFACE === undefined)
    return [
      { variable: 'FORWARD_TARGET', got, takes: 'something else than FORWARD_LISTEN, which is the same' },
    ]
  return []
}

/** Undefined: off. */
export function forwardingConfig({
  FORWARD_LISTEN: listen,
  FORWARD_TARGET: target,
  FORWARD_INTERFACE: interfaceName,
  FORWARD_ALLOW: allow,
}: ValuesOf<typeof forwardingVariables>): ForwardingConfig | undefined {
  return listen && { listen, target, ...(interfaceName && { interfaceName }), ...(allow && { allow }) }
}
