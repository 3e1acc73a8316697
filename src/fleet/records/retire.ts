// The end of a follower: gateway stopped, container, volume, leases, credentials and record gone, in an order in which a crash loses nothing.
import type { Follower } from '../../../schemas/follower.ts'
import { FleetError } from '../../ports/errors.ts'
import type { Fleet } from '../fleet.ts'
import type { Keeper } from '../reconcile/keeper.ts'
import { remember } from './gateway-record.ts'
import { review } from './records.ts'

/** Longest wait for the container to go. */
const goneMs = 60_000

/** Resolves when nothing of the follower is left. ENGINE_UNAVAILABLE when the container cannot be removed now: then the record stays. */
export async function retireFollower(fleet: Fleet, follower: Follower, signal: AbortSignal): Promise<void> {
  const { deps, keepers, engine } = fleet
  const { id } = follower
  const keeper = keepers.get(id) ?? (await review(fleet, follower))
  if (!engine.up) {
    throw new FleetError(
      'ENGINE_UNAVAILABLE',
      `Follower ${id} was not deleted, because the container engine does not answer and its container may still run. Ask again when the engine is back.`,
      { retryAfterMs: 5_000 },
    )
  }
  await remember(keeper, deps, { desired: 'stopped' })
  keeper.deleting = true
  try {
    await empty(fleet, keeper, signal)
  } catch (err) {
    // It is still there, as far as we know, and may be launched; if not, the next reading of the records tells.
    keeper.deleting = false
    throw err
  }
  fleet.forget(keeper)
}

/** Container, volume, leases, credentials, record: the record goes after all that would be lost without it. */
async function empty(fleet: Fleet, keeper: Keeper, signal: AbortSignal): Promise<void> {
  const { deps, queue, waiting } = fleet
  const { follower } = keeper
  const { id } = follower
  queue.interrupt(id)
  const gone = await waiting.until(
    keeper,
    ({ state, container }) => state.phase === 'stopped' && container === null,
    goneMs,
    signal,
  )
  if (!gone) {
    throw new FleetError(
      'ENGINE_UNAVAILABLE',
      `Follower ${id} was not deleted: its container is still there after ${goneMs / 1000} s. Look at the engine, then ask again.`,
      { retryAfterMs: 10_000 },
    )
  }
  await queue.exclusive(id, async () => {
    await deps.runtime.removeSettings(id, signal)
    for (const lease of await deps.stores.leases.list(id)) await deps.stores.leases.delete(id, lease.purpose)
    await fleet.credentials.remove(follower)
    await deps.stores.followers.delete(id)
    // The wish alone does no harm: whoever makes a follower of this name makes it anew.
    await deps.stores.gateways
      .delete(id)
      .catch((err) => deps.log.warn({ followerId: id, err }, 'wish of a deleted follower left behind'))
  })
}
