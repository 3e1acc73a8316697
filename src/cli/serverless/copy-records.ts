// Every record of one store into another, through the store port. What is there already stays or is replaced, so that doing it twice is doing it once.
import { isDeepStrictEqual } from 'node:util'
import type { Follower } from '../../../schemas/follower.ts'
import type { MalformedRecord, Stores } from '../../ports/stores.ts'
import { CliError } from '../io.ts'

export const recordKinds = [
  'followers',
  'gateways',
  'leases',
  'budgets',
  'events',
  'alerts',
  'constants',
  'secrets',
  'series',
  'outages',
] as const
export type RecordKind = (typeof recordKinds)[number]

export interface Copied {
  /** Records of the source that the target has now. */
  readonly counts: Readonly<Record<RecordKind, number>>
  /** Followers that could not be read, there or here. */
  readonly skipped: readonly MalformedRecord[]
}

/** Written at once: enough to share a flush, few enough to wait for. */
const group = 100
const page = 1_000

/** Both stores belong to the caller alone meanwhile. CliError when the target is another manager's. */
export async function copyRecords(from: Stores, to: Stores): Promise<Copied> {
  // First, and checked before any is written: they tell whose store it is.
  const constants = await copyConstants(from, to)
  const { followers, malformed } = await from.followers.list()
  const unreadable: MalformedRecord[] = []
  const copied = await inGroups(followers, async (follower) => {
    if (await copyFollower(to, follower)) return
    unreadable.push({ id: follower.id, message: 'the target has a record of it that cannot be read' })
  })
  const counts = {
    constants,
    followers: copied - unreadable.length,
    gateways: await inGroups(await from.gateways.list(), (record) => to.gateways.put(record)),
    leases: await inGroups(await from.leases.list(), (lease) => to.leases.put(lease)),
    budgets: await inGroups(await from.archive.budgets(), (budget) => to.budgets.put(budget)),
    secrets: await inGroups(await from.archive.secrets(), ({ followerId, sealed }) =>
      to.secrets.put(followerId, sealed),
    ),
    series: await inGroups(await from.series.list(), (series) => to.series.put(series)),
    outages: await inGroups(await from.outages.list(0), (outage) => to.outages.put(outage)),
    alerts: await inGroups(await from.alerts.list({ limit: Number.MAX_SAFE_INTEGER }), (alert) =>
      to.alerts.put(alert),
    ),
    events: await copyEvents(from, to),
  }
  return { counts, skipped: [...malformed, ...unreadable] }
}

async function copyConstants(from: Stores, to: Stores): Promise<number> {
  const [ours, theirs] = await Promise.all([from.archive.constants(), to.archive.constants()])
  const known = new Map(theirs.map(({ name, value }) => [name, value]))
  const other = ours.find(({ name, value }) => known.has(name) && known.get(name) !== value)
  if (other)
    throw new CliError('failed', `the target is another manager's: it has a ${other.name} of its own`, {
      hint: 'copy into an empty store',
      code: 'STORE_IN_USE',
    })
  for (const { name, value } of ours) await to.constant(name, () => value)
  return ours.length
}

/** False when the target's record of this follower cannot be read, and so is left alone. */
async function copyFollower(to: Stores, follower: Follower): Promise<boolean> {
  const there = await to.followers.get(follower.id)
  if (there) {
    if (!isDeepStrictEqual(there, follower)) await to.followers.replace(follower, there.revision)
    return true
  }
  try {
    await to.followers.insert(follower)
    return true
  } catch (error) {
    if ((error as { code?: unknown }).code === 'FOLLOWER_EXISTS') return false
    throw error
  }
}

async function copyEvents(from: Stores, to: Stores): Promise<number> {
  let copied = 0
  let since: string | undefined
  for (;;) {
    const events = await from.events.list({ limit: page, ...(since === undefined ? {} : { since }) })
    copied += await inGroups(events, (event) => to.events.append(event))
    since = events.at(-1)?.id
    if (events.length < page) return copied
  }
}

async function inGroups<T>(items: readonly T[], write: (item: T) => Promise<void>): Promise<number> {
  for (let at = 0; at < items.length; at += group)
    await Promise.all(items.slice(at, at + group).map((item) => write(item)))
  return items.length
}
