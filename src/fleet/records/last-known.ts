// A copy of followers and wishes beside a store elsewhere, so that a manager which starts while that store is away still knows whom it watches.
import { isDeepStrictEqual } from 'node:util'
import type { Follower } from '../../../schemas/follower.ts'
import type { Log } from '../../ports/log.ts'
import type { GatewayRecord, Stores } from '../../ports/stores.ts'
import { Turns } from '../../ports/turns.ts'
import type { Fleet } from '../fleet.ts'
import { gatewaySpec } from '../lifecycle/spec.ts'
import { emptyRecord, type Keeper, newKeeper } from '../reconcile/keeper.ts'

/** `primary`, with what is read and written of followers and wishes also kept in `local`. A copy that fails is logged and harms nobody. */
export function rememberedIn(local: Stores, primary: Stores, log: Log): Stores {
  const copies = new FollowerCopies(local)
  const keep = (work: Promise<unknown>) => work.catch((err) => log.warn({ err }, 'local copy not written'))
  return {
    ...primary,
    followers: {
      ...primary.followers,
      async list() {
        const answer = await primary.followers.list()
        await keep(copies.all(answer.followers))
        return answer
      },
      async insert(follower) {
        await primary.followers.insert(follower)
        await keep(copies.one(follower))
      },
      async replace(follower, expectedRevision) {
        await primary.followers.replace(follower, expectedRevision)
        await keep(copies.one(follower))
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

/** What the store says of each gateway counts from now on, also of ends and of unanswered requests. */
export function replaceRecalled(keepers: Iterable<Keeper>, stored: ReadonlyMap<string, GatewayRecord>): void {
  for (const keeper of keepers) {
    const record = stored.get(keeper.follower.id)
    if (!record) continue
    const { crashes, missedPushes = 0 } = record
    keeper.record = record
    keeper.state = { ...keeper.state, crashes, missedPushes }
  }
}

/** The copies of followers, one change of each at a time. */
class FollowerCopies {
  readonly #local: Stores
  /** As last written by this process. */
  readonly #written = new Map<string, Follower>()
  readonly #turns = new Turns()

  constructor(local: Stores) {
    this.#local = local
  }

  /** Makes the copies these and no others. */
  async all(followers: readonly Follower[]): Promise<void> {
    const present = new Set(followers.map(({ id }) => id))
    const known =
      this.#written.size > 0 ? [...this.#written.values()] : (await this.#local.followers.list()).followers
    for (const { id } of known) {
      if (present.has(id)) continue
      await this.#local.followers.delete(id)
      this.#written.delete(id)
    }
    for (const follower of followers)
      if (!isDeepStrictEqual(this.#written.get(follower.id), follower)) await this.one(follower)
  }

  one(follower: Follower): Promise<void> {
    return this.#turns.take(follower.id, async () => {
      const { followers } = this.#local
      const before = await followers.get(follower.id)
      // In one write: a crash or a full disk between two would lose the follower.
      if (before) await followers.replace(follower, before.revision)
      else {
        // One that cannot be read counts as none, and is in the way.
        await followers.delete(follower.id)
        await followers.insert(follower)
      }
      this.#written.set(follower.id, follower)
    })
  }
}
