// The fleet as a person looks at it: its groups, in the order of the command line, and its search. Pure.
import type { Gateway } from '../../../schemas/gateway.ts'
import { compareAttention, type GroupName, groupNames, groupOf } from '../../../src/cli/attention.ts'

export interface Group {
  readonly name: GroupName
  readonly gateways: readonly Gateway[]
}

/** The fleet at `now` (epoch ms) in groups, each in its order; empty groups are left out. */
export function groupFleet(gateways: Iterable<Gateway>, now: number): readonly Group[] {
  const groups = new Map<GroupName, Gateway[]>(groupNames.map((name) => [name, []]))
  for (const gateway of [...gateways].sort((a, b) => compareAttention(a, b, now)))
    groups.get(groupOf(gateway, now))?.push(gateway)
  return [...groups]
    .map(([name, members]) => ({ name, gateways: members }))
    .filter((group) => group.gateways.length > 0)
}

/** Whether a gateway answers a search: every word of it is somewhere in its id, name, accounts, mode, phase or reason. */
export function matchesSearch(gateway: Gateway, search: string): boolean {
  const wanted = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (wanted.length === 0) return true
  const { followerId, name = '', accounts, tradingMode, phase, status, reason } = gateway
  const text = [followerId, name, ...accounts, tradingMode, phase, status, reason?.code, reason?.message]
    .join(' ')
    .toLowerCase()
  return wanted.every((word) => text.includes(word))
}
