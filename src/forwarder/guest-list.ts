// Who may come in: peers by network, IPv4, IPv6, and IPv4 as IPv6 sees it.
import { BlockList, isIPv4 } from 'node:net'
import { type Cidr, withoutMapping } from './addresses.ts'

/** Whether a peer's address is in one of the networks; an address that is unknown, as that of a peer already gone, is not. */
export function guestList(networks: readonly Cidr[]): (address: string | undefined) => boolean {
  // Node's name for it; here it lists those who are let in.
  const list = new BlockList()
  for (const { address, prefix } of networks) list.addSubnet(address, prefix, family(address))
  return (given) => {
    if (given === undefined) return false
    const address = withoutMapping(given.replace(/%.*$/, ''))
    return list.check(address, family(address))
  }
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6'
}
