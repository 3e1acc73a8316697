// How the bot tells a person something, seen from where it happens. It never fails and never waits.
import type { AlertLevel } from '../../schemas/alert.ts'

export interface Notice {
  readonly level: AlertLevel
  /** One line, without the level. */
  readonly title: string
  /** What happened. Never carries a secret. */
  readonly text: string
  /** What the person should do; `None` when nothing. */
  readonly action: string
}

export interface Notifier {
  notify(notice: Notice): void
}
