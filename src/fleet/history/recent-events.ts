// The latest events of this manager, in memory: whoever follows the history reads them here and asks the store only for what lies further back.
import type { FleetEvent } from '../../../schemas/event.ts'
import { placeAfter } from './event-id.ts'

export class RecentEvents {
  readonly #limit: number
  readonly #events: FleetEvent[] = []
  #coveredFrom: string

  /** `startedAt`: before anything was noted, milliseconds since the epoch. */
  constructor(startedAt: number, limit: number) {
    this.#limit = limit
    this.#coveredFrom = placeAfter(startedAt - 1)
  }

  /** Everything after this place is here. */
  get coveredFrom(): string {
    return this.#coveredFrom
  }

  /** The place of the last event. */
  get latest(): string {
    return this.#events.at(-1)?.id ?? this.#coveredFrom
  }

  /** Ids of the manager before reach up to here, because the wall clock was set back since. Counts as long as nothing was noted. */
  startAfter(place: string): void {
    if (this.#events.length === 0) this.#coveredFrom = place
  }

  add(event: FleetEvent): void {
    this.#events.push(event)
    if (this.#events.length <= this.#limit) return
    this.#coveredFrom = this.#events.shift()?.id ?? this.#coveredFrom
  }

  /** Oldest first, at most `limit`. */
  after(place: string, limit: number): FleetEvent[] {
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#events[middle]?.id ?? '') > place) high = middle
      else low = middle + 1
    }
    return this.#events.slice(low, low + limit)
  }
}
