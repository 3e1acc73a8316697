// The alert sink that posts each alert as JSON to any URL.
import type { AlertSink } from '../../ports/alerts.ts'
import type { Clock } from '../../ports/clock.ts'

/** `url` must have passed `webhookUrl`. */
export function jsonSink(options: { readonly url: string; readonly clock: Clock }): AlertSink {
  void options
  throw new Error('not written yet')
}
