// Where alerts go: the log always, and the webhooks that are set.
import { alertLog } from '../adapters/alert-log.ts'
import { createDiscordSink } from '../adapters/webhook/discord.ts'
import { createJsonSink } from '../adapters/webhook/json.ts'
import type { Secrets } from '../config.ts'
import type { AlertSink } from '../ports/alerts.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

export function openAlertSinks(
  { discordWebhookUrl, alertWebhookUrl }: Secrets,
  clock: Clock,
  log: Log,
): AlertSink[] {
  return [
    alertLog(log),
    ...(discordWebhookUrl === undefined ? [] : [createDiscordSink({ url: discordWebhookUrl, clock })]),
    ...(alertWebhookUrl === undefined ? [] : [createJsonSink({ url: alertWebhookUrl, clock })]),
  ]
}
