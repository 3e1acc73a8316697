// Which gateways a person should look at first. Pure; the dashboard shows the same order.
import type { Gateway } from '../../schemas/gateway.ts'

/** Causes that no retry mends: somebody has to bring or fix something. */
const helpless: ReadonlySet<string> = new Set([
  'CREDENTIALS_MISSING',
  'CREDENTIALS_INCOMPLETE',
  'VAULT_SEALED',
  'VAULT_FORBIDDEN',
  'IMAGE_MISSING',
  'NAME_IN_USE',
  'NETWORK_UNSAFE',
  'USERNAME_IN_USE',
  'BLOCKED_BY_DIALOG',
])

/** 0: a person's turn; 1: being recovered; 2: starting; 3: up, but worth a look; 4: running; 5: stopped. */
function turn({ phase, reason, desired }: Gateway): number {
  switch (phase) {
    case 'locked':
    case 'awaiting-2fa':
      return 0
    case 'backing-off':
      return reason && helpless.has(reason.code) ? 0 : 1
    case 'reconnecting':
    case 'upstream-lost':
      return 1
    case 'degraded':
      return 3
    case 'ready':
      return 4
    case 'stopped':
      return desired === 'running' ? 2 : 5
    default:
      return 2
  }
}

/** Whether nothing goes on until a person acts. */
export const needsPerson = (gateway: Gateway): boolean => turn(gateway) === 0

/** By whose turn it is; the earliest deadline first; live before paper; then by id. */
export function compareAttention(a: Gateway, b: Gateway): number {
  return (
    turn(a) - turn(b) ||
    deadlineOf(a) - deadlineOf(b) ||
    Number(b.tradingMode === 'live') - Number(a.tradingMode === 'live') ||
    (a.followerId < b.followerId ? -1 : Number(a.followerId > b.followerId))
  )
}

function deadlineOf({ phase, deadline }: Gateway): number {
  return phase === 'awaiting-2fa' && deadline !== undefined ? Date.parse(deadline) : Number.MAX_SAFE_INTEGER
}
