// Which gateways a person should look at first. Pure; the dashboard has the same order.
import type { Gateway } from '../../schemas/gateway.ts'
import type { ReasonCode } from '../../schemas/reason.ts'
import { approvalEnd } from './gateway-view.ts'

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

function deadlineOf(gateway: Gateway): number {
  const end = approvalEnd(gateway)
  return end === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(end)
}

const ids = new Intl.Collator('en', { numeric: true })

/** As people count: `acct-2` before `acct-10`. */
function compareIds(a: string, b: string): number {
  return ids.compare(a, b)
}

/** Whether nothing goes on until a person acts. */
export const needsPerson = (gateway: Gateway): boolean => groupOf(gateway) === 'person'
