// How things stand, made up for tests of the figures.
import type { FleetLevels, GatewayLevels, Levels, MarketDataLevels } from '../../../src/ports/levels.ts'

export const gatewayLevels = (followerId: string, more: Partial<GatewayLevels> = {}): GatewayLevels => ({
  followerId,
  status: 'RUNNING',
  phase: 'ready',
  wanted: true,
  healthy: true,
  heartbeatRttMs: 2,
  reconnects: 0,
  restarts: 0,
  ...more,
})

export const levels = ({
  fleet = {},
  marketData = {},
}: {
  fleet?: Partial<FleetLevels>
  marketData?: Partial<MarketDataLevels>
} = {}): Levels => ({
  fleet: {
    gateways: [],
    openAlerts: { INFO: 0, WARNING: 0, ERROR: 0, CRITICAL: 0 },
    alertSinks: [],
    streams: 0,
    reachable: { engine: true, store: true },
    ...fleet,
  },
  marketData: {
    dataConnection: { state: 'disabled', reconnects: 0 },
    series: 0,
    openGaps: { outage: 0, missing: 0, 'no-data': 0 },
    scanning: false,
    gapsFilled: 0,
    barsWritten: 0,
    failures: 0,
    ...marketData,
  },
  pacing: { queued: 0, open: 0 },
})
