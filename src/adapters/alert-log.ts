// The alert sink that is always there: the log itself.
import type { AlertSink } from '../ports/alerts.ts'
import type { Log } from '../ports/log.ts'

/** One line per alert raised, still open or resolved, with what to do. */
export function alertLog(log: Log): AlertSink {
  return {
    name: 'log',
    async deliver(alert, change) {
      const { key, level, code, followerId, message, action, runbook } = alert
      const fields = { alert: key, alertLevel: level, code, followerId, detail: message, action, runbook }
      if (change === 'resolved') log.info(fields, `Alert resolved: ${alert.title}`)
      else if (change === 'reminded') log.error(fields, `Alert still open: ${alert.title}`)
      else if (level === 'INFO') log.info(fields, `Alert: ${alert.title}`)
      else if (level === 'WARNING') log.warn(fields, `Alert: ${alert.title}`)
      else log.error(fields, `Alert: ${alert.title}`)
    },
  }
}
