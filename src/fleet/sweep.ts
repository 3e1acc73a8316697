// The sweep of the monitor: a look at every gateway, what is shared in the engine, the bots, reminders of alerts, and an end to what is old.
import { isFleetError } from '../ports/errors.ts'
import { sweepBots } from './alerts/fleet-alerts.ts'
import type { Fleet } from './fleet.ts'

/** How long history, and alerts that are over, are kept. */
const keptMs = 30 * 86_400_000

/** Waits for no gateway. What the store does not take now is for the next sweep: that it is away is told where the records are read. */
export async function sweep(fleet: Fleet): Promise<void> {
  const { alerts, charge, engine, deps, signal } = fleet
  lookAtEach(fleet)
  alerts.remind()
  if (!charge.held) return
  const before = deps.clock.now() - keptMs
  await Promise.all([
    engine.recheck(signal),
    unlessStoreAway(sweepBots(fleet)),
    unlessStoreAway(deps.stores.events.sweep(before)),
    unlessStoreAway(deps.stores.alerts.sweep(before)),
  ])
}

/** Each in its turn, and all within one interval: thousands at once would hold up everything else, here and in the engine. */
function lookAtEach({ keepers, queue, deps }: Fleet): void {
  const apartMs = deps.settings.monitorIntervalMs / keepers.size
  let turn = 0
  for (const id of keepers.keys()) queue.enqueue(id, Math.floor(turn++ * apartMs))
}

async function unlessStoreAway(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (err) {
    if (!isFleetError(err, 'STORE_UNAVAILABLE')) throw err
  }
}
