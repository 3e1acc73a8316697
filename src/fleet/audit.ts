// The audit history: who did what to which follower, and what the fleet did by itself. Never carries a secret.
import type { FleetEvent } from '../../schemas/system.ts'
import type { AuditTrail, Happening } from '../ports/audit.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { EventStore } from '../ports/stores.ts'
import { eventId, momentOf, placeAfter } from './event-id.ts'

const pageSize = 1_000
/** What a store that is away is owed at the most; the log has all of it in any case. */
const mostOwed = 20_000

export class Audit implements AuditTrail {
  readonly #events: EventStore
  readonly #clock: Clock
  readonly #log: Log
  readonly #tell: (event: FleetEvent) => void
  #lastAt = 0
  #sameStamp = 0
  readonly #writing = new Set<Promise<void>>()
  /** Not stored yet, oldest first. */
  readonly #owed: FleetEvent[] = []

  /** `tell`: each event as it is noted, in the order of their ids, whether it can be stored or not. */
  constructor(deps: { events: EventStore; clock: Clock; log: Log; tell?: (event: FleetEvent) => void }) {
    this.#events = deps.events
    this.#clock = deps.clock
    this.#log = deps.log
    this.#tell = deps.tell ?? (() => {})
  }

  /** Writes it down without holding anyone up. What a store that is away could not take is written by `storeAgain`; the log has it in any case. */
  note(happening: Happening): void {
    const event = this.#eventOf(happening)
    this.#tell(event)
    this.#log.info(
      { event: event.type, followerId: event.followerId, actor: event.actor, ...event.data },
      event.message,
    )
    this.#write(event)
  }

  /** The store answers: it gets what it missed. Those that it has already are only written over. */
  storeAgain(): void {
    for (const event of this.#owed.splice(0)) this.#write(event)
  }

  /** Resolves when everything noted so far is written, or owed to a store that is away. */
  async flush(): Promise<void> {
    await Promise.all(this.#writing)
  }

  /**
   * Makes ids go on after those stored, should the wall clock have been set back since. Resolves with the last one that is ahead of the clock, if
   * any. STORE_UNAVAILABLE.
   */
  async goOn(): Promise<string | undefined> {
    let ahead: string | undefined
    for (;;) {
      const since: string = ahead ?? placeAfter(this.#clock.now())
      const last = (await this.#events.list({ since, limit: pageSize })).at(-1)
      if (!last) break
      ahead = last.id
    }
    if (ahead !== undefined) this.#lastAt = Math.max(this.#lastAt, momentOf(ahead) + 1)
    return ahead
  }

  #write(event: FleetEvent): void {
    const write = this.#events
      .append(event)
      .catch((err) => this.#owe(event, err))
      .finally(() => this.#writing.delete(write))
    this.#writing.add(write)
  }

  #owe(event: FleetEvent, err: unknown): void {
    const { type, followerId } = event
    this.#log.warn({ err, event: type, followerId }, 'event not stored yet; written once the store answers')
    if (this.#owed.length === mostOwed) this.#owed.shift()
    this.#owed.push(event)
  }

  #eventOf({ actor = 'manager', ...rest }: Happening): FleetEvent {
    const now = this.#clock.now()
    // A wall clock set back must neither reorder nor overwrite what is written.
    const orderedAt = Math.max(now, this.#lastAt)
    this.#sameStamp = orderedAt === this.#lastAt ? this.#sameStamp + 1 : 0
    this.#lastAt = orderedAt
    return { id: eventId(orderedAt, this.#sameStamp), at: new Date(now).toISOString(), actor, ...rest }
  }
}
