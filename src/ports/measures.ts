// What the core tells as it happens, for whoever counts it. No method throws or waits; all times are milliseconds that passed.
import type { GatewayPhase } from '../../schemas/gateway.ts'
import type { ReasonCode } from '../../schemas/reason.ts'
import type { ErrorCode } from './errors.ts'
import type { IbRequestKind, IbStreamKind } from './ib.ts'

/** Kinds of notices from IB that tell of an error. */
export const ibErrorClasses = [
  'upstream-lost',
  'client-id-in-use',
  'port-changed',
  'competing-session',
  'read-only',
  'pacing',
  'permission',
  'unsupported',
  'request-error',
] as const
export type IbErrorClass = (typeof ibErrorClasses)[number]

/** `refused`: not sent at all, because the queue was full or the circuit open; `lost`: the connection ended first. */
export const requestOutcomes = ['answered', 'rejected', 'timeout', 'lost', 'abandoned', 'refused'] as const
export type RequestOutcome = (typeof requestOutcomes)[number]

/** `cancelled`: stopped, or replaced by another, before it was known. */
export const launchOutcomes = ['ready', 'failed', 'cancelled'] as const
export type LaunchOutcome = (typeof launchOutcomes)[number]

/** How a login that the gateway began has ended, by its log. */
export const loginOutcomes = ['completed', 'rejected', 'twofa-timeout', 'error', 'locked-out'] as const
export type LoginOutcome = (typeof loginOutcomes)[number]

export interface SessionMeasures {
  heartbeatAnswered(roundTripMs: number): void
  /** One question to IB is over, so long after it was sent. */
  requestOver(kind: IbRequestKind, outcome: RequestOutcome, ms: number): void
  streamBegun(kind: IbStreamKind): void
  errorReported(errorClass: IbErrorClass): void
  /** A connection took the place of one that was lost. */
  reconnected(): void
  connectionFailed(code: ErrorCode): void
}

export interface PacingMeasures {
  /** Something had to wait so long for IB's limits before it could be sent. */
  pacingWaited(ms: number): void
  /** IB said that it was asked too much. */
  pacingViolated(): void
}

export interface FleetMeasures extends SessionMeasures, PacingMeasures {
  phaseEntered(phase: GatewayPhase, reason: ReasonCode | undefined): void
  /** From the first step for a container to RUNNING, or to what came instead. */
  launchOver(outcome: LaunchOutcome, ms: number): void
  /** A container after the first, or a restart inside it. */
  restarted(cause: ReasonCode | undefined): void
  loginBegun(): void
  loginOver(outcome: LoginOutcome): void
  /** IB has asked for a second factor on a person's phone. */
  twofaPushed(): void
  twofaApproved(waitedMs: number): void
}

const nothing = () => {}

/** For those whom nobody watches. */
export const noMeasures: FleetMeasures = {
  heartbeatAnswered: nothing,
  requestOver: nothing,
  streamBegun: nothing,
  errorReported: nothing,
  reconnected: nothing,
  connectionFailed: nothing,
  pacingWaited: nothing,
  pacingViolated: nothing,
  phaseEntered: nothing,
  launchOver: nothing,
  restarted: nothing,
  loginBegun: nothing,
  loginOver: nothing,
  twofaPushed: nothing,
  twofaApproved: nothing,
}
