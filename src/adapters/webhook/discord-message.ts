// An alert as a Discord message. Limits and mentions: Discord, "Webhook Resource" and "Message Resource".
import type { Alert } from '../../../schemas/alert.ts'
import type { AlertChange } from '../../ports/alerts.ts'

export interface DiscordMessage {
  readonly content: string
  readonly allowed_mentions: { readonly parse: readonly 'everyone'[] }
}

const maxContent = 2_000
const maxTitle = 200
const maxAction = 500

const emojis: Readonly<Record<string, string>> = {
  INFO: '✅',
  WARNING: '⚠️',
  ERROR: '🔴',
  CRITICAL: '🚨',
}

/**
 * `{emoji} **{LEVEL}: {title}**`, the text, what to do (with the runbook's address), and when. A CRITICAL one calls everybody who is there, since it wants a person; nothing in an
 * alert's own words ever calls anybody.
 */
export function discordMessage(alert: Alert, change: AlertChange): DiscordMessage {
  const isOver = change === 'resolved'
  const level = isOver ? 'INFO' : alert.level
  const title = clipped(harmless(alert.title).replaceAll(/\s+/g, ' '), maxTitle)
  const action = !isOver && alert.action ? clipped(harmless(alert.action), maxAction) : undefined
  // In angle brackets, or Discord would show a preview below each message.
  const runbook = !isOver && alert.runbook !== undefined ? `\nRunbook: <${harmless(alert.runbook)}>` : ''
  const text = isOver ? overText(alert) : change === 'reminded' ? reminderText(alert) : alert.message
  const at = (isOver && alert.resolvedAt) || alert.lastRaisedAt
  const calls = level === 'CRITICAL'
  const prefix = { raised: '', reminded: 'Still open: ', resolved: 'Resolved: ' }[change]
  const head = `${emojis[level] ?? 'ℹ️'} **${level}: ${prefix}${title}**`
  const tail = [
    ...(action ? [`**Action Required:** ${action}${runbook}`] : []),
    `*Timestamp: ${newYorkTime(Date.parse(at))}*`,
    ...(calls ? ['@here'] : []),
  ]
  const link = action ? '' : runbook
  const room = maxContent - [head, link, ...tail].join('\n\n').length
  const content = [head, `${clipped(harmless(text), room)}${link}`, ...tail].join('\n\n')
  return { content, allowed_mentions: { parse: calls ? ['everyone'] : [] } }
}

/** For how long is all that is left to know: who was told of it has read the rest. */
function overText({ message, raisedAt, resolvedAt = raisedAt }: Alert): string {
  return `This was open for ${spanOf(raisedAt, resolvedAt)}: ${message}`
}

function reminderText({ id, message, raisedAt, lastRaisedAt }: Alert): string {
  const since = spanOf(raisedAt, lastRaisedAt)
  return `${message}\nFor ${since} nobody has acknowledged this: \`npx ibgm alerts ack ${id}\` ends these reminders.`
}

/** `40 s`, `15 min`, `3 h 5 min`. */
function spanOf(from: string, to: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000))
  const minutes = Math.floor(seconds / 60)
  if (minutes === 0) return `${seconds} s`
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
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
