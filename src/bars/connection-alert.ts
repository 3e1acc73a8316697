// Raises the alert of a data connection that stays away for minutes, and resolves it when it is back.
import type { AlertDesk } from '../ports/alerts.ts'
import type { Cancel, Clock } from '../ports/clock.ts'
import { connectionAlert, connectionAlertKey } from './bar-alerts.ts'
import type { DataLink } from './data-link.ts'

/** A gateway's nightly restart takes a minute or two. */
const patienceMs = 5 * 60_000

/** Returns how to stop. */
export function alertWhenDown(
  connection: DataLink,
  { alerts, clock }: { readonly alerts: AlertDesk; readonly clock: Clock },
): () => void {
  if (!connection.isConfigured) return () => {}
  let cancel: Cancel | undefined
  const look = () => {
    if (connection.isUsable) {
      cancel?.()
      cancel = undefined
      alerts.resolve(connectionAlertKey)
    } else
      cancel ??= clock.schedule(patienceMs, () =>
        alerts.raise(connectionAlert(connection.trouble, patienceMs / 60_000)),
      )
  }
  const stop = connection.onChange(look)
  look()
  return () => {
    stop()
    cancel?.()
  }
}
