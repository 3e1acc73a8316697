// The bot's alerts: the same book as the manager's, kept in memory. What is told is an event, so the same words count once for a while.
import type { Alert } from '../../schemas/alert.ts'
import { AlertBook } from '../alerts/alert-book.ts'
import type { AlertSink } from '../ports/alerts.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { AlertStore } from '../ports/stores.ts'
import type { Notice, Notifier } from './notifier.ts'

export interface BotAlertsDeps {
  readonly sinks: readonly AlertSink[]
  readonly clock: Clock
  readonly log: Log
  /** How long the same level and words are counted and not sent again [60 s]. */
  readonly sameWordsMs?: number
}

export class BotAlerts implements Notifier {
  readonly #book: AlertBook
  readonly #clock: Clock
  readonly #sameWordsMs: number

  constructor({ sinks, clock, log, sameWordsMs = 60_000 }: BotAlertsDeps) {
    this.#book = new AlertBook({ store: openAlerts(), sinks: sinks.map(eventsOnly), clock, log })
    this.#clock = clock
    this.#sameWordsMs = sameWordsMs
  }

  /** Tells a person. Never fails or waits; what a sink does not take is logged. */
  notify({ level, title, text, action }: Notice): void {
    const key = [level, title, text].join('\n')
    const isNew = !this.#book.isOpen(key)
    this.#book.raise({ key, level, code: 'BOT', title, message: text, action })
    if (isNew) this.#clock.schedule(this.#sameWordsMs, () => this.#book.resolve(key))
  }

  /** True when everything told so far is delivered, or its sink turned out to be away; false after `ms`. Never rejects. */
  flushed(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(ms, () => resolve(false))
      void this.#book.flush().then(() => {
        cancel()
        resolve(true)
      })
    })
  }
}

/** An event is not open until somebody resolves it: that it may be told again is no news. */
const eventsOnly = (sink: AlertSink): AlertSink => ({ ...sink, ignoresResolved: true })

/** Keeps the alerts whose words count at the moment, and no others. */
function openAlerts(): AlertStore {
  const open = new Map<string, Alert>()
  return {
    async put(alert) {
      if (alert.resolvedAt === undefined) open.set(alert.id, alert)
      else open.delete(alert.id)
    },
    get: async (id) => open.get(id) ?? null,
    list: async ({ limit }) => [...open.values()].reverse().slice(0, limit),
    sweep: async () => 0,
  }
}
