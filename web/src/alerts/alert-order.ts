// Which alerts are read first: what is open by its level, then what is over, the latest first.
import type { Alert, AlertLevel } from '../../../schemas/alert.ts'

const weight: Record<AlertLevel, number> = { CRITICAL: 3, ERROR: 2, WARNING: 1, INFO: 0 }

export interface AlertLists {
  /** Nobody has seen to it: worst first, then latest first. Those that somebody acknowledged come after all others. */
  readonly open: readonly Alert[]
  /** Latest end first. */
  readonly over: readonly Alert[]
}

/** `held`: ids of alerts that keep the place they had before somebody acknowledged them, so that no other comes under a pointer that is still there. */
export function listAlerts(alerts: Iterable<Alert>, held: ReadonlySet<string> = new Set()): AlertLists {
  const isSeen = ({ id, acknowledgedAt }: Alert) => Number(acknowledgedAt !== undefined && !held.has(id))
  const all = [...alerts]
  return {
    open: all
      .filter(({ resolvedAt }) => resolvedAt === undefined)
      .sort((a, b) => isSeen(a) - isSeen(b) || byUrgency(a, b)),
    over: all
      .filter(({ resolvedAt }) => resolvedAt !== undefined)
      .sort((a, b) => byTime(b.resolvedAt, a.resolvedAt)),
  }
}

/** What is stored and what the live stream told, each alert once; of two tellings the later one counts. */
export function mergeAlerts(stored: Iterable<Alert>, told: ReadonlyMap<string, Alert>): Alert[] {
  const merged = new Map<string, Alert>()
  for (const alert of stored) merged.set(alert.id, alert)
  for (const [id, alert] of told) {
    const known = merged.get(id)
    if (!known || changedAt(alert) >= changedAt(known)) merged.set(id, alert)
  }
  return [...merged.values()]
}

/** When this telling of an alert became true, as far as it says itself; epoch ms. */
function changedAt({ lastRaisedAt, acknowledgedAt, resolvedAt }: Alert): number {
  return Math.max(...[lastRaisedAt, acknowledgedAt, resolvedAt].map((at) => (at ? Date.parse(at) : 0)))
}

function byUrgency(a: Alert, b: Alert): number {
  return weight[b.level] - weight[a.level] || byTime(b.lastRaisedAt, a.lastRaisedAt)
}

function byTime(a = '', b = ''): number {
  return Date.parse(a) - Date.parse(b) || a.localeCompare(b)
}
