// The audit history: who did what to which follower, and what the fleet did by itself. Never carries a secret.
import type { FleetEvent } from '../../schemas/system.ts'
import type { AuditTrail, Happening } from '../ports/audit.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { EventStore } from '../ports/stores.ts'

export class Audit implements AuditTrail {
  readonly #events: EventStore
  readonly #clock: Clock
  readonly #log: Log
  #lastAt = 0
  #sameStamp = 0
  readonly #writing = new Set<Promise<void>>()

  constructor(deps: { events: EventStore; clock: Clock; log: Log }) {
    this.#events = deps.events
    this.#clock = deps.clock
    this.#log = deps.log
  }

  /** Writes it down without holding anyone up; a store that is away is logged, the event itself is in the log in any case. */
  note(happening: Happening): void {
    const event = this.#eventOf(happening)
    this.#log.info(
      { event: event.type, followerId: event.followerId, actor: event.actor, ...event.data },
      event.message,
    )
    const write = this.#events
      .append(event)
      .catch((err) =>
        this.#log.warn({ err, event: event.type, followerId: event.followerId }, 'event not stored'),
      )
      .finally(() => this.#writing.delete(write))
    this.#writing.add(write)
  }

  /** Resolves when everything noted so far is written or given up. */
  async flush(): Promise<void> {
    await Promise.all(this.#writing)
  }

  #eventOf({ actor = 'manager', ...rest }: Happening): FleetEvent {
    const now = this.#clock.now()
    // A wall clock set back must neither reorder nor overwrite what is written.
    const orderedAt = Math.max(now, this.#lastAt)
    this.#sameStamp = orderedAt === this.#lastAt ? this.#sameStamp + 1 : 0
    this.#lastAt = orderedAt
    const id = `${orderedAt.toString(36).padStart(9, '0')}-${this.#sameStamp.toString(36).padStart(4, '0')}`
    return { id, at: new Date(now).toISOString(), actor, ...rest }
  }
}
