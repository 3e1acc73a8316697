// Whether the accounts that a gateway reports are the ones that its follower expects. Pure.
import type { TradingMode } from '../../../schemas/follower.ts'

/**
 * What does not fit, or null. `mode` is the one that the gateway was started in: a record changed since is drift, no fault. Paper accounts begin
 * with D (DU, DF), live ones never do; `expected`, when given, must be exactly those reported, in any order.
 */
export function findAccountFault(
  mode: TradingMode,
  expected: readonly string[] | undefined,
  reported: readonly string[],
): string | null {
  const wrongMode = reported.filter((account) => account.startsWith('D') !== (mode === 'paper'))
  if (wrongMode.length > 0) return `${wrongMode.join(', ')} is no ${mode} account`
  if (expected === undefined || expected.length === 0) return null
  const same = expected.length === reported.length && expected.every((account) => reported.includes(account))
  return same ? null : `expected ${expected.join(', ')}, the gateway reports ${reported.join(', ') || 'none'}`
}
