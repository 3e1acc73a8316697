// The audit history: who did what to which follower, and what the fleet did by itself. Never carries a secret.
import pLimit from 'p-limit'
import type { FleetEvent } from '../../../schemas/event.ts'
import type { AuditTrail, Happening } from '../../ports/audit.ts'
import type { Clock } from '../../ports/clock.ts'
import { isFleetError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { EventStore } from '../../ports/stores.ts'
import { eventId, momentOf, placeAfter } from './event-id.ts'

const pageSize = 1_000
/** What a store that is away is owed at the most; the log has all of it in any case. */
const mostOwed = 20_000
/** Whatever else goes to the store, above all the renewal of the manager's lock, must not wait behind a backlog. */
const writtenAtOnce = 4

/**
 * The one writer of the audit history. An event has its place (its id) and reaches followers when it is noted; it is stored soon after, in this
 * order, a few at once. What a store that is away cannot take is kept; what it refuses otherwise is dropped, and the log has it.
 */
export class Audit implements AuditTrail {
  readonly #events: EventStore
  readonly #clock: Clock
  readonly #log: Log
  readonly #tell: (event: FleetEvent) => void
  #lastAt = 0
  #sameStamp = 0
  /** Not stored yet, by id, oldest first. */
  readonly #owed = new Map<string, FleetEvent>()
  /** Those of them that are on their way, or wait for their turn, by id. */
  readonly #writing = new Map<string, Promise<void>>()
  readonly #turn = pLimit(writtenAtOnce)
  /** How often the store could not take one; those that wait at that moment are not tried one by one. */
  #refusals = 0
  #isAway = false

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
    this.#owed.set(event.id, event)
    if (this.#owed.size > mostOwed) this.#owed.delete(this.#owed.keys().next().value ?? '')
    this.#write(event)
  }

  /** The store answers: it gets what it missed. Those that it has already are only written over. */
  storeAgain(): void {
    for (const event of this.#owed.values()) if (!this.#writing.has(event.id)) this.#write(event)
  }

  /** Resolves when everything noted so far is written, or owed to a store that is away. */
  async flush(): Promise<void> {
    await Promise.all(this.#writing.values())
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
    const refusals = this.#refusals
    const writing = this.#turn(async () => {
      if (this.#refusals === refusals) await this.#append(event)
    }).finally(() => this.#writing.delete(event.id))
    this.#writing.set(event.id, writing)
  }

  async #append(event: FleetEvent): Promise<void> {
    const { id, type, followerId } = event
    try {
      await this.#events.append(event)
      this.#owed.delete(id)
      this.#isAway = false
    } catch (err) {
      if (!isFleetError(err, 'STORE_UNAVAILABLE')) {
        this.#owed.delete(id)
        this.#log.error({ err, id, event: type, followerId }, 'event not stored: the store does not take it')
        return
      }
      this.#refusals += 1
      if (!this.#isAway) this.#log.warn({ err }, 'history not stored yet; written once the store answers')
      this.#isAway = true
    }
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
