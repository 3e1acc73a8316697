// Alerts, open and past. There are few, so lists are sorted when read.
import type { AlertRecord, AlertStore } from '../../ports/stores.ts'
import type { Database } from './database.ts'

export function createAlertStore(database: Database): AlertStore {
  const alerts = database.table<AlertRecord>('alerts')
  return {
    put: (alert) => database.write(() => alerts.put(alert.id, alert)),
    get: (id) => database.read(() => alerts.get(id)),

    list: ({ open, followerId, limit }) =>
      database.read(() =>
        [...alerts.documents()]
          .filter((alert) => open === undefined || open === (alert.resolvedAt === undefined))
          .filter((alert) => followerId === undefined || followerId === alert.followerId)
          .sort((a, b) => Date.parse(b.raisedAt) - Date.parse(a.raisedAt))
          .slice(0, limit),
      ),

    sweep: (before) =>
      database.write(() => {
        const old = [...alerts.documents()].filter(
          ({ resolvedAt }) => resolvedAt !== undefined && Date.parse(resolvedAt) < before,
        )
        for (const { id } of old) alerts.remove(id)
        return old.length
      }),
  }
}
