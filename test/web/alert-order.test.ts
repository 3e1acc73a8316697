// Which alerts are read first.
import t from 'tap'
import type { Alert, AlertLevel } from '../../schemas/alert.ts'
import { listAlerts, mergeAlerts } from '../../web/src/alerts/alert-order.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 10, 20, 12, minute)).toISOString()
const alert = (id: string, level: AlertLevel, minute: number, more: Partial<Alert> = {}): Alert => ({
  id,
  key: id,
  level,
  code: 'SESSION_LOST',
  title: id,
  message: '',
  count: 1,
  raisedAt: at(minute),
  lastRaisedAt: at(minute),
  ...more,
})
const ids = (alerts: readonly Alert[]) => alerts.map(({ id }) => id).join(' ')

t.test('open alerts come worst first, then latest first, those that somebody has seen to last', async (t) => {
  const { open, over } = listAlerts([
    alert('warning', 'WARNING', 9),
    alert('seen', 'CRITICAL', 8, { acknowledgedAt: at(9) }),
    alert('early', 'CRITICAL', 1),
    alert('late', 'CRITICAL', 2),
    alert('info', 'INFO', 9),
    alert('error', 'ERROR', 0),
    alert('over first', 'CRITICAL', 0, { resolvedAt: at(3) }),
    alert('over last', 'INFO', 0, { resolvedAt: at(4) }),
  ])
  t.equal(ids(open), 'late early error warning info seen')
  t.equal(ids(over), 'over last over first')
})

t.test('one that is held keeps its place though somebody has seen to it', async (t) => {
  const alerts = [
    alert('first', 'CRITICAL', 2, { acknowledgedAt: at(3) }),
    alert('second', 'ERROR', 1),
    alert('seen', 'CRITICAL', 1, { acknowledgedAt: at(3) }),
  ]
  t.equal(ids(listAlerts(alerts, new Set(['first'])).open), 'first second seen')
  t.equal(ids(listAlerts(alerts).open), 'second first seen')
})

t.test('a list that was asked for before does not undo what the stream told since', async (t) => {
  const stored = [alert('a', 'ERROR', 1), alert('b', 'ERROR', 1, { resolvedAt: at(7) })]
  const told = new Map([
    ['a', alert('a', 'ERROR', 1, { resolvedAt: at(5) })],
    ['b', alert('b', 'ERROR', 1)],
    ['c', alert('c', 'INFO', 6)],
  ])
  const { open, over } = listAlerts(mergeAlerts(stored, told))
  t.equal(ids(open), 'c')
  t.equal(ids(over), 'b a')
})
