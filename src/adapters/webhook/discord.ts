// The alert sink that writes to a Discord channel through a webhook.
import type { AlertSink } from '../../ports/alerts.ts'
import type { Clock } from '../../ports/clock.ts'
import { discordMessage } from './discord-message.ts'
import { webhookPoster } from './post.ts'

/** `url` is one that `webhookAddress` of src/config/values.ts takes. */
export function createDiscordSink({
  url,
  clock,
}: {
  readonly url: string
  readonly clock: Clock
}): AlertSink {
  const post = webhookPoster({ url, owner: 'Discord', clock })
  return {
    name: 'discord',
    mayBeAway: true,
    deliver: (alert, change, signal) => post(discordMessage(alert, change), signal),
  }
}
