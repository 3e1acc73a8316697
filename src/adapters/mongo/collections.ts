// Names of the collections, and the indexes that each has. Only kinds that every MongoDB-compatible server knows.
import type { CreateIndexesOptions } from 'mongodb'

export const collections = {
  followers: 'followers',
  gateways: 'gateways',
  leases: 'leases',
  budgets: 'login_budgets',
  events: 'events',
  alerts: 'alerts',
  constants: 'constants',
  secrets: 'secrets',
  series: 'series',
  outages: 'outages',
  locks: 'locks',
} as const

/** What must be unique is so by `_id`; a follower may be known by its `id` instead. */
export const indexes: ReadonlyArray<{
  readonly collection: string
  readonly key: Readonly<Record<string, 1 | -1>>
  readonly options?: CreateIndexesOptions
}> = [
  { collection: collections.followers, key: { id: 1 }, options: { unique: true, sparse: true } },
  { collection: collections.leases, key: { followerId: 1 } },
  { collection: collections.events, key: { at: 1 } },
  { collection: collections.events, key: { followerId: 1, _id: 1 } },
  { collection: collections.alerts, key: { raisedAt: -1 } },
]
