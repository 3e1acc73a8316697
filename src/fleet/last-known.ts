// A copy of followers and wishes beside a store elsewhere, so that a manager which starts while that store is away still knows whom it watches.
import { isDeepStrictEqual } from 'node:util'
import type { Follower } from '../../schemas/follower.ts'
import type { Log } from '../ports/log.ts'
import type { Stores } from '../ports/stores.ts'
import type { Fleet } from './fleet.ts'
import { emptyRecord, newKeeper } from './keeper.ts'
import { gatewaySpec } from './spec.ts'

/** `primary`, with what is read and written of followers and wishes also kept in `local`. A copy that fails is logged and harms nobody. */
export function rememberedIn(local: Stores, primary: Stores, log: Log): Stores {
  const copied = new Map<string, Follower>()
  const keep = (work: Promise<unknown>) => work.catch((err) => log.warn({ err }, 'local copy not written'))
  return {
    ...primary,
    followers: {
      ...primary.followers,
      async list() {
        const answer = await primary.followers.list()
        await keep(copyFollowers(local, answer.followers, copied))
        return answer
      },
      async insert(follower) {
        await primary.followers.insert(follower)
        await keep(copyFollower(local, follower, copied))
      },
      async replace(follower, expectedRevision) {
        await primary.followers.replace(follower, expectedRevision)
        await keep(copyFollower(local, follower, copied))
      },
    },
    gateways: {
      ...primary.gateways,
      async put(record) {
        await primary.gateways.put(record)
        await keep(local.gateways.put(record))
      },
      async delete(followerId) {
        await primary.gateways.delete(followerId)
        await keep(local.gateways.delete(followerId))
      },
    },
  }
}

/** Keepers from the copy: wishes as they were last known, to be watched and not acted on. */
export async function recall(fleet: Fleet, local: Stores): Promise<void> {
  const { deps, keepers } = fleet
  const { followers } = await local.followers.list()
  for (const follower of followers) {
    const record = (await local.gateways.get(follower.id)) ?? emptyRecord(follower.id)
    const spec = gatewaySpec(follower, deps.settings.spec)
    keepers.set(follower.id, newKeeper(follower, record, spec, deps.clock.now()))
  }
  deps.log.warn({ followers: followers.length }, 'the store is away: followers as last known')
}

async function copyFollowers(
  local: Stores,
  followers: readonly Follower[],
  copied: Map<string, Follower>,
): Promise<void> {
  const present = new Set(followers.map(({ id }) => id))
  const known = copied.size > 0 ? [...copied.values()] : (await local.followers.list()).followers
  for (const { id } of known) {
    if (present.has(id)) continue
    await local.followers.delete(id)
    copied.delete(id)
  }
  for (const follower of followers) {
    if (isDeepStrictEqual(copied.get(follower.id), follower)) continue
    await copyFollower(local, follower, copied)
  }
}

async function copyFollower(local: Stores, follower: Follower, copied: Map<string, Follower>): Promise<void> {
  await local.followers.delete(follower.id)
  await local.followers.insert(follower)
  copied.set(follower.id, follower)
}
