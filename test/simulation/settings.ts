// What the simulated manager is configured with: the product's defaults, but for its pace.
import type { FleetSettings } from '../../src/fleet/settings.ts'

export const limits = {
  lifecycle: {
    maxStartupMs: 120_000,
    twofaTimeoutMs: 180_000,
    twofaMaxPushes: 3,
    crashLoop: { limit: 5, windowMs: 600_000 },
  },
  budget: { rejected: { limit: 3, windowMs: 86_400_000 }, starts: { limit: 6, windowMs: 900_000 } },
  session: {
    heartbeatIntervalMs: 30_000,
    heartbeatTimeoutMs: 10_000,
    reconnectAttempts: 5,
    reconnectWindowMs: 60_000,
  },
} as const

/** The product's defaults, but for how often it looks, which some seeds make rarer; just as many ports as gateways need, so that one that leaks is missed. */
export const settingsFor = (followers: number, pace: Pace): FleetSettings => ({
  spec: { containerPrefix: 'ibgateway-follower', gatewayImage: 'gateway:1', memoryMb: 2048 },
  ports: { from: 4100, to: 4100 + followers + 5 },
  clientIds: { from: 1000, to: 9999 },
  ...limits,
  session: { ...limits.session, heartbeatIntervalMs: pace.heartbeatMs },
  launchConcurrency: 4,
  monitorIntervalMs: pace.monitorMs,
  recordIntervalMs: 30_000,
  shutdownTimeoutMs: 60_000,
  onShutdown: 'stop',
})

/** From one heartbeat, and one look of the monitor, to the next. */
export interface Pace {
  readonly heartbeatMs: number
  readonly monitorMs: number
}
