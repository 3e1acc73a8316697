// The audit history: events by id, with two indexes, by time and by follower.
import type { FleetEvent } from '../../../schemas/event.ts'
import type { EventStore } from '../../ports/stores.ts'
import type { Database, Key } from './database.ts'

/** Deleted per transaction, so that a long history does not hold up the event loop. */
const sweepGroup = 500

export function createEventStore(database: Database): EventStore {
  const events = database.table<FleetEvent>('events')
  /** `[milliseconds since the epoch, event id]` and `[follower id, event id]`, both to the event's id. */
  const byTime = database.table<string>('events-by-time')
  const byFollower = database.table<string>('events-by-follower')

  function append(event: FleetEvent): void {
    events.put(event.id, event)
    byTime.put([Date.parse(event.at), event.id], event.id)
    if (event.followerId !== undefined) byFollower.put([event.followerId, event.id], event.id)
  }

  function remove(id: string, timeKey: Key): void {
    const followerId = events.get(id)?.followerId
    if (followerId !== undefined) byFollower.remove([followerId, id])
    events.remove(id)
    byTime.remove(timeKey)
  }

  /** The first event's id later than a moment, null when there is none. */
  function firstAfter(timeMs: number): string | null {
    for (const id of byTime.documents({ start: [Math.floor(timeMs) + 1] })) return id
    return null
  }

  function* ofFollower(followerId: string, start: string, exclusiveStart: boolean): Generator<FleetEvent> {
    for (const { key, text } of byFollower.entries({ start: [followerId, start], exclusiveStart })) {
      if (!Array.isArray(key) || key[0] !== followerId) return
      const event = events.get(JSON.parse(text) as string)
      if (event) yield event
    }
  }

  return {
    append: (event) => database.write(() => append(event)),

    list: ({ since, followerId, limit }) =>
      database.read(() => {
        const isMoment = typeof since === 'number'
        const start = isMoment ? firstAfter(since) : (since ?? '')
        if (start === null) return []
        const exclusiveStart = !isMoment && since !== undefined
        const found: FleetEvent[] = []
        const candidates =
          followerId === undefined
            ? events.documents({ start, exclusiveStart })
            : ofFollower(followerId, start, exclusiveStart)
        if (limit > 0)
          for (const event of candidates) {
            found.push(event)
            if (found.length >= limit) break
          }
        return found
      }),

    async sweep(before) {
      let swept = 0
      for (;;) {
        const removed = await database.write(() => {
          const old = [...firstOf(byTime.entries({ end: [before] }), sweepGroup)]
          for (const { key, text } of old) remove(JSON.parse(text) as string, key)
          return old.length
        })
        swept += removed
        if (removed < sweepGroup) return swept
      }
    },
  }
}

function* firstOf<T>(source: Iterable<T>, limit: number): Generator<T> {
  let left = limit
  for (const item of source) {
    if (left-- <= 0) return
    yield item
  }
}
