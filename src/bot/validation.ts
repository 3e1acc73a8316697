// The proof that the gateway may be traded with: made here only, after the authentication check, a look at the session, and reconciliation.
import type { Clock } from '../ports/clock.ts'
import { FleetError } from '../ports/errors.ts'
import type { IbSession } from '../session/session.ts'
import type { Check, CheckVerdict } from './gateway-check.ts'
import type { OrderGate } from './order-gate.ts'

/** What a gate must know of a validation. */
export interface Standing {
  readonly gate: OrderGate
  /** The gate's era in which it began. */
  readonly era: number
  /** When it was complete, by the clock that never jumps. */
  readonly madeAtMs: number
}

let certify!: (facts: Omit<Validation, never>, standing: Standing) => Validation

/** What was proven of one connection, once. Nothing else opens a gate. */
export class Validation {
  readonly connectionId: number
  /** All that the gateway named. */
  readonly accounts: readonly string[]
  /** The one that orders are for. */
  readonly account: string
  /** Epoch milliseconds. */
  readonly validatedAt: number
  /** Round trip of the authentication check. */
  readonly roundTripMs: number

  private constructor(facts: Omit<Validation, never>, standing: Standing) {
    this.connectionId = facts.connectionId
    this.accounts = facts.accounts
    this.account = facts.account
    this.validatedAt = facts.validatedAt
    this.roundTripMs = facts.roundTripMs
    standings.set(Object.freeze(this), standing)
  }

  static {
    certify = (facts, standing) => new Validation(facts, standing)
  }
}

/** Of genuine validations. */
const standings = new WeakMap<Validation, Standing>()

/** For the gate; undefined when `validation` was not made here. */
export function standingOf(validation: Validation): Standing | undefined {
  return standings.get(validation)
}

export interface ValidationDeps {
  readonly gate: OrderGate
  /** Connected already: its connection is what is validated. */
  readonly session: IbSession
  readonly clock: Clock
  /** The authentication check by client id 0. */
  readonly check: Check
  /** Brings the orders up to date over the session; what it rejects with makes the validation fail. */
  readonly reconcile: (signal?: AbortSignal) => Promise<unknown>
  /** The account to trade; without one the gateway's first. */
  readonly account?: string
}

/** `detail` is words for a log or a person, without a full stop. */
export type ValidationOutcome =
  | { readonly ok: true; readonly validation: Validation }
  | {
      readonly ok: false
      readonly reason: 'check' | 'session' | 'accounts' | 'reconciliation' | 'changed'
      readonly detail: string
      /** When `reason` is `check`. */
      readonly verdict?: Extract<CheckVerdict, { ok: false }>
    }

/** Validates the gateway over the session's present connection. Rejects only with the reason of an aborted `signal`. */
export async function validateGateway(
  _deps: ValidationDeps,
  _signal?: AbortSignal,
): Promise<ValidationOutcome> {
  throw new FleetError('INTERNAL', 'not written yet')
}
void certify
