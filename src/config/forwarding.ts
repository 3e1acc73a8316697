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
import type { Kind } from './values.ts'
import type { Values } from './variables.ts'

export interface ForwardingConfig {
  readonly listen: ListenAt
  readonly target: Endpoint
  /** Absent: loopback. */
  readonly interfaceName?: string
  /** Absent: the networks of what is listened on. */
  readonly allow?: readonly Cidr[]
}

export const forwardListen: Kind<ListenAt> = {
  takes: 'a port, or an address:port that is not 0.0.0.0 or ::, like 4003 or 127.0.0.1:4003',
  parse(text) {
    const listen = parseListen(text)
    return listen?.host !== undefined && isEverywhere(listen.host) ? undefined : listen
  },
}

export const forwardTarget: Kind<Endpoint> = {
  takes: 'a port or host:port, like 127.0.0.1:4002',
  parse(text) {
    const target = parseEndpoint(text)
    return target && !isEverywhere(target.host) ? target : undefined
  },
}

export const forwardAllow: Kind<readonly Cidr[]> = {
  takes: 'networks or addresses, separated by commas, like 172.17.0.0/16',
  parse(text) {
    const networks = text.split(',').map((network) => parseCidr(network.trim()))
    return networks.every((network) => network !== undefined) ? networks : undefined
  },
}

type Given = { readonly [N in keyof Values]: Values[N] | undefined }

/** Faults between the variables of port forwarding; a bad one was reported already and is undefined here. */
export function forwardingFaults(
  v: Given,
  isListenSet: boolean,
): Array<{ variable: string; got: string; takes: string }> {
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
}: Values): ForwardingConfig | undefined {
  return listen && { listen, target, ...(interfaceName && { interfaceName }), ...(allow && { allow }) }
}
