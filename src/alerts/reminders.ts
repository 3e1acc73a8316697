// When an open alert that nobody acknowledges is told again, and as what. Pure.
import type { AlertRecord } from '../ports/stores.ts'

const minute = 60_000
const errorPatienceMs = 15 * minute
const hourMs = 60 * minute
const dayMs = 24 * hourMs

/**
 * When to tell it again (ms since the epoch): an ERROR once after 15 min, as CRITICAL; a CRITICAL one every hour, after a day once a day. Never
 * what is acknowledged, over, or less.
 */
export function remindAt(alert: AlertRecord): number | undefined {
  if (alert.acknowledgedAt !== undefined || alert.resolvedAt !== undefined) return undefined
  if (alert.level === 'ERROR') return Date.parse(alert.levelSince ?? alert.lastRaisedAt) + errorPatienceMs
  if (alert.level !== 'CRITICAL') return undefined
  const toldAt = Date.parse(alert.toldAt ?? alert.lastRaisedAt)
  const isOld = toldAt - Date.parse(alert.raisedAt) >= dayMs
  return toldAt + (isOld ? dayMs : hourMs)
}

/** It as it is told then. */
export function reminded(alert: AlertRecord, now: number): AlertRecord {
  const at = new Date(now).toISOString()
  const again = { ...alert, lastRaisedAt: at, toldAt: at }
  if (alert.level === 'CRITICAL') return again
  return { ...again, level: 'CRITICAL', levelSince: at, escalatedFrom: alert.level }
}
