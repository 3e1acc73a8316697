// The alert sink that writes to a Discord channel through a webhook.
import type { AlertSink } from '../../ports/alerts.ts'
import type { Clock } from '../../ports/clock.ts'

/** `url` must have passed `webhookUrl`. */
export function discordSink(options: { readonly url: string; readonly clock: Clock }): AlertSink {
  void options
  throw new Error('not written yet')
}
