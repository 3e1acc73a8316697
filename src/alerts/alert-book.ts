// Open alerts by key: raised once, counted when raised again, resolved when the cause is gone; stored, and handed to every sink.
import { randomUUID } from 'node:crypto'
import type { Alert } from '../../schemas/system.ts'
import type { AlertDesk, AlertDraft, AlertSink } from '../ports/alerts.ts'
import type { Clock } from '../ports/clock.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type { Log } from '../ports/log.ts'
import type { AlertStore } from '../ports/stores.ts'

const deliveryTimeoutMs = 10_000
const openLimit = 1_000

export class AlertBook implements AlertDesk {
  readonly #open = new Map<string, Alert>()
  readonly #store: AlertStore
  readonly #sinks: readonly AlertSink[]
  readonly #clock: Clock
  readonly #log: Log
  readonly #onChange: (alert: Alert) => void
  readonly #pending = new Set<Promise<void>>()

  /** `onChange`: an alert was raised, counted, acknowledged, resolved, or found open at the start. */
  constructor(deps: {
    store: AlertStore
    sinks: readonly AlertSink[]
    clock: Clock
    log: Log
    onChange?: (alert: Alert) => void
  }) {
    this.#store = deps.store
    this.#sinks = deps.sinks
    this.#clock = deps.clock
    this.#log = deps.log
    this.#onChange = deps.onChange ?? (() => {})
  }

  /** Takes up the alerts that were open when the last manager ended. */
  async load(): Promise<void> {
    for (const alert of await this.#store.list({ open: true, limit: openLimit })) {
      if (this.#open.has(alert.key)) continue
      this.#open.set(alert.key, alert)
      this.#onChange(alert)
    }
  }

  /** Raises, or counts when it is open already with the same level and words; a change of either is told to the sinks again. */
  raise(draft: AlertDraft): void {
    const at = new Date(this.#clock.now()).toISOString()
    const before = this.#open.get(draft.key)
    const count = (before?.count ?? 0) + 1
    const kept = before && { acknowledgedAt: before.acknowledgedAt, acknowledgedBy: before.acknowledgedBy }
    const news = before?.level !== draft.level || before.message !== draft.message
    const alert = {
      ...draft,
      id: before?.id ?? randomUUID(),
      count,
      raisedAt: before?.raisedAt ?? at,
      lastRaisedAt: at,
      ...(kept?.acknowledgedAt && !news && { acknowledgedAt: kept.acknowledgedAt }),
      ...(kept?.acknowledgedBy && !news && { acknowledgedBy: kept.acknowledgedBy }),
    }
    this.#keep(alert)
    if (news) this.#deliver(alert, 'raised')
  }

  /** Resolves the alert of `key`; nothing open is fine. */
  resolve(key: string): void {
    const alert = this.#open.get(key)
    if (!alert) return
    const resolved = { ...alert, resolvedAt: new Date(this.#clock.now()).toISOString() }
    this.#open.delete(key)
    this.#save(resolved)
    this.#onChange(resolved)
    this.#deliver(resolved, 'resolved')
  }

  /**
   * Makes the open alerts whose key begins with `prefix` exactly `drafts`: raises what is new or changed, resolves what is gone. Feeding it the
   * same twice changes nothing.
   */
  settle(prefix: string, drafts: readonly AlertDraft[]): void {
    for (const key of [...this.#open.keys()]) {
      if (key.startsWith(prefix) && !drafts.some((draft) => draft.key === key)) this.resolve(key)
    }
    for (const draft of drafts) {
      const open = this.#open.get(draft.key)
      if (open?.level !== draft.level || open.message !== draft.message) this.raise(draft)
    }
  }

  /** Oldest first. */
  open(): Alert[] {
    return [...this.#open.values()]
  }

  isOpen(key: string): boolean {
    return this.#open.has(key)
  }

  /** Newest first. While the store is away, the open ones: that it is away is one of them. */
  async list(query: { limit: number }): Promise<Alert[]> {
    try {
      return await this.#store.list(query)
    } catch (error) {
      if (!isFleetError(error, 'STORE_UNAVAILABLE')) throw error
      return [...this.#open.values()].reverse().slice(0, query.limit)
    }
  }

  /** ALERT_NOT_FOUND. Acknowledging twice keeps the first name. */
  async acknowledge(id: string, by: string): Promise<Alert> {
    const open = [...this.#open.values()].find((alert) => alert.id === id)
    const alert = open ?? (await this.#store.get(id))
    if (!alert) throw new FleetError('ALERT_NOT_FOUND', `There is no alert ${id}; GET /alerts lists them.`)
    if (alert.acknowledgedAt) return alert
    const acknowledged = {
      ...alert,
      acknowledgedAt: new Date(this.#clock.now()).toISOString(),
      acknowledgedBy: by,
    }
    if (open) this.#open.set(alert.key, acknowledged)
    await this.#store.put(acknowledged)
    this.#onChange(acknowledged)
    return acknowledged
  }

  /** Resolves when every write and delivery so far is over. */
  async flush(): Promise<void> {
    await Promise.all(this.#pending)
  }

  #keep(alert: Alert): void {
    this.#open.set(alert.key, alert)
    this.#save(alert)
    this.#onChange(alert)
  }

  #save(alert: Alert): void {
    this.#track(
      this.#store.put(alert).catch((err) => this.#log.warn({ err, alert: alert.key }, 'alert not stored')),
    )
  }

  #deliver(alert: Alert, change: 'raised' | 'resolved'): void {
    for (const sink of this.#sinks) {
      this.#track(
        this.#handOver(sink, alert, change).catch((err) =>
          this.#log.warn({ err, sink: sink.name, alert: alert.key }, 'alert not delivered'),
        ),
      )
    }
  }

  /** A sink that does not answer is given up, whether it honours its signal or not. */
  async #handOver(sink: AlertSink, alert: Alert, change: 'raised' | 'resolved'): Promise<void> {
    const over = new AbortController()
    const late = new Promise<never>((_, reject) =>
      over.signal.addEventListener('abort', () => reject(over.signal.reason), { once: true }),
    )
    const cancel = this.#clock.schedule(deliveryTimeoutMs, () =>
      over.abort(new Error(`no answer within ${deliveryTimeoutMs / 1000} s`)),
    )
    try {
      await Promise.race([sink.deliver(alert, change, over.signal), late])
    } finally {
      cancel()
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#pending.delete(tracked))
    this.#pending.add(tracked)
  }
}
