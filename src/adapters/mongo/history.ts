// The audit history and the alerts, in the order of time.
import type { FleetEvent } from '../../../schemas/event.ts'
import type { AlertRecord, AlertStore, EventStore } from '../../ports/stores.ts'
import { collections } from './collections.ts'
import type { Connection } from './connection.ts'
import { createTable, sweep } from './table.ts'

export function createEventStore(connection: Connection): EventStore {
  const events = createTable<FleetEvent>(connection, collections.events, {
    idOf: ({ id }) => id,
    times: ['at'],
  })
  return {
    append: (event) => events.put(event),

    async list({ since, followerId, limit }) {
      // To MongoDB a limit of 0 is none.
      if (limit <= 0) return []
      const after =
        since === undefined
          ? {}
          : typeof since === 'number'
            ? { at: { $gt: new Date(Math.floor(since)) } }
            : { _id: { $gt: String(since) } }
      const of = followerId === undefined ? {} : { followerId: String(followerId) }
      return events.find({ ...after, ...of }, { sort: { _id: 1 }, limit })
    },

    sweep: (before) => sweep(connection, collections.events, { at: { $lt: new Date(before) } }),
  }
}

export function createAlertStore(connection: Connection): AlertStore {
  const alerts = createTable<AlertRecord>(connection, collections.alerts, {
    idOf: ({ id }) => id,
    times: ['raisedAt', 'lastRaisedAt', 'resolvedAt', 'acknowledgedAt', 'toldAt', 'levelSince'],
  })
  return {
    put: (alert) => alerts.put(alert),
    get: (id) => alerts.get(id),
    async list({ open, followerId, limit }) {
      if (limit <= 0) return []
      const asked = open === undefined ? {} : { resolvedAt: { $exists: !open } }
      const of = followerId === undefined ? {} : { followerId: String(followerId) }
      return alerts.find({ ...asked, ...of }, { sort: { raisedAt: -1 }, limit })
    },
    sweep: (before) => sweep(connection, collections.alerts, { resolvedAt: { $lt: new Date(before) } }),
  }
}
