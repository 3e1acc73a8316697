// The proof that the gateway may be traded with: made here only, after the authentication check, a look at the session, and reconciliation.
import type { Clock } from '../ports/clock.ts'
import { messageOf } from '../ports/errors.ts'
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

/** The public side of a validation; anyone may write such a value, and it opens nothing. */
type Facts = Pick<Validation, keyof Validation>

let certify!: (facts: Facts, standing: Standing) => Validation

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

  private constructor(facts: Facts, standing: Standing) {
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
  readonly reconcile: (signal: AbortSignal) => Promise<unknown>
  /** The account to trade; needed when the gateway has several. */
  readonly account?: string
}

/** `detail` is words for a log or a person, without a full stop. */
export type ValidationOutcome = { readonly ok: true; readonly validation: Validation } | Failure

interface Failure {
  readonly ok: false
  /** `session`: the trading session is not as it must be; `changed`: it is again, but was not all the time. */
  readonly reason: 'check' | 'session' | 'accounts' | 'reconciliation' | 'changed'
  readonly detail: string
  /** When `reason` is `check`. */
  readonly verdict?: Extract<CheckVerdict, { ok: false }>
}

/** Validates the gateway over the session's present connection. Rejects only with the reason of an aborted `signal`. */
export async function validateGateway(deps: ValidationDeps, signal: AbortSignal): Promise<ValidationOutcome> {
  const { gate, session, clock, check, reconcile } = deps
  const { era } = gate
  const { connectionId } = session.orders
  const failed = (reason: Failure['reason'], detail: string): Failure => ({ ok: false, reason, detail })
  const changed = () => {
    const { trouble } = gate
    if (trouble) return failed('session', trouble)
    if (gate.era === era && session.orders.connectionId === connectionId) return undefined
    return failed('changed', 'the connection, or what is behind it, changed while it was being validated')
  }

  const trouble = changed()
  if (trouble) return trouble
  const verdict = await check(signal)
  signal.throwIfAborted()
  if (!verdict.ok) return { ...failed('check', verdict.detail), verdict }
  const { accounts } = session.snapshot()
  const account = deps.account ?? accounts[0]
  if (account === undefined || !sameAccounts(accounts, verdict.accounts, deps.account))
    return failed('accounts', otherAccounts(accounts, verdict.accounts, deps.account))
  const meanwhile = changed()
  if (meanwhile) return meanwhile
  try {
    await reconcile(signal)
  } catch (error) {
    signal.throwIfAborted()
    return changed() ?? failed('reconciliation', messageOf(error))
  }
  signal.throwIfAborted()
  const atTheEnd = changed()
  if (atTheEnd) return atTheEnd
  const { roundTripMs } = verdict
  const facts = { connectionId, accounts, account, validatedAt: clock.now(), roundTripMs }
  return { ok: true, validation: certify(facts, { gate, era, madeAtMs: clock.monotonicMs() }) }
}

/** The account that was asked for in both, or else the same only one in both. */
function sameAccounts(mine: readonly string[], checked: readonly string[], wanted?: string): boolean {
  if (wanted !== undefined) return mine.includes(wanted) && checked.includes(wanted)
  return mine.length === 1 && checked.length === 1 && mine[0] === checked[0]
}

function otherAccounts(mine: readonly string[], checked: readonly string[], wanted?: string): string {
  const seen = `the trading session sees ${list(mine)}, the check saw ${list(checked)}`
  if (wanted !== undefined) return `account ${wanted} is not there: ${seen}`
  return mine.length > 1 ? `the gateway has several accounts and none was chosen: ${seen}` : seen
}

function list(accounts: readonly string[]): string {
  return accounts.length > 0 ? accounts.join(', ') : 'no account'
}
