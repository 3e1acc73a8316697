// What the outside (HTTP, CLI, bots in process) may ask of the manager core. The driving port: GatewayManager implements it.
import type { Alert } from '../../schemas/alert.ts'
import type { FleetEvent, StreamPart } from '../../schemas/event.ts'
import type { Follower, FollowerCreate, FollowerPatch } from '../../schemas/follower.ts'
import type {
  Gateway,
  GatewayHealth,
  GatewayScreen,
  GatewayStatus,
  GatewayStatusView,
  StatusCounts,
} from '../../schemas/gateway.ts'
import type { GatewayTimeline } from '../../schemas/gateway-timeline.ts'
import type { Lease, LeaseBody } from '../../schemas/lease.ts'
import type { IbStatus, SystemStatus } from '../../schemas/system.ts'
import type { FleetError } from './errors.ts'
import type { GatewayCredentials, LogLine } from './runtime.ts'

/** Who asks, for the audit history: a token's name, or `local` without tokens. */
export interface Caller {
  readonly actor: string
  readonly requestId?: string
}

/** Where an alert stands in the list of all. */
export type AlertPlace = Pick<Alert, 'raisedAt' | 'id'>

/** Outcome of a verb: `done` (already so, or reached within the wait), `failed` (FAILED within the wait), `pending` (accepted, going on). */
export interface VerbOutcome {
  readonly outcome: 'done' | 'failed' | 'pending'
  readonly gateway: Gateway
}

/** One answer of a bulk call. */
export type BulkOutcome =
  | { readonly followerId: string; readonly done: VerbOutcome }
  | { readonly followerId: string; readonly failed: FleetError }

export interface VerbOptions extends Caller {
  /** Hold the answer until settled, at most so long; 0 or absent: answer at once. SHUTTING_DOWN when the manager stops meanwhile. */
  readonly waitMs?: number
  /** Stops the waiting (the client went away), not the verb. */
  readonly signal?: AbortSignal
}

/** What somebody wants to follow. */
export interface FollowQuery {
  readonly parts: ReadonlySet<StreamPart>
  /** Only what concerns this follower. */
  readonly followerId?: string
  /** Only history of this type; `gateway.*` for all that begin so. */
  readonly type?: string
  /** History after this event id or RFC 3339 time comes first; without it, history begins now. */
  readonly since?: string
}

/** One thing to be told. The events, gateways and alerts in it are the same objects for all who follow, and never change. */
export type StreamItem =
  | { readonly kind: 'event'; readonly event: FleetEvent }
  | { readonly kind: 'gateway'; readonly gateway: Gateway }
  | { readonly kind: 'gateway-removed'; readonly followerId: string }
  | { readonly kind: 'alert'; readonly alert: Alert }
  /** The states that were there at the beginning have all been told. */
  | { readonly kind: 'synced'; readonly asOf: string }
  /** Some of the history asked for could not be read; live events go on. */
  | { readonly kind: 'gap'; readonly error: FleetError }

/** All methods fail with FleetError; FOLLOWER_NOT_FOUND where an id names none. Reads come from memory and never touch the engine or a gateway. */
export interface FleetControl {
  listFollowers(query: {
    limit: number
    cursor?: string
  }): Promise<{ items: Follower[]; nextCursor?: string }>
  getFollower(id: string): Promise<Follower>
  /** FOLLOWER_EXISTS. A record that is enabled and ACTIVE starts its gateway. */
  createFollower(body: FollowerCreate, caller: Caller): Promise<Follower>
  /** JSON merge patch (RFC 7396). REVISION_MISMATCH when `ifMatch` is given and stale. */
  patchFollower(id: string, patch: FollowerPatch, options: Caller & { ifMatch?: number }): Promise<Follower>
  /** Stops the gateway, removes container, volume, credentials we stored and record; resolves when all is gone. */
  deleteFollower(id: string, caller: Caller & { ifMatch?: number }): Promise<void>
  /**
   * CREDENTIALS_INVALID. Releases a hold for rejected credentials when they differ, and a wanted gateway logs in by itself. `store` asks for
   * the embedded store even when there is a Vault.
   */
  putCredentials(
    id: string,
    credentials: GatewayCredentials,
    caller: Caller & { store?: 'embedded' },
  ): Promise<void>

