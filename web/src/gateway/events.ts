// Events from two sources as one list. Pure.
import type { FleetEvent } from '../../../schemas/event.ts'

/** Newest first, each once. */
export function merged(...lists: ReadonlyArray<readonly FleetEvent[]>): FleetEvent[] {
  const byId = new Map(lists.flat().map((event) => [event.id, event]))
  return [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0))
}
