// Where alerts go: a log, a chat webhook, anything. A sink never harms the fleet.
import type { Alert } from '../../schemas/system.ts'

export interface AlertSink {
  readonly name: string
  /** Delivers one raised or resolved alert. May reject; the alert module logs that and goes on. Honours its signal. */
  deliver(alert: Alert, change: 'raised' | 'resolved', signal: AbortSignal): Promise<void>
}
