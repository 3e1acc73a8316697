// What clients did against IBKR's limits, for whoever has to show that they never do.
import type { HistoricalRule } from './historical-pacing.ts'

export interface Violation {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly rule: HistoricalRule | 'too many messages in 1 s'
  readonly clientId: number
  /** The message as it was sent: the client library's name for it, then its fields. */
  readonly request: string
}

const maxKept = 1_000
const maxText = 300

export class Violations {
  /** Oldest first; at most the last thousand. */
  readonly list: Violation[] = []

  report(at: number, rule: Violation['rule'], clientId: number, request: readonly string[]): void {
    if (this.list.length === maxKept) this.list.shift()
    this.list.push({ at, rule, clientId, request: request.join(' ').slice(0, maxText) })
  }
}

/** As `simctl violations` prints it. */
export function lineOf(violation: Violation): string {
  return `${JSON.stringify({ ...violation, at: new Date(violation.at).toISOString() })}\n`
}
