// The alerts of gateways, made so from what the fleet knows at the moment.
import type { Fleet } from '../fleet.ts'
import { type Keeper, tradingModeOf } from '../reconcile/keeper.ts'
import { alertsChangeAt, gatewayAlerts } from './gateway-alerts.ts'
import { alertPrefix, type Judged } from './judged.ts'
import { regionOf } from './maintenance.ts'

/** Makes the open alerts of this gateway those that it calls for now. */
export function settleAlerts(fleet: Fleet, keeper: Keeper): void {
  const drafts = gatewayAlerts(judged(fleet, keeper), fleet.deps.clock.now())
  fleet.alerts.settle(alertPrefix(keeper.follower.id), drafts)
}

/** When they may change although nothing happens (ms since the epoch). */
export function alertsDueAt(fleet: Fleet, keeper: Keeper): number | undefined {
  return alertsChangeAt(judged(fleet, keeper), fleet.deps.clock.now())
}

/** Asks the bots, and tells of those that are not well. */
export async function sweepBots(fleet: Fleet): Promise<void> {
  for (const followerId of (await fleet.bots?.sweep(fleet.signal)) ?? []) {
    const keeper = fleet.keepers.get(followerId)
    if (keeper) settleAlerts(fleet, keeper)
  }
}

function judged({ alerts, bots, deps }: Fleet, keeper: Keeper): Judged {
  const { follower, state, seen, conditions } = keeper
  return {
    follower: { ...follower, tradingMode: tradingModeOf(keeper) },
    state,
    seen,
    region: regionOf(follower, deps.settings.ibRegion ?? 'america'),
    driftSince: conditions.find(({ type }) => type === 'Drift')?.since ?? null,
    twofaMaxPushes: deps.settings.lifecycle.twofaMaxPushes,
    bots: bots?.reportsOf(follower.id) ?? [],
    told: (key) => alerts.drafted(alertPrefix(follower.id) + key),
  }
}
