// From the configuration to the figures that the manager core takes. Pure.
import type { Config } from '../config.ts'
import type { FleetSettings } from '../fleet/settings.ts'

/** Records in a database may be changed by anyone and take effect within seconds; in the embedded store only by this manager. */
const recordIntervalMs = { mongodb: 2_000, embedded: 60_000 }

/** The core's figures from the configuration. */
export function fleetSettings({
  fleet,
  monitor,
  session,
  store,
  ibRegion,
  onShutdown,
}: Config): FleetSettings {
  return {
    spec: {
      containerPrefix: fleet.containerPrefix,
      gatewayImage: fleet.gatewayImage,
      memoryMb: fleet.memoryMb,
    },
    ports: fleet.ports,
    clientIds: fleet.clientIds,
    lifecycle: {
      maxStartupMs: fleet.maxStartupMs,
      twofaTimeoutMs: fleet.twofaTimeoutMs,
      twofaMaxPushes: fleet.twofaMaxPushes,
      crashLoop: fleet.crashLoop,
    },
    budget: { rejected: fleet.loginBudgetRejected, starts: fleet.loginBudgetStarts },
    session,
    launchConcurrency: fleet.launchConcurrency,
    monitorIntervalMs: monitor.intervalMs,
    recordIntervalMs: recordIntervalMs[store.kind],
    ibRegion,
    shutdownTimeoutMs: fleet.shutdownTimeoutMs,
    onShutdown,
  }
}
