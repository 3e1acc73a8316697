// Alerts as the core raises them, and where they go: a log, a chat webhook, anything. A sink never harms the fleet.
import type { Alert, AlertLevel } from '../../schemas/system.ts'

/** What an alert says; everything else is added by the book. */
export interface AlertDraft {
  /** What it is about: raised again under the same key it is counted, not repeated. */
  readonly key: string
  readonly level: AlertLevel
  readonly code: string
  readonly followerId?: string
  readonly title: string
  readonly message: string
  readonly action?: string
}

/** Where alerts are raised. Nothing here fails or waits. */
export interface AlertDesk {
  raise(draft: AlertDraft): void
  /** Nothing open under that key is fine. */
  resolve(key: string): void
  /** Makes the open alerts whose key begins with `prefix` exactly `drafts`. */
  settle(prefix: string, drafts: readonly AlertDraft[]): void
}

export interface AlertSink {
  readonly name: string
  /** Delivers one raised or resolved alert. May reject; the alert module logs that and goes on. Honours its signal. */
  deliver(alert: Alert, change: 'raised' | 'resolved', signal: AbortSignal): Promise<void>
}
