// From a follower's record to the wish for its gateway: only a change of enabled or state moves it. Pure.
import type { Follower } from '../../../schemas/follower.ts'
import type { GatewayRecord } from '../../ports/stores.ts'
import { isEligible } from '../reconcile/keeper.ts'

/**
 * The change of the stored wish that this record calls for, or null. First seen enabled and ACTIVE, or changed to it, means running; changed away from
 * it means stopped; anything else leaves the wish as people last made it.
 */
export function wishChange(
  follower: Follower,
  record: GatewayRecord,
): Pick<GatewayRecord, 'desired' | 'seen'> | null {
  const { enabled, state } = follower
  const before = record.seen
  if (before?.enabled === enabled && before.state === state) return null
  const seen = { enabled, state }
  const was = before?.enabled === true && before.state === 'ACTIVE'
  const is = isEligible(follower)
  if (is && !was) return { desired: 'running', seen }
  if (!is) return { desired: 'stopped', seen }
  return { desired: record.desired, seen }
}