  listGateways(query: { status?: GatewayStatus; limit: number; cursor?: string }): {
    items: Gateway[]
    nextCursor?: string
    counts: StatusCounts
  }
  getGateway(id: string): Gateway
  gatewayStatus(id: string): GatewayStatusView
  gatewayHealth(id: string): GatewayHealth
  /** The last `hours`, as the history tells them. STORE_UNAVAILABLE. */
  gatewayTimeline(id: string, hours: number): Promise<GatewayTimeline>
  /** Scrubbed log lines; see GatewayRuntime.logs. Empty when there is no container. */
  gatewayLogs(
    id: string,
    options: { tail?: number; follow?: boolean },
    signal: AbortSignal,
  ): AsyncIterable<LogLine>
  /** Where its screen is shown, with the password; who asked is noted. NOT_FOUND when it has none, GATEWAY_NOT_UP, SCREEN_UNAVAILABLE, ENGINE_UNAVAILABLE: the one read that asks the engine. */
  gatewayScreen(id: string, caller: Caller, signal: AbortSignal): Promise<GatewayScreen>

  /** FOLLOWER_NOT_LAUNCHABLE, CREDENTIALS_REJECTED, PORT_EXHAUSTED, ENGINE_UNAVAILABLE (then nothing is recorded). */
  launchGateway(id: string, options: VerbOptions): Promise<VerbOutcome>
  stopGateway(id: string, options: VerbOptions): Promise<VerbOutcome>
  /** `soft` logs in again without 2FA; SOFT_RESTART_UNAVAILABLE. `container` is a new container and a full login. GATEWAY_NOT_UP when not wanted. */
  restartGateway(id: string, mode: 'soft' | 'container', options: VerbOptions): Promise<VerbOutcome>
  /** Drops and reopens our API session. GATEWAY_NOT_UP when there is no logged-in gateway behind it. */
  reconnectGateway(id: string, options: VerbOptions): Promise<VerbOutcome>
  /** Each as the single call would have answered; all followers when no ids are given. One that fails never harms the others. */
  bulk(
    verb: 'launch' | 'stop',
    followerIds: readonly string[] | undefined,
    caller: Caller,
  ): Promise<BulkOutcome[]>

  /** GATEWAY_NOT_RUNNING unless RUNNING, CLIENT_ID_EXHAUSTED. The same purpose gets the same id. */
  lease(id: string, body: LeaseBody, caller: Caller): Promise<Lease>
  /** LEASE_NOT_FOUND. */
  renewLease(id: string, clientId: number, ttlSeconds: number | undefined, caller: Caller): Promise<Lease>
  releaseLease(id: string, clientId: number, caller: Caller): Promise<void>

  ibStatus(): IbStatus
  systemStatus(signal: AbortSignal): Promise<SystemStatus>
  /** The dependency that keeps us from working, or null. */
  readiness(): Promise<{ ready: true } | { ready: false; dependency: string; detail: string }>

  /** Newest first, those of one moment by id; with `after` those that follow it. */
  listAlerts(query: {
    open?: boolean
    followerId?: string
    limit: number
    after?: AlertPlace
  }): Promise<Alert[]>
  /** ALERT_NOT_FOUND. */
  acknowledgeAlert(id: string, caller: Caller): Promise<Alert>
  /** INVALID_REQUEST when `since` is neither the id of an event nor a time. */
  listEvents(query: { since?: string; followerId?: string; limit: number }): Promise<FleetEvent[]>
  /**
   * What is, then what changes, some items at a time, until `signal` aborts or the manager stops; then it simply ends. First the states asked for
   * and `synced`, then the history after `since`, then all as it happens. States are coalesced by gateway and by alert. INVALID_REQUEST at once when
   * `since` is neither; TOO_SLOW, in the iteration, for a reader that takes too little of the history.
   */
  follow(query: FollowQuery, signal: AbortSignal): AsyncIterable<readonly StreamItem[]>

  /** NOT_FOUND unless gateways are simulated; UNKNOWN_FAULT lists the known ones; GATEWAY_NOT_UP. */
  injectFault(id: string, fault: string, value: string | undefined, caller: Caller): Promise<void>
}
