// How things stand, as plain values for whoever shows them as figures: read from memory, without asking anybody.
import type { AlertLevel } from '../../schemas/alert.ts'
import type { GatewayPhase, GatewayStatus } from '../../schemas/gateway.ts'
import type { GapClass } from '../../schemas/market-data.ts'
import type { ReasonCode } from '../../schemas/reason.ts'
import type { AlertSinkStatus, IbStatus } from '../../schemas/system.ts'

export interface GatewayLevels {
  readonly followerId: string
  readonly status: GatewayStatus
  readonly phase: GatewayPhase
  readonly reason?: ReasonCode
  readonly wanted: boolean
  readonly healthy: boolean
  /** Of the last heartbeat of the present session. */
  readonly heartbeatRttMs?: number
  /** Since the start of the manager. */
  readonly reconnects: number
  /** Ever. */
  readonly restarts: number
}

export interface FleetLevels {
  readonly gateways: readonly GatewayLevels[]
  readonly openAlerts: Readonly<Record<AlertLevel, number>>
  readonly alertSinks: readonly AlertSinkStatus[]
  /** Open event streams. */
  readonly streams: number
  /** Whether each answered when it was last asked; absent: it has not been asked yet. */
  readonly reachable: {
    readonly engine: boolean
    readonly store: boolean
    readonly credentials?: boolean
  }
}

export interface MarketDataLevels {
  readonly dataConnection: IbStatus['dataConnection']
  readonly series: number
  readonly openGaps: Readonly<Record<GapClass, number>>
  /** A scan, with its filling, is under way. */
  readonly scanning: boolean
  /** Epoch milliseconds; absent before the first. */
  readonly lastScanAt?: number
  /** These three since the start of the manager. */
  readonly gapsFilled: number
  readonly barsWritten: number
  readonly failures: number
}

export interface PacingLevels {
  /** Requests that wait for IB's limits. */
  readonly queued: number
  /** Historical requests that are open. */
  readonly open: number
}

export interface Levels {
  readonly fleet: FleetLevels
  readonly marketData: MarketDataLevels
  readonly pacing: PacingLevels
}
