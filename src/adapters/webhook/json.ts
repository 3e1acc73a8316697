// The alert sink that posts each alert as JSON to any URL.
import type { AlertSink } from '../../ports/alerts.ts'
import type { Clock } from '../../ports/clock.ts'
import { webhookPoster } from './post.ts'

/** Posts the alert as the API shows it, with `change`: raised, reminded or resolved. `url` is one that `webhookAddress` of src/config/values.ts takes. */
export function createJsonSink({ url, clock }: { readonly url: string; readonly clock: Clock }): AlertSink {
  const post = webhookPoster({ url, owner: 'The alert webhook', clock })
  return {
    name: 'webhook',
    mayBeAway: true,
    deliver: (alert, change, signal) => post({ ...alert, change }, signal),
  }
}
