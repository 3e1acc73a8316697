// What the manager remembers across restarts. Every method fails with STORE_UNAVAILABLE when the store does not answer, and then nothing was written,
// except that a write whose acknowledgement was lost on the way is there whole: each is one document, and may be repeated.
import type { Alert, AlertLevel } from '../../schemas/alert.ts'
import type { FleetEvent } from '../../schemas/event.ts'
import type { Follower, FollowerState } from '../../schemas/follower.ts'
import type { BarSource, Timeframe } from '../../schemas/market-data.ts'
import type { ReasonCode } from '../../schemas/reason.ts'

/** A document that could not be read as what it should be; reported, skipped, never changed. */
export interface MalformedRecord {
  readonly id: string
  readonly message: string
}

/** Follower records; only people change them. */
export interface FollowerStore {
  list(): Promise<{ followers: Follower[]; malformed: MalformedRecord[] }>
  /** null when there is none, or none that can be read (see `list`). */
  get(id: string): Promise<Follower | null>
  /** FOLLOWER_EXISTS when the id is taken. */
  insert(follower: Follower): Promise<void>
  /** Replaces the record if its stored revision is `expectedRevision`, else REVISION_MISMATCH; FOLLOWER_NOT_FOUND. Fields it does not know stay. */
  replace(follower: Follower, expectedRevision: number): Promise<void>
  /** True when there was one. */
  delete(id: string): Promise<boolean>
}

/** Why nothing may be tried until someone acts; survives restarts of the manager. */
export interface GatewayHold {
  readonly code: ReasonCode
  readonly detail?: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Keyed digest of the secret that was rejected: another secret releases the hold. */
  readonly secretHash?: string
}

/** What is wished for one gateway, apart from the follower's record. */
export interface GatewayRecord {
  readonly followerId: string
  readonly desired: 'running' | 'stopped'
  /** Enabled and state as last seen, so that a change made while the manager was down counts too. */
  readonly seen: { readonly enabled: boolean; readonly state: FollowerState } | null
  readonly hold: GatewayHold | null
  /** Unasked-for ends of the container, milliseconds since the epoch; those inside the crash-loop window count. */
  readonly crashes: readonly number[]
  /** The manager session's client id, kept for ever once chosen. */
  readonly clientId: number | null
  /** Kept so that the same gateway comes back on the same port when it is free. */
  readonly hostPort: number | null
  /** Containers started again by the manager for this follower, ever. */
  readonly restarts: number
  /** 2FA pushes in a row that nobody approved; absent means none. A restart of the manager must not grant three more. */
  readonly missedPushes?: number
  /** Keyed digest of the login last used, so that a rejection can be told from a secret changed since. */
  readonly secretHash: string | null
}

export interface GatewayStore {
  list(): Promise<GatewayRecord[]>
  get(followerId: string): Promise<GatewayRecord | null>
  put(record: GatewayRecord): Promise<void>
  delete(followerId: string): Promise<void>
}

/** A client id promised to a bot, or kept for its purpose after the promise ended. */
export interface LeaseRecord {
  readonly followerId: string
  readonly purpose: string
  readonly clientId: number
  readonly readOnly: boolean
  readonly healthUrl?: string
  /** Milliseconds since the epoch; the id stays assigned to the purpose afterwards, so that orders stay manageable. */
  readonly expiresAt: number
}

export interface LeaseStore {
  list(followerId?: string): Promise<LeaseRecord[]>
  /** One per follower and purpose; replaces. */
  put(lease: LeaseRecord): Promise<void>
  delete(followerId: string, purpose: string): Promise<void>
}

/** Logins spent by one username in one trading mode, so that a restart of the manager does not reset the budget. */
export interface LoginBudgetRecord {
  /** `<keyed digest of the username>:<paper|live>`. */
  readonly key: string
  /** Milliseconds since the epoch. */
  readonly rejected: readonly number[]
  readonly starts: readonly number[]
  /** Keyed digests of secrets that IBKR has rejected for it, and when, the latest last; absent means none. */
  readonly refused?: ReadonlyArray<{ readonly secretHash: string; readonly at: number }>
}

export interface LoginBudgetStore {
  get(key: string): Promise<LoginBudgetRecord | null>
  put(record: LoginBudgetRecord): Promise<void>
}

export interface EventStore {
  append(event: FleetEvent): Promise<void>
  /** Oldest first, after `since` (an event id, or milliseconds since the epoch), at most `limit`. */
  list(query: { since?: string | number; followerId?: string; limit: number }): Promise<FleetEvent[]>
  /** Deletes what is older than `before` (milliseconds since the epoch); how many. */
  sweep(before: number): Promise<number>
}

/** An alert, with what only the one who tells it must remember. Times are RFC 3339. */
export interface AlertRecord extends Alert {
  /** When people were last told. */
  readonly toldAt?: string
  /** Since when it has its level. */
  readonly levelSince?: string
  /** The level that it was raised with, where nobody's acknowledging it has made it CRITICAL. */
  readonly escalatedFrom?: AlertLevel
  /** Sinks that have not taken what was told last. */
  readonly owedTo?: readonly string[]
}

