// What an open alert becomes when it is raised again, and whether that is news. Pure.
import type { AlertDraft } from '../ports/alerts.ts'
import type { AlertRecord } from '../ports/stores.ts'
import { urgencyOf } from './urgency.ts'

/**
 * Raised again with the same code, level and words it is counted; else it is news, wants another acknowledgement, and counts as told at `now` (ms
 * since the epoch). What has become CRITICAL because nobody acknowledged it stays so, unless it is raised with a lower level than before.
 */
export function raised(
  draft: AlertDraft,
  before: AlertRecord | undefined,
  now: number,
  newId: () => string,
): { readonly alert: AlertRecord; readonly isNews: boolean } {
  const at = new Date(now).toISOString()
  if (!before) {
    const first = {
      id: newId(),
      count: draft.count ?? 1,
      raisedAt: at,
      lastRaisedAt: at,
      toldAt: at,
      levelSince: at,
    }
    return { alert: { ...draft, ...first }, isNews: true }
  }
  const levelBefore = before.escalatedFrom ?? before.level
  const isSame = levelBefore === draft.level && before.code === draft.code && before.message === draft.message
  const counted = { ...before, ...draft, count: draft.count ?? before.count + 1, lastRaisedAt: at }
  if (isSame) return { alert: { ...counted, level: before.level }, isNews: false }
  const { acknowledgedAt, acknowledgedBy, escalatedFrom, ...unseen } = counted
  const staysCritical = escalatedFrom !== undefined && urgencyOf(draft.level) >= urgencyOf(escalatedFrom)
  const level = staysCritical ? 'CRITICAL' : draft.level
  const levelStays = level === before.level && acknowledgedAt === undefined
  return {
    alert: {
      ...unseen,
      level,
      toldAt: at,
      levelSince: levelStays ? (before.levelSince ?? at) : at,
      ...(staysCritical && draft.level !== 'CRITICAL' && { escalatedFrom: draft.level }),
    },
    isNews: true,
  }
}
