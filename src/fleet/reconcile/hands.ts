// What the steps work with: ports, pools and figures.
import type { Clock } from '../../ports/clock.ts'
import type { IbConnector } from '../../ports/ib.ts'
import type { Log } from '../../ports/log.ts'
import type { SessionMeasures } from '../../ports/measures.ts'
import type { GatewayRuntime } from '../../ports/runtime.ts'
import type { Stores } from '../../ports/stores.ts'
import type { Pacers } from '../../session/pacing/pacers.ts'
import type { Tracer } from '../../telemetry/tracer.ts'
import type { GatewayCourse } from '../figures/course.ts'
import type { Audit } from '../history/audit.ts'
import type { GatewayState } from '../lifecycle/state.ts'
import type { Deciding } from '../lifecycle/transitions.ts'
import type { CredentialSources } from '../logins/credential-sources.ts'
import type { Digests } from '../logins/digests.ts'
import type { LoginBudget } from '../logins/login-budget.ts'
import type { GatewayTraces } from '../tracing/gateway-traces.ts'
import type { ImagePuller } from './image-puller.ts'
import type { Keeper } from './keeper.ts'
import type { PortPool, PortRange, UsernamePool } from './pools.ts'

export interface SessionSettings {
  readonly heartbeatIntervalMs: number
  readonly heartbeatTimeoutMs: number
  readonly reconnectAttempts: number
  readonly reconnectWindowMs: number
}

export interface Hands {
  readonly runtime: GatewayRuntime
  readonly stores: Stores
  readonly credentials: CredentialSources
  readonly connector: IbConnector
  readonly clock: Clock
  readonly log: Log
  /** Absent: nothing is traced. */
  readonly tracer: Tracer | undefined
  readonly traces: GatewayTraces
  readonly random: () => number
  readonly audit: Audit
  readonly digests: Digests
  readonly budget: LoginBudget
  readonly puller: ImagePuller
  readonly ports: PortPool
  readonly usernames: UsernamePool
  readonly clientIds: PortRange
  readonly sessionSettings: SessionSettings
  /** What is sent to one gateway shares its windows. */
  readonly pacers: Pacers
  readonly course: GatewayCourse
  readonly measures: SessionMeasures
  /** Fails while what all gateways share is not as it must be (NETWORK_UNSAFE). */
  readonly engineReady: (signal: AbortSignal) => Promise<void>
  /** Bounds how many containers are made at once. */
  readonly launchSlot: <T>(run: () => Promise<T>) => Promise<T>
  readonly deciding: () => Deciding
  /** Makes `next` the state that readers see. */
  readonly publish: (keeper: Keeper, next: GatewayState) => void
  readonly wake: (followerId: string) => void
  /** The gateway has answered. */
  readonly heartbeat: (followerId: string, roundTripMs: number) => void
  /** What is shown of the gateway has changed, and nothing needs to be done about it. */
  readonly show: (followerId: string) => void
  /** A username is free again: others may have waited for it. */
  readonly usernameFreed: () => void
}
