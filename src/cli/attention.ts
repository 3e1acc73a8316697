// Whose turn a gateway is, and which of them a person should look at first. Pure; the command line and the dashboard have the same order.
import type { Gateway, GatewayPhase } from '../../schemas/gateway.ts'
import type { ReasonCode } from '../../schemas/reason.ts'

/** In the order in which a person should look at them. */
export const groupNames = ['person', 'recovering', 'starting', 'watch', 'running', 'stopped'] as const
export type GroupName = (typeof groupNames)[number]

/** Whose turn it is at `now` (epoch ms): a person's, the machine's, or nobody's. */
export function groupOf(
  gateway: Pick<Gateway, 'phase' | 'reason' | 'desired' | 'since'>,
  now: number,
): GroupName {
  const { phase, reason, since } = gateway
  if (isForPerson({ phase, reason: reason?.code, lastedMs: now - Date.parse(since) })) return 'person'
  switch (phase) {
    case 'backing-off':
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

/** A phase, why it is, and how long it has lasted. */
export interface Stay {
  readonly phase: GatewayPhase
  readonly reason: ReasonCode | undefined
  readonly lastedMs: number
}

/** IBKR comes back within minutes, or something is amiss that a restart does not mend; the alert waits as long. */
const upstreamPatienceMs = 15 * 60_000

/** Whether this is a person's turn. */
export function isForPerson({ phase, reason, lastedMs }: Stay): boolean {
  switch (phase) {
    case 'locked':
    case 'awaiting-2fa':
      return true
    case 'backing-off':
      // It will be tried again, but that alone comes to nothing.
      return reason !== undefined && forPersons.has(reason)
    case 'upstream-lost':
      return lastedMs > upstreamPatienceMs
    default:
      return false
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
 * Orders two gateways at `now` (epoch ms): by group; what counts down first, the earliest deadline before the later; live before paper;
 * then by id. Time alone moves nothing but an outage that has become too long, so that no row leaves from under a finger.
 */
export function compareAttention(a: Gateway, b: Gateway, now: number): number {
  return (
    groupNames.indexOf(groupOf(a, now)) - groupNames.indexOf(groupOf(b, now)) ||
    deadlineOf(a) - deadlineOf(b) ||
    Number(b.tradingMode === 'live') - Number(a.tradingMode === 'live') ||
    compareIds(a.followerId, b.followerId)
  )
}

function deadlineOf(gateway: Gateway): number {
  const end = approvalEnd(gateway)
  return end === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(end)
}

/** Until when its second factor can be approved (RFC 3339); the phase's deadline is a little later, and all that an older manager tells. */
export function approvalEnd({
  phase,
  pushExpiresAt,
  deadline,
}: Pick<Gateway, 'phase' | 'pushExpiresAt' | 'deadline'>): string | undefined {
  return phase === 'awaiting-2fa' ? (pushExpiresAt ?? deadline) : undefined
}

const ids = new Intl.Collator('en', { numeric: true })

/** As people count: `acct-2` before `acct-10`. */
function compareIds(a: string, b: string): number {
  return ids.compare(a, b)
}

/** Whether nothing goes on until a person acts. */
export const needsPerson = (gateway: Gateway, now: number): boolean => groupOf(gateway, now) === 'person'
