// The times when no bars could reach us, kept across restarts: their gaps are filled first.
import { randomUUID } from 'node:crypto'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { OutageRecord, OutageStore } from '../ports/stores.ts'
import type { DataLink } from './data-link.ts'

export class Outages {
  readonly #store: OutageStore
  readonly #clock: Clock
  readonly #log: Log
  readonly #keptMs: number
  #outages: OutageRecord[] = []
  /** Writes follow each other, so that an end is never overtaken by its beginning. */
  #writing: Promise<void> = Promise.resolve()
  #isLoaded = false

  constructor(deps: { store: OutageStore; clock: Clock; log: Log; keptMs: number }) {
    this.#store = deps.store
    this.#clock = deps.clock
    this.#log = deps.log
    this.#keptMs = deps.keptMs
  }

  /** Takes up what earlier managers recorded; STORE_UNAVAILABLE, and then it may be called again. */
  async load(): Promise<void> {
    if (this.#isLoaded) return
    const since = this.#clock.now() - this.#keptMs
    await this.#store.sweep(since)
    const known = new Set(this.#outages.map(({ id }) => id))
    const stored = (await this.#store.list(since)).filter(({ id }) => !known.has(id))
    this.#outages = [...stored, ...this.#outages]
    this.#isLoaded = true
  }

  /** Records an outage for as long as `connection` is not usable. Before its first connection nothing was lost, so there is none. */
  watch(connection: DataLink): () => void {
    let wasUsable = connection.isUsable
    return connection.onChange(() => {
      const { isUsable } = connection
      if (isUsable === wasUsable) return
      wasUsable = isUsable
      if (isUsable) this.#end()
      else this.#begin(connection.trouble)
    })
  }

  /** Oldest first; an open one lasts until now. */
  list(): readonly OutageRecord[] {
    return this.#outages
  }

  /** Resolves when everything recorded so far is stored or given up. */
  flush(): Promise<void> {
    return this.#writing
  }

  #begin(cause: string): void {
    this.#put({ id: randomUUID(), fromMs: this.#clock.now(), cause })
  }

  /** Every open one: one that an earlier manager left open ends with the first connection of this one. */
  #end(): void {
    const toMs = this.#clock.now()
    for (const outage of this.#outages.filter((each) => each.toMs === undefined))
      this.#put({ ...outage, toMs })
    const forgetMs = toMs - this.#keptMs
    this.#outages = this.#outages.filter((each) => each.toMs === undefined || each.toMs > forgetMs)
  }

  #put(outage: OutageRecord): void {
    const others = this.#outages.filter(({ id }) => id !== outage.id)
    this.#outages = [...others, outage].sort((a, b) => a.fromMs - b.fromMs)
    this.#writing = this.#writing
      .then(() => this.#store.put(outage))
      .catch((err) => this.#log.warn({ err }, 'outage not stored'))
  }
}
