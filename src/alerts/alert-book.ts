// Open alerts by key: raised once, counted when raised again, told again while nobody sees to them, resolved when the cause is gone; stored, and sent
// to every sink.
import { randomUUID } from 'node:crypto'
import type { Alert } from '../../schemas/alert.ts'
import type { AlertSinkStatus } from '../../schemas/system.ts'
import type { AlertCode } from '../ports/alert-codes.ts'
import type { AlertChange, AlertDesk, AlertDraft, AlertSink } from '../ports/alerts.ts'
import type { Clock } from '../ports/clock.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type { AlertPlace } from '../ports/fleet.ts'
import type { Log } from '../ports/log.ts'
import type { AlertQuery, AlertRecord, AlertStore } from '../ports/stores.ts'
import { Turns } from '../ports/turns.ts'
import { Delivery } from './delivery.ts'
import { raised } from './raised.ts'
import { remindAt, reminded } from './reminders.ts'

/** All that are open are taken up at the start, far more than there are causes; of those that are over, the latest. */
const openLimit = 100_000
const recentLimit = 1_000

export interface AlertBookDeps {
  readonly store: AlertStore
  readonly sinks: readonly AlertSink[]
  readonly clock: Clock
  readonly log: Log
  /** Address of the runbook's section for a code; absent, or undefined: alerts carry none. */
  readonly runbook?: (code: AlertCode) => string | undefined
  /** An alert was raised, counted, told again, acknowledged, resolved, or found open at the start. */
  readonly onChange?: (alert: Alert) => void
}

export class AlertBook implements AlertDesk {
  readonly #open = new Map<string, AlertRecord>()
  /** What is stored of those that a sink has not taken yet, by id. */
  readonly #owed = new Map<string, AlertRecord>()
  readonly #deps: AlertBookDeps
  readonly #runbook: (code: AlertCode) => string | undefined
  readonly #deliveries: ReadonlyMap<AlertSink, Delivery>
  /** The latest of those that are not known to be stored, by id. */
  readonly #unstored = new Map<string, AlertRecord>()
  /** The writes of one alert follow each other. */
  readonly #turns = new Turns()
  readonly #writing = new Set<Promise<void>>()

