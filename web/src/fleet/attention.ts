// What needs a person first. Pure: the fleet's order, its groups and its search.
import type { Gateway } from '../../../schemas/gateway.ts'
import type { ReasonCode } from '../../../schemas/reason.ts'

/** In the order in which a person should look at them. */
export const groupNames = ['person', 'recovering', 'starting', 'watch', 'running', 'stopped'] as const
export type GroupName = (typeof groupNames)[number]

/** Whose turn it is: a person's, the machine's, or nobody's. */
export function groupOf(gateway: Pick<Gateway, 'phase' | 'reason' | 'desired'>): GroupName {
  switch (gateway.phase) {
    case 'locked':
    case 'awaiting-2fa':
      return 'person'
    case 'backing-off':
      // It will be tried again, but that alone comes to nothing.
      return gateway.reason && forPersons.has(gateway.reason.code) ? 'person' : 'recovering'
    case 'reconnecting':
    case 'upstream-lost':
      return 'recovering'
    case 'degraded':
      return 'watch'
    case 'ready':
      return 'running'
    case 'stopped':
      return gateway.desired === 'running' ? 'starting' : 'stopped'
    default:
      return 'starting'
  }
}

/** Causes that seldom pass by themselves: somebody has to bring, mend or approve something. */
const forPersons: ReadonlySet<ReasonCode> = new Set([
  'CREDENTIALS_MISSING',
  'CREDENTIALS_INCOMPLETE',
  'VAULT_UNREACHABLE',
  'VAULT_TIMEOUT',
  'VAULT_SEALED',
  'VAULT_FORBIDDEN',
  'TWOFA_TIMEOUT',
  'LOCKED_OUT',
  'BLOCKED_BY_DIALOG',
  'CRASH_LOOP',
  'PORT_EXHAUSTED',
  'CLIENT_ID_EXHAUSTED',
  'NAME_IN_USE',
  'NETWORK_UNSAFE',
  'IMAGE_MISSING',
  'ENGINE_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'USERNAME_IN_USE',
])

/**
 * Orders two gateways: by group; what counts down first, the earliest deadline before the later; live before paper; then by id.
 * Nothing in it moves with time alone, so that no row leaves from under a finger.
 */
export function compareAttention(a: Gateway, b: Gateway): number {
  return (
    groupNames.indexOf(groupOf(a)) - groupNames.indexOf(groupOf(b)) ||
    deadlineOf(a) - deadlineOf(b) ||
    Number(b.tradingMode === 'live') - Number(a.tradingMode === 'live') ||
    compareIds(a.followerId, b.followerId)
  )
}

function deadlineOf({ phase, deadline }: Gateway): number {
  return phase === 'awaiting-2fa' && deadline !== undefined ? Date.parse(deadline) : Number.MAX_SAFE_INTEGER
}

const ids = new Intl.Collator('en', { numeric: true })

/** As people count: `acct-2` before `acct-10`. */
export function compareIds(a: string, b: string): number {
  return ids.compare(a, b)
}

export interface Group {
  readonly name: GroupName
  readonly gateways: readonly Gateway[]
}

/** The fleet in groups, each in its order; empty groups are left out. */
export function groupFleet(gateways: Iterable<Gateway>): readonly Group[] {
  const groups = new Map<GroupName, Gateway[]>(groupNames.map((name) => [name, []]))
  for (const gateway of [...gateways].sort(compareAttention)) groups.get(groupOf(gateway))?.push(gateway)
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
