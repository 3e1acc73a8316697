// What the manager core takes: its figures and its ports. Filled in by the composition root, by tests and by embedders.
import type { IbStatus } from '../../schemas/system.ts'
import type { IbRegion } from '../calendar/ib-maintenance.ts'
import type { AlertCode } from '../ports/alert-codes.ts'
import type { AlertSink } from '../ports/alerts.ts'
import type { AskBot } from '../ports/bot-health.ts'
import type { Clock } from '../ports/clock.ts'
import type { CredentialStore } from '../ports/credentials.ts'
import type { IbConnector } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import type { FleetMeasures } from '../ports/measures.ts'
import type { GatewayRuntime } from '../ports/runtime.ts'
import type { Stores } from '../ports/stores.ts'
import type { Pacers } from '../session/pacing/pacers.ts'
import type { Tracer } from '../telemetry/tracer.ts'
import type { SpecDefaults } from './lifecycle/spec.ts'
import type { LifecycleLimits } from './lifecycle/state.ts'
import type { BudgetLimits } from './logins/login-budget.ts'
import type { SessionSettings } from './reconcile/hands.ts'
import type { PortRange } from './reconcile/pools.ts'

export interface FleetSettings {
  readonly spec: SpecDefaults
  readonly ports: PortRange
  readonly clientIds: PortRange
  readonly lifecycle: LifecycleLimits
  readonly budget: BudgetLimits
  readonly session: SessionSettings
  readonly launchConcurrency: number
  /** From sweep to sweep of the monitor. */
  readonly monitorIntervalMs: number
  /** From reading to reading of the follower records, so that a record changed elsewhere takes effect. */
  readonly recordIntervalMs: number
  /** From reading to reading of credentials that a gateway waits for [60 s]. */
  readonly secretIntervalMs?: number
  /** Whose maintenance keeps outages quiet, unless a follower's label `ibRegion` says another [america]. */
  readonly ibRegion?: IbRegion
  readonly shutdownTimeoutMs: number
  readonly onShutdown: 'stop' | 'leave'
}

export interface FleetDeps {
  readonly settings: FleetSettings
  readonly stores: Stores
  readonly runtime: GatewayRuntime
  readonly credentials: CredentialStore
  /** The embedded store, where `credentials` is Vault: its copies serve while Vault is away. */
  readonly fallbackCredentials?: CredentialStore
  readonly connector: IbConnector
  /** Shared with whatever else talks to the same gateways, at 127.0.0.1 and their ports; its own when absent. */
  readonly pacers?: Pacers
  readonly sinks: readonly AlertSink[]
  /** Address of the runbook's section for an alert's code; absent: alerts carry none. */
  readonly runbook?: (code: AlertCode) => string | undefined
  readonly clock: Clock
  readonly log: Log
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer
  /** [0, 1): jitter and first client ids. */
  readonly random?: () => number
  readonly version: string
  readonly managerId: string
  /** Base64; the key of the login digests, kept in the store. */
  readonly digestKey: string
  /** Takes the store's lock, STORE_UNAVAILABLE while the store is away. Absent: the caller holds it already. */
  readonly takeCharge?: (signal: AbortSignal) => Promise<number | undefined>
  /** The store turned out to be another manager's: this one must end. */
  readonly onRefused?: (error: Error) => void
  /** Followers and wishes as last known, for a start while the store is away. */
  readonly lastKnown?: Stores
  /** Asks bots that gave a `healthUrl` with their lease; absent: they are not asked. */
  readonly askBot?: AskBot
  /** Of /system/ib-status; absent: no data connection. */
  readonly dataConnection?: () => IbStatus['dataConnection']
  /** Told what happens, to be counted; absent: nobody counts. */
  readonly measures?: FleetMeasures
  /** For the disk figures of /system/system-status. */
  readonly dataDir?: string
}
