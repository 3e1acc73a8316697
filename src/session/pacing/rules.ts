// What IB allows of one gateway in what time, and which of it binds a claim: pure.
// Sources: IBKR's historical data limitations, its limit of 50 messages per second and client, and the notes on real-time bars.
import type { PacingMeasures } from '../../ports/measures.ts'
import type { Claim } from './claims.ts'

export interface PacingOptions {
  /** `relaxed` keeps, for bars of 1 min and more, only the limit of open requests, as IB itself is said to do [strict]. */
  readonly mode?: 'strict' | 'relaxed'
  /** From one request for data to the next; 0 for none [500 ms]. */
  readonly minRequestDelayMs?: number
  /** Claims that may wait [1000]. */
  readonly maxQueued?: number
  readonly measures?: PacingMeasures
}

/** At most `limit` within any `windowMs`. */
export interface Limit {
  readonly limit: number
  readonly windowMs: number
}

export interface Rule extends Limit {
  /** Claims with the same key share one window. */
  readonly key: string
  /** Binds only claims of the same series or identity, so that others may pass who waits for it. */
  readonly own: boolean
  readonly weight: number
}

/** Historical requests that IB keeps open at once. */
export const maxOpenHistorical = 50

/** IBKR closes connections that send more messages (code 100, at the third time). */
const maxMessages = 50
/** Kept free for heartbeats, which must never wait behind data requests. */
const reservedMessages = 2

/** Bound by everything that is sent, heartbeats included. */
export const messageRule = shared('messages', maxMessages - reservedMessages, 1000)

/** The limits that a claim must find room in, all at the same moment. */
export function rulesFor(
  claim: Claim,
  { mode = 'strict', minRequestDelayMs = 500 }: PacingOptions = {},
): readonly Rule[] {
  if (claim.kind === 'message') return [messageRule]
  const rules: Rule[] = [messageRule]
  if (minRequestDelayMs > 0)
    rules.push({ key: 'requests', own: false, limit: 1, windowMs: minRequestDelayMs, weight: 1 })
  if (claim.kind === 'real-time-bars') rules.push(shared('real-time bars', 60, 600_000))
  if (claim.kind === 'historical' && (mode === 'strict' || claim.smallBars))
    rules.push(
      shared('historical', 60, 600_000, claim.weight),
      { ...shared(`series ${claim.series}`, 5, 2_000, claim.weight), own: true },
      { ...shared(`identity ${claim.identity}`, 1, 15_000), own: true },
    )
  return rules
}

/** IB counts when messages arrive, not when we send them: its windows are taken 1 % longer, and 50 ms at least. */
function shared(key: string, limit: number, ibWindowMs: number, weight = 1): Rule {
  return { key, own: false, limit, windowMs: ibWindowMs + Math.max(50, ibWindowMs / 100), weight }
}
