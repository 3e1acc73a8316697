// How many alerts are open, in the words of every command. Pure.
import type { Alert } from '../../schemas/alert.ts'
import { counted } from './terminal.ts'

/** `2 open alerts, 1 acknowledged`: open is what is not resolved, and acknowledged ones are among them. Undefined when none is. */
export function openAlerts(alerts: Iterable<Alert>): string | undefined {
  const open = [...alerts].filter(({ resolvedAt }) => !resolvedAt)
  const acknowledged = open.filter(({ acknowledgedAt }) => acknowledgedAt).length
  if (open.length === 0) return undefined
  return `${counted(open.length, 'open alert')}${acknowledged > 0 ? `, ${acknowledged} acknowledged` : ''}`
}