  constructor(deps: AlertBookDeps) {
    this.#deps = deps
    this.#runbook = deps.runbook ?? (() => undefined)
    const { clock, log } = deps
    const runbook = (code: AlertCode) => this.#runbook(code)
    this.#deliveries = new Map(
      deps.sinks.map((sink) => [
        sink,
        new Delivery({ sink, clock, log, runbook, onSettled: (id) => sink.mayBeAway && this.#settled(id) }),
      ]),
    )
  }

  /** Takes up the alerts that were open when the last manager ended, and sends what sinks have not taken yet. */
  async load(): Promise<void> {
    const { store, clock } = this.#deps
    const open = await store.list({ open: true, limit: openLimit })
    const recent = await store.list({ limit: recentLimit })
    const found = new Map([...open, ...recent].map((alert) => [alert.id, alert]))
    const inOrder = [...found.values()].sort((a, b) => a.raisedAt.localeCompare(b.raisedAt))
    for (const { owedTo = [], ...alert } of inOrder) {
      const known = this.#open.get(alert.key)
      if (alert.resolvedAt === undefined && known && known.id !== alert.id) {
        // Raised anew before the store could be read: that one goes on.
        this.#save({ ...alert, resolvedAt: new Date(clock.now()).toISOString() })
        continue
      }
      const current = { ...alert, ...this.#runbookOf(alert.code as AlertCode) }
      if (alert.resolvedAt === undefined && !known) {
        this.#open.set(alert.key, current)
        this.#announce(current)
      }
      if (owedTo.length > 0) this.#owed.set(alert.id, current)
      for (const [sink, delivery] of this.#deliveries)
        if (owedTo.includes(sink.name))
          delivery.send(asTold(current), current.resolvedAt ? 'resolved' : 'raised')
    }
  }

  /** Raises, or counts when it is open already with the same level and words; a change of either is told to the sinks again. */
  raise(draft: AlertDraft): void {
    const before = this.#open.get(draft.key)
    const { alert, isNews } = raised(draft, before, this.#deps.clock.now(), randomUUID)
    const current = { ...alert, ...this.#runbookOf(draft.code) }
    this.#open.set(draft.key, current)
    this.#tell(current, isNews ? 'raised' : undefined)
  }

  /** Resolves the alert of `key`; nothing open is fine. */
  resolve(key: string): void {
    const alert = this.#open.get(key)
    if (!alert) return
    this.#open.delete(key)
    this.#tell({ ...alert, resolvedAt: new Date(this.#deps.clock.now()).toISOString() }, 'resolved')
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
      const { isNews } = raised(draft, this.#open.get(draft.key), this.#deps.clock.now(), () => '')
      if (isNews) this.raise(draft)
    }
  }

  /** Tells those again that have been open for too long without anybody acknowledging them. To be called every now and then. */
  remind(): void {
    const now = this.#deps.clock.now()
    for (const alert of [...this.#open.values()]) {
      const due = remindAt(alert)
      if (due === undefined || due > now) continue
      const again = reminded(alert, now)
      this.#open.set(alert.key, again)
      this.#tell(again, 'reminded')
    }
  }

  /** Writes again what the store would not take. To be called when it answers. */
  storeAgain(): void {
    for (const alert of [...this.#unstored.values()]) this.#save(alert)
  }

  *open(): Iterable<Alert> {
    for (const alert of this.#open.values()) yield asTold(alert)
  }

  /** The open alert of `key` as it was last drafted. */
  drafted(key: string): AlertDraft | undefined {
    const alert = this.#open.get(key)
    if (!alert) return undefined
    const { level, escalatedFrom, code, followerId, title, message, action } = alert
    return {
      key,
      level: escalatedFrom ?? level,
      code: code as AlertCode,
      ...(followerId !== undefined && { followerId }),
      title,
      message,
      ...(action !== undefined && { action }),
    }
  }

  /** How each sink does. */
  sinkStatuses(): AlertSinkStatus[] {
    return Array.from(this.#deliveries.values(), ({ status }) => status)
  }

  isOpen(key: string): boolean {
    return this.#open.has(key)
  }

  /** Newest first, those of one moment by id; with `after` those that follow it. While the store is away, the open ones: that it is away is one of them. */
  async list({ limit, after, ...query }: AlertQuery & { after?: AlertPlace }): Promise<Alert[]> {
    const alerts = await this.#stored(query)
    return alerts
      .filter((alert) => after === undefined || byPlace(after, alert) < 0)
      .sort(byPlace)
      .slice(0, limit)
  }

  /**
   * Acknowledging twice keeps the first name. Nobody is reminded of it any more, until it says something new. It counts at once: where the store
   * does not take it, it is written when the store answers. ALERT_NOT_FOUND, STORE_UNAVAILABLE of one that is over and only the store knows.
   */
  async acknowledge(id: string, by: string): Promise<Alert> {
    const alert = this.#known(id) ?? (await this.#deps.store.get(id))
    if (!alert) throw new FleetError('ALERT_NOT_FOUND', `There is no alert ${id}; GET /alerts lists them.`)
    if (alert.acknowledgedAt) return asTold(alert)
    const at = new Date(this.#deps.clock.now()).toISOString()
    const acknowledged = { ...alert, acknowledgedAt: at, acknowledgedBy: by }
    if (this.#open.get(alert.key)?.id === id) this.#open.set(alert.key, acknowledged)
    const written = this.#save(acknowledged)
    this.#announce(acknowledged)
    // Whoever lists the alerts next finds it acknowledged.
    await written
    return asTold(acknowledged)
  }

  /** Resolves when every write so far is over, and every delivery, but to sinks that are away. */
  async flush(): Promise<void> {
    await Promise.all([...this.#deliveries.values()].map((delivery) => delivery.tried()))
    await Promise.all(this.#writing)
  }

  /** Flushes within `ms`, and ends; what is owed to a sink is sent after the next `load`. */
  async close(ms: number): Promise<void> {
    const over = new AbortController()
    await Promise.race([this.flush(), this.#deps.clock.sleep(ms, over.signal).catch(() => undefined)])
    over.abort()
    for (const delivery of this.#deliveries.values()) await delivery.close()
    await Promise.all(this.#writing)
  }

  /** All of them, since those of one moment are in no order there. */
  async #stored(query: Omit<AlertQuery, 'limit'>): Promise<Alert[]> {
    try {
      const stored = await this.#deps.store.list({ ...query, limit: Number.MAX_SAFE_INTEGER })
      return stored.map(asTold)
    } catch (error) {
      if (!isFleetError(error, 'STORE_UNAVAILABLE')) throw error
      if (query.open === false) return []
      return [...this.open()].filter(
        ({ followerId }) => query.followerId === undefined || query.followerId === followerId,
      )
    }
  }

  /** As it is now, whether the store has it so already or not. */
  #known(id: string): AlertRecord | undefined {
    return [...this.#open.values()].find((alert) => alert.id === id) ?? this.#unstored.get(id)
  }

  #runbookOf(code: AlertCode): { runbook?: string } {
    const runbook = this.#runbook(code)
    return runbook === undefined ? {} : { runbook }
  }

  /** Sends first, so that what is stored says to whom it is owed. */
  #tell(alert: AlertRecord, change: AlertChange | undefined): void {
    if (change) for (const delivery of this.#deliveries.values()) delivery.send(asTold(alert), change)
    this.#save(alert)
    this.#announce(alert)
  }

  #announce(alert: AlertRecord): void {
    this.#deps.onChange?.(asTold(alert))
  }

  /** A sink that may be away has taken it, or never will. */
  #settled(id: string): void {
    const latest = this.#owed.get(id)
    if (!latest) return
    if (this.#owedTo(id).length === 0) this.#owed.delete(id)
    this.#save(latest)
  }

  /** Names of the sinks that have not taken what was told last. */
  #owedTo(id: string): string[] {
    return [...this.#deliveries]
      .filter(([sink, delivery]) => sink.mayBeAway && delivery.owes(id))
      .map(([sink]) => sink.name)
  }

  /** Resolves when it is written, or kept for `storeAgain`. */
  #save(alert: AlertRecord): Promise<void> {
    const writing = this.#put(alert)
      .catch((err) => this.#deps.log.warn({ err, alert: alert.key }, 'alert not stored; tried again'))
      .finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
    return writing
  }

  #put(alert: AlertRecord): Promise<void> {
    const owedTo = this.#owedTo(alert.id)
    if (owedTo.length > 0) this.#owed.set(alert.id, alert)
    const record = { ...alert, ...(owedTo.length > 0 && { owedTo }) }
    this.#unstored.set(alert.id, alert)
    return this.#turns.take(alert.id, async () => {
      await this.#deps.store.put(record)
      if (this.#unstored.get(alert.id) === alert) this.#unstored.delete(alert.id)
    })
  }
}

function byPlace(a: AlertPlace, b: AlertPlace): number {
  return Date.parse(b.raisedAt) - Date.parse(a.raisedAt) || (a.id < b.id ? -1 : Number(a.id > b.id))
}

/** Without what only the book must remember. */
function asTold({ toldAt, levelSince, escalatedFrom, owedTo, ...alert }: AlertRecord): Alert {
  return alert
}
