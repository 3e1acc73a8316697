// What a session takes and what it shows: plain values that the fleet reads and compares.
import type { SessionState } from '../../schemas/system.ts'
import type { IbStep } from '../ports/ib.ts'

export interface SessionOptions {
  readonly followerId: string
  readonly host: string
  readonly port: number
  readonly clientId: number
  /** What to do at 326: `keep` waits for the id (an old socket of ours may still hold it), `next` takes the next one. */
  readonly onClientIdInUse: 'keep' | 'next'
  /** Deadline of each step of connecting [10 s]. */
  readonly connectTimeoutMs?: number
  /** From one heartbeat to the next; 0 switches them off. */
  readonly heartbeatIntervalMs: number
  readonly heartbeatTimeoutMs: number
  /** Tries before the session gives up, the first one included. */
  readonly reconnectAttempts: number
  /** No try begins later than this after the first. */
  readonly reconnectWindowMs: number
}

export interface SessionSnapshot {
  readonly state: SessionState
  /** When `state` was entered, epoch milliseconds, as all times here. */
  readonly since: number
  /** Another than the option's when `next` has moved on. */
  readonly clientId: number
  readonly host: string
  readonly port: number
  /** Where connecting is, or where the last attempt ended; absent once connected. */
  readonly step?: IbStep
  /** As last reported; empty before the first connection. */
  readonly accounts: readonly string[]
  readonly serverVersion?: number
  readonly nextOrderId?: number
  /** Only while connected. */
  readonly connectedAt?: number
  readonly lastAnswerAt?: number
  /** Measured on the clock that never jumps. */
  readonly lastAnswerAgeMs?: number
  readonly lastHeartbeatAt?: number
  readonly heartbeatRttMs?: number
  /** A heartbeat is out for longer than half its deadline. */
  readonly heartbeatLate: boolean
  readonly upstream: 'up' | 'lost'
  readonly upstreamSince?: number
  readonly brokenFarms: readonly string[]
  readonly competing: boolean
  /** Times that IB announced lost subscriptions (1101). */
  readonly dataLost: number
  /** Times that our client id was in use (326). */
  readonly conflicts326: number
  /** Sent in all, heartbeats included. */
  readonly requests: number
  /** Errors reported by IB, failed attempts and lost connections. */
  readonly errors: number
  /** Times that a connection took the place of another. */
  readonly reconnects: number
  readonly connectionFailures: number
  /** Of the present connection; 0 without one. */
  readonly uptimeMs: number
  readonly lastError?: { readonly code: number | string; readonly message: string; readonly at: number }
}
