// One verb for many gateways at once: each has its own outcome, and none harms another.
import { FleetError, isFleetError } from '../../ports/errors.ts'
import type { BulkOutcome, VerbOutcome } from '../../ports/fleet.ts'
import type { Log } from '../../ports/log.ts'

/** Runs `act` for each id once. What is no FleetError is a bug of ours: logged, and INTERNAL for that one. */
export function inBulk(
  followerIds: Iterable<string>,
  act: (followerId: string) => Promise<VerbOutcome>,
  log: Log,
): Promise<BulkOutcome[]> {
  const one = async (followerId: string): Promise<BulkOutcome> => {
    try {
      return { followerId, done: await act(followerId) }
    } catch (err) {
      if (isFleetError(err)) return { followerId, failed: err }
      log.error({ followerId, err }, 'one gateway of a bulk call failed')
      const what = `What was asked of the gateway of ${followerId} met a bug; the log has it.`
      return { followerId, failed: new FleetError('INTERNAL', what, { cause: err }) }
    }
  }
  return Promise.all(Array.from(new Set(followerIds), one))
}
