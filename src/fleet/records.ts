// From stored follower records to keepers and wishes: one record reviewed, or all of them read again.
import { isDeepStrictEqual } from 'node:util'
import type { Follower } from '../../schemas/follower.ts'
import type { Fleet } from './fleet.ts'
import { remember } from './hands.ts'
import { emptyRecord, type Keeper, newKeeper } from './keeper.ts'
import { gatewaySpec } from './spec.ts'
import { wishChange } from './wishes.ts'

/** Keeps this record from now on, and moves the wish if it calls for that. */
export async function review(fleet: Fleet, follower: Follower): Promise<Keeper> {
  const { audit, queue, deps } = fleet
  const { id } = follower
  const keeper = fleet.keepers.get(id) ?? (await meet(fleet, follower))
  keeper.follower = follower
  keeper.spec = gatewaySpec(follower, deps.settings.spec)
  const change = wishChange(follower, keeper.record)
  if (change) {
    if (change.desired !== keeper.record.desired) {
      audit.note({
        type: 'gateway.wish',
        followerId: id,
        message: `Gateway wanted ${change.desired} by its record`,
      })
    }
    await remember(keeper, deps, change)
    if (change.desired === 'stopped') queue.interrupt(id)
  }
  fleet.wake(id)
  return keeper
}

/** Reads all follower records; what changed elsewhere takes effect, what cannot be read is told and skipped. */
export async function readRecords(fleet: Fleet): Promise<void> {
  const { keepers, deps, alerts, queue } = fleet
  const { followers, malformed } = await deps.stores.followers.list()
  const drafts = malformed.map(({ id, message }) => ({
    key: `follower:${id}:MALFORMED`,
    level: 'ERROR' as const,
    code: 'FOLLOWER_MALFORMED',
    title: `Follower record cannot be read: ${id}`,
    message: `The record of follower ${id} is skipped: ${message}`,
    action: 'Correct the record in the store; it is read again by itself.',
  }))
  alerts.settle('follower:', drafts)
  for (const follower of followers) {
    const keeper = keepers.get(follower.id)
    // Compared whole: whoever edits a document by hand rarely counts its revision up.
    const known = isDeepStrictEqual(keeper?.follower, follower) && keeper?.record.seen !== null
    if (!known && !keeper?.deleting) await review(fleet, follower)
  }
  const present = new Set([...followers, ...malformed].map(({ id }) => id))
  for (const keeper of keepers.values()) {
    if (present.has(keeper.follower.id) || keeper.deleting) continue
    keeper.deleting = true
    keeper.orphaned = true
    queue.interrupt(keeper.follower.id)
  }
}

async function meet({ keepers, deps, engine }: Fleet, follower: Follower): Promise<Keeper> {
  const record = (await deps.stores.gateways.get(follower.id)) ?? emptyRecord(follower.id)
  // Another review of the same record may have been quicker.
  const known = keepers.get(follower.id)
  if (known) return known
  const keeper = newKeeper(follower, record, gatewaySpec(follower, deps.settings.spec), deps.clock.now())
  if (engine.up) keeper.container = null
  keepers.set(follower.id, keeper)
  return keeper
}
