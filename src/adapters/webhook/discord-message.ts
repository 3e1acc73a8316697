// An alert as a Discord message. Limits and mentions: Discord, "Webhook Resource" and "Message Resource".
import type { Alert } from '../../../schemas/system.ts'

export interface DiscordMessage {
  readonly content: string
  readonly allowed_mentions: { readonly parse: readonly 'everyone'[] }
}

const MAX_CONTENT = 2_000
const MAX_TITLE = 200
const MAX_ACTION = 500

const emojis: Readonly<Record<string, string>> = {
  INFO: '✅',
  WARNING: '⚠️',
  ERROR: '🔴',
  CRITICAL: '🚨',
}

/**
 * `{emoji} **{LEVEL}: {title}**`, the text, what to do, and when. A CRITICAL one calls everybody who is there, since it wants a person; nothing in an
 * alert's own words ever calls anybody.
 */
export function discordMessage(alert: Alert, change: 'raised' | 'resolved'): DiscordMessage {
  const isOver = change === 'resolved'
  const level = isOver ? 'INFO' : alert.level
  const title = clipped(harmless(alert.title).replaceAll(/\s+/g, ' '), MAX_TITLE)
  const action = !isOver && alert.action ? clipped(harmless(alert.action), MAX_ACTION) : undefined
  const at = (isOver && alert.resolvedAt) || alert.lastRaisedAt
  const calls = level === 'CRITICAL'
  const head = `${emojis[level] ?? 'ℹ️'} **${level}: ${isOver ? 'Resolved: ' : ''}${title}**`
  const tail = [
    ...(action ? [`**Action Required:** ${action}`] : []),
    `*Timestamp: ${newYorkTime(Date.parse(at))}*`,
    ...(calls ? ['@here'] : []),
  ]
  const room = MAX_CONTENT - [head, '', ...tail].join('\n\n').length
  const content = [head, clipped(harmless(alert.message), room), ...tail].join('\n\n')
  return { content, allowed_mentions: { parse: calls ? ['everyone'] : [] } }
}

/** Mentions in words that came from elsewhere, made unreadable to Discord by a space that nobody sees. */
function harmless(text: string): string {
  return text.replaceAll(/@(?=everyone|here)|<(?=[@#])/gi, '$&\u200B').trim()
}

/** Cut at a whole character. */
function clipped(text: string, length: number): string {
  if (text.length <= length) return text
  return `${text.slice(0, Math.max(length - 1, 0)).replace(/[\uD800-\uDBFF]$/, '')}…`
}

const newYork = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/New_York',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'longOffset',
})

/** ISO 8601 by the clock of the exchange: 2026-02-10T09:15:00-05:00. */
function newYorkTime(atMs: number): string {
  const parts = Object.fromEntries(newYork.formatToParts(atMs).map(({ type, value }) => [type, value]))
  const { year, month, day, hour, minute, second, timeZoneName = '' } = parts
  return `${year}-${month}-${day}T${hour}:${minute}:${second}${timeZoneName.replace('GMT', '')}`
}
