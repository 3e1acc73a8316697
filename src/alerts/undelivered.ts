// The alert about alerts that a sink never got.
import { randomUUID } from 'node:crypto'
import type { Alert } from '../../schemas/alert.ts'

/** `now`: milliseconds since the epoch. */
export function undelivered(count: number, now: number, runbook: string | undefined): Alert {
  const at = new Date(now).toISOString()
  return {
    id: randomUUID(),
    key: 'alerts:UNDELIVERED',
    level: 'WARNING',
    code: 'ALERTS_UNDELIVERED',
    title: `${count} ${count === 1 ? 'alert was' : 'alerts were'} not delivered here`,
    message:
      'Too many waited while this webhook was away, or it refused them. The least important were left out.',
    action: 'Look at all of them: `npx ibgm alerts`, or the dashboard.',
    ...(runbook !== undefined && { runbook }),
    count: 1,
    raisedAt: at,
    lastRaisedAt: at,
  }
}
