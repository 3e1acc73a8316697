// The machine's network interfaces with their addresses, those among them that Node keeps quiet about.
import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'

/** By name; `cidr` is the address with the prefix of its network. */
export type Interfaces = Readonly<
  Record<string, ReadonlyArray<{ readonly address: string; readonly cidr: string | null }> | undefined>
>

/**
 * Node leaves out interfaces without a carrier, which docker0 is while no container is on it. Their IPv4 addresses come
 * from Linux's tables; elsewhere they are not found.
 */
export async function readInterfaces(): Promise<Interfaces> {
  const read = (path: string) => readFile(path, 'utf8').catch(() => '')
  const [routes, trie] = await Promise.all([read('/proc/net/route'), read('/proc/net/fib_trie')])
  return { ...interfacesOfTables(routes, trie), ...networkInterfaces() }
}

/** From the kernel's `/proc/net/route` and `/proc/net/fib_trie`: this machine's own addresses by the interface that their network is on. */
export function interfacesOfTables(routes: string, trie: string): Interfaces {
  const own = new Set(
    [...trie.matchAll(/\|-- ([\d.]+)\n\s+\/32 host LOCAL/g)].map(([, address]) => address ?? ''),
  )
  const found: Record<string, Array<{ address: string; cidr: string }>> = {}
  for (const line of routes.split('\n').slice(1)) {
    const [name, destination = '', gateway, , , , , mask = ''] = line.trim().split(/\s+/)
    // Only a network that is reached without a gateway is the interface's own.
    if (!name || gateway !== '00000000' || mask === '00000000') continue
    const [network, bits] = [hexAddress(destination), hexAddress(mask)]
    const prefix = bits.toString(2).replaceAll('0', '').length
    for (const address of own) {
      if ((numberOf(address) & bits) >>> 0 !== network) continue
      found[name] ??= []
      found[name].push({ address, cidr: `${address}/${prefix}` })
    }
  }
  return found
}

/** These tables print an address's four bytes as one number of a little-endian machine: 000011AC is 172.17.0.0. */
function hexAddress(text: string): number {
  return Buffer.from(text.padStart(8, '0'), 'hex').readUInt32LE()
}

function numberOf(address: string): number {
  return Buffer.from(address.split('.').map(Number)).readUInt32BE()
}
