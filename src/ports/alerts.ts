// Alerts as the core raises them, and where they go: a log, a chat webhook, anything. A sink never harms the fleet.
import type { Alert, AlertLevel } from '../../schemas/alert.ts'
import type { AlertCode } from './alert-codes.ts'

/** What an alert says; everything else is added by the book. */
export interface AlertDraft {
  /** What it is about: raised again under the same key it is counted, not repeated. */
  readonly key: string
  readonly level: AlertLevel
  readonly code: AlertCode
  readonly followerId?: string
  readonly title: string
  readonly message: string
  readonly action?: string
  /** How often it has happened, where that is known; else every time that it is raised counts. */
  readonly count?: number
}

/** Where alerts are raised. Nothing here fails or waits. */
export interface AlertDesk {
  raise(draft: AlertDraft): void
  /** Nothing open under that key is fine. */
  resolve(key: string): void
  /** Makes the open alerts whose key begins with `prefix` exactly `drafts`. */
  settle(prefix: string, drafts: readonly AlertDraft[]): void
}

/** What a sink is told: it is so, or worse; it is still so and nobody has acknowledged it; it is over. */
export type AlertChange = 'raised' | 'reminded' | 'resolved'

export interface AlertSink {
  readonly name: string
  /** It may be out of reach: what it has not taken is remembered across a restart of the manager. */
  readonly mayBeAway?: boolean
  /** Alerts are events there, and that one is over is no news. */
  readonly ignoresResolved?: boolean
  /**
   * Delivers one alert. Honours its signal. May reject: with REQUEST_REJECTED when this alert will never be taken, else it is tried again, a
   * FleetError's `retryAfterMs` later at the soonest.
   */
  deliver(alert: Alert, change: AlertChange, signal: AbortSignal): Promise<void>
}
