// The bot's alerts: the same book as the manager's, kept in memory, delivered to its sinks.
import type { AlertLevel } from '../../schemas/system.ts'
import type { AlertSink } from '../ports/alerts.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

export class BotAlerts {
  constructor(_deps: { readonly sinks: readonly AlertSink[]; readonly clock: Clock; readonly log: Log }) {}

  /** Tells a person. The same words again within the dedupe time are counted and not sent. Never fails or waits. */
  notify(_alert: { level: AlertLevel; title: string; text: string; action?: string }): void {}

  /** Resolves when everything told so far is delivered or given up, or after `ms`: true when everything is. Never rejects. */
  flushed(_ms: number): Promise<boolean> {
    throw new Error('not written yet')
  }
}