export interface AlertQuery {
  readonly open?: boolean
  readonly followerId?: string
  readonly limit: number
}

export interface AlertStore {
  put(alert: AlertRecord): Promise<void>
  get(id: string): Promise<AlertRecord | null>
  /** Newest first. */
  list(query: AlertQuery): Promise<AlertRecord[]>
  /** Deletes what was resolved before `before` (milliseconds since the epoch); open ones stay. How many. */
  sweep(before: number): Promise<number>
}

/** Opaque sealed values by follower id, for the credential store that keeps its secrets beside the records. Never a value in clear. */
export interface SealedSecretStore {
  /** null when there is none. */
  get(followerId: string): Promise<string | null>
  put(followerId: string, sealed: string): Promise<void>
  /** Nothing there is success. */
  delete(followerId: string): Promise<void>
}

/**
 * A stretch that IB was asked for and did not have every bar of; epoch milliseconds, `toMs` not included. While as many bars are there as IB
 * answered with, what is missing is not to be had; with fewer, some were lost since.
 */
export interface EmptyRange {
  readonly fromMs: number
  readonly toMs: number
  readonly askedAt: number
  readonly bars: number
}

/** One series of bars: what is asked of IB for it, and what IB has said to have none of. */
export interface SeriesRecord {
  readonly symbol: string
  readonly timeframe: Timeframe
  readonly secType: string
  readonly exchange: string
  readonly currency: string
  readonly whatToShow: BarSource
  readonly useRth: boolean
  /** `tracked` was asked for, `file` was found in BARS_DIR, `ignored` was taken off the list while its file stays. */
  readonly origin: 'tracked' | 'file' | 'ignored'
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Ascending and disjoint. */
  readonly empty: readonly EmptyRange[]
}

export interface SeriesStore {
  list(): Promise<SeriesRecord[]>
  /** One per symbol and timeframe; replaces. */
  put(series: SeriesRecord): Promise<void>
  /** Nothing there is success. */
  delete(symbol: string, timeframe: Timeframe): Promise<void>
}

/** A time when no bars could reach us; epoch milliseconds. */
export interface OutageRecord {
  readonly id: string
  readonly fromMs: number
  /** Absent while it lasts. */
  readonly toMs?: number
  /** For a person. */
  readonly cause: string
}

export interface OutageStore {
  /** Those that end after `sinceMs`, or last; oldest first. */
  list(sinceMs: number): Promise<OutageRecord[]>
  /** Replaces the one of the same id. */
  put(outage: OutageRecord): Promise<void>
  /** Deletes what ended before `before`. How many. */
  sweep(before: number): Promise<number>
}

/** Who holds the store; see `lockHolderIsDead` for when another may take it. */
export interface LockHolder {
  readonly managerId: string
  readonly host: string
  /** /proc/sys/kernel/random/boot_id; empty where there is none. */
  readonly bootId: string
  /** The pid namespace (`/proc/self/ns/pid`), since containers share a boot id; empty where there is none. */
  readonly pidNamespace: string
  readonly pid: number
  /** Start time of that process in clock ticks since boot (/proc/<pid>/stat field 22); tells a reused pid. */
  readonly pidStartedAt: string
  /** Milliseconds since the epoch; rewritten every few seconds by a living holder. */
  readonly renewedAt: number
}

/** The one manager per store. */
export interface ManagerLock {
  /**
   * Takes it for this process and keeps it renewed. STORE_LOCKED naming the holder, when a living other holds it (may take 10 s to find out). Resolves with when
   * a holder that never gave it up was last alive (ms since the epoch), if there was one.
   */
  acquire(managerId: string, signal: AbortSignal): Promise<number | undefined>
  /** Gives it up, if it is still ours, and stops renewing. */
  release(): Promise<void>
}

/** Name of the constant that is the manager's id, unless MANAGER_ID says another. */
export const managerIdConstant = 'manager-id'

/** Lists that only a copy of the whole store needs. */
export interface StoreArchive {
  budgets(): Promise<LoginBudgetRecord[]>
  secrets(): Promise<{ followerId: string; sealed: string }[]>
  constants(): Promise<{ name: string; value: string }[]>
}

export interface Stores {
  readonly kind: 'embedded' | 'mongodb'
  readonly followers: FollowerStore
  readonly gateways: GatewayStore
  readonly leases: LeaseStore
  readonly budgets: LoginBudgetStore
  readonly events: EventStore
  readonly alerts: AlertStore
  readonly secrets: SealedSecretStore
  readonly series: SeriesStore
  readonly outages: OutageStore
  readonly lock: ManagerLock
  readonly archive: StoreArchive
  /** A value made once and kept, for example the manager's id or the key of the digests: returns what is stored, else stores and returns `make()`. */
  constant(name: string, make: () => string): Promise<string>
  /** Round trip. */
  ping(): Promise<{ latencyMs: number }>
  close(): Promise<void>
}
