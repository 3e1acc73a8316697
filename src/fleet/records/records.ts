// From stored follower records to keepers and wishes: one record reviewed, or all of them read again.
import { isDeepStrictEqual } from 'node:util'
import type { Follower } from '../../../schemas/follower.ts'
import type { GatewayRecord } from '../../ports/stores.ts'
import type { Fleet } from '../fleet.ts'
import { gatewaySpec } from '../lifecycle/spec.ts'
import { emptyRecord, type Keeper, newKeeper } from '../reconcile/keeper.ts'
import { remember } from './gateway-record.ts'
import { wishChange } from './wishes.ts'

/** Keeps this record from now on, and moves the wish if it calls for that. `stored`: all gateways, where they have been read already. */
export async function review(
  fleet: Fleet,
  follower: Follower,
  stored?: ReadonlyMap<string, GatewayRecord>,
): Promise<Keeper> {
  const { audit, queue, deps } = fleet
  const { id } = follower
  const keeper = fleet.keepers.get(id) ?? (await meet(fleet, follower, stored))
  keeper.follower = follower
  keeper.spec = gatewaySpec(follower, deps.settings.spec)
  const wishes: Array<'running' | 'stopped'> = []
  // In its turn: another change of the wish may still be on its way to the store.
  const moved = await remember(keeper, deps, () => {
    const change = wishChange(keeper.follower, keeper.record)
    if (change && change.desired !== keeper.record.desired) wishes.push(change.desired)
    return change ?? {}
  })
  for (const desired of wishes)
    audit.note({ type: 'gateway.wish', followerId: id, message: `Gateway wanted ${desired} by its record` })
  if (moved) {
    if (keeper.record.desired === 'stopped') queue.interrupt(id)
    else fleet.traces.wishedByRecord(id)
  }
  fleet.wake(id)
  return keeper
}

/** Reads all follower records; what changed elsewhere takes effect, what cannot be read is told and skipped. */
export function readRecords(fleet: Fleet): Promise<void> {
  return fleet.ownChanges.whileReading((changed) => takeUpRecords(fleet, changed))
}

/** `changed`: those that we have changed ourselves since the reading began. */
async function takeUpRecords(fleet: Fleet, changed: ReadonlySet<string>): Promise<void> {
  const { keepers, deps, alerts, queue } = fleet
  const { followers, malformed } = await deps.stores.followers.list()
  const drafts = malformed.map(({ id, message }) => ({
    key: `follower:${id}:MALFORMED`,
    level: 'ERROR' as const,
    code: 'FOLLOWER_MALFORMED' as const,
    title: `Follower record cannot be read: ${id}`,
    message: `The record of follower ${id} is skipped: ${message}`,
    action: 'Correct the record in the store; it is read again by itself.',
  }))
  alerts.settle('follower:', drafts)
  // One question for all: thousands, one after the other, would take a start many seconds.
  const unknown = followers.filter(({ id }) => !keepers.has(id)).length
  const stored = unknown > 1 ? await storedGateways(fleet) : undefined
  for (const follower of followers) {
    if (changed.has(follower.id)) continue
    const keeper = keepers.get(follower.id)
    // Compared whole: whoever edits a document by hand rarely counts its revision up.
    const isKnown = keeper && isDeepStrictEqual(keeper.follower, follower)
    // Known, but its wish could not be written down: it is still to be moved.
    const isDone = isKnown && wishChange(follower, keeper.record) === null
    if (!isDone && !keeper?.deleting) await review(fleet, follower, stored)
  }
  const present = new Set([...followers, ...malformed].map(({ id }) => id))
  for (const [id, keeper] of keepers) {
    if (present.has(id) || changed.has(id) || keeper.deleting) continue
    keeper.deleting = true
    keeper.orphaned = true
    queue.interrupt(id)
  }
}

/** What is stored of every gateway, by follower. */
export async function storedGateways({ deps }: Fleet): Promise<ReadonlyMap<string, GatewayRecord>> {
  const records = await deps.stores.gateways.list()
  return new Map(records.map((record) => [record.followerId, record]))
}

async function meet(
  { keepers, deps, engine }: Fleet,
  follower: Follower,
  stored?: ReadonlyMap<string, GatewayRecord>,
): Promise<Keeper> {
  const { id } = follower
  const record = (stored ? stored.get(id) : await deps.stores.gateways.get(id)) ?? emptyRecord(id)
  // Another review of the same record may have been quicker.
  const known = keepers.get(follower.id)
  if (known) return known
  const keeper = newKeeper(follower, record, gatewaySpec(follower, deps.settings.spec), deps.clock.now())
  if (engine.up) keeper.container = null
  keepers.set(follower.id, keeper)
  return keeper
}
