// Whether the accounts that a gateway reports are the ones that its follower expects. Pure.
import type { Follower } from '../../schemas/follower.ts'

/**
 * What does not fit, or null. Paper accounts begin with D (DU, DF), live ones never do; accounts given in the record must be exactly those
 * reported, in any order.
 */
export function findAccountFault(follower: Follower, reported: readonly string[]): string | null {
  const wrongMode = reported.filter(
    (account) => account.startsWith('D') !== (follower.tradingMode === 'paper'),
  )
  if (wrongMode.length > 0) return `${wrongMode.join(', ')} is no ${follower.tradingMode} account`
  const expected = follower.accounts
  if (expected === undefined || expected.length === 0) return null
  const same = expected.length === reported.length && expected.every((account) => reported.includes(account))
  return same ? null : `expected ${expected.join(', ')}, the gateway reports ${reported.join(', ') || 'none'}`
}
