// Endpoints and networks as text and as values; what is loopback, and what is everywhere. Pure.
import { isIP, isIPv4, isIPv6, SocketAddress } from 'node:net'

export interface Endpoint {
  /** An address, or for a target a name. */
  readonly host: string
  readonly port: number
}

/** A network of peers; a single address is one of full prefix. */
export interface Cidr {
  readonly address: string
  readonly prefix: number
}

export const defaultHost = '127.0.0.1'

/** Where to listen; without a host it is loopback, or all addresses of an interface. */
export interface ListenAt {
  readonly host?: string
  readonly port: number
}

/**
 * Reads `4003`, `127.0.0.1:4003`, `[::1]:4003` or `name:4003`. An IPv4 address in the IPv6 notation becomes the IPv4
 * address that it is. Undefined when the text is none of these.
 */
export function parseListen(text: string): ListenAt | undefined {
  const [, bracketed, plain, digits = ''] =
    /^(?:(?:\[([^[\]%]+)\]|([^:[\]\s]+)):)?(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === '' || port > 65_535) return undefined
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: plainAddress(bracketed), port } : undefined
  if (plain === undefined) return { port }
  const isName = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/.test(plain) && !/^[\d.]+$/.test(plain)
  return isIPv4(plain) || isName ? { host: plain, port } : undefined
}

/** The same for somewhere to connect to: a port alone is on 127.0.0.1, and 0 is none. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const parsed = parseListen(text)
  return parsed && parsed.port > 0 ? { host: defaultHost, ...parsed } : undefined
}

/** As `parseEndpoint` reads it again: an IPv6 address stands in brackets. */
export function endpointText({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Reads `172.17.0.0/16`, `fd00::/64`, or an address alone. Undefined when the text is none of these. */
export function parseCidr(text: string): Cidr | undefined {
  const [, given = '', digits] = /^([^/%\s]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(given)
  if (family === 0) return undefined
  const prefix = digits === undefined ? bits(given) : Number(digits)
  if (prefix > bits(given)) return undefined
  const address = plainAddress(given)
  // ::ffff:172.17.0.0/112 is 172.17.0.0/16; a prefix shorter than the mapping's own is no IPv4 network.
  if (family === 6 && isIPv4(address)) return prefix >= 96 ? { address, prefix: prefix - 96 } : undefined
  return { address, prefix }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** Whether an address stands for all addresses of the machine. */
export function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** An IPv4 address in the notation of IPv6 (`::ffff:127.0.0.1`, as the kernel writes it) as itself. */
export function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

/** One spelling for each address. */
function plainAddress(address: string): string {
  if (isIPv4(address)) return address
  return withoutMapping(new SocketAddress({ address, family: 'ipv6' }).address)
}

function bits(address: string): number {
  return isIPv4(address) ? 32 : 128
}
