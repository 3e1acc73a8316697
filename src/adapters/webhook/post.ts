// One JSON message to a webhook, delivered within ten seconds or not: tried again where that helps, waiting as long as the other side asks.

import type { Clock } from '../../ports/clock.ts'
import { FleetError } from '../../ports/errors.ts'

const deadlineMs = 10_000
const firstPauseMs = 500

export interface Webhook {
  /** A secret: whoever knows it may post. It is in no error and no log. */
  readonly url: string
  /** Who is there, for errors. */
  readonly owner: string
  readonly clock: Clock
}

/** One sink's way out. After a 429 nothing is sent until the time is over that the other side has asked for. */
export function webhookPoster({ url, owner, clock }: Webhook) {
  let quietUntilMs = 0

  /** Milliseconds until the next try makes sense; undefined when delivered. Throws what no further try can help. */
  async function tryOnce(body: string, pauseMs: number, signal: AbortSignal): Promise<number | undefined> {
    const quietMs = quietUntilMs - clock.monotonicMs()
    if (quietMs > 0) return quietMs
    let answer: Response
    try {
      const headers = { 'content-type': 'application/json' }
      // A redirect would carry the message to somebody else.
      answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' })
    } catch {
      signal.throwIfAborted()
      return pauseMs
    }
    await answer.body?.cancel().catch(() => {})
    if (answer.ok) return undefined
    if (answer.status === 429) {
      const askedMs = retryAfterMs(answer.headers.get('retry-after'), clock.now()) ?? pauseMs
      quietUntilMs = Math.max(quietUntilMs, clock.monotonicMs() + askedMs)
      return askedMs
    }
    if (answer.status >= 500) return pauseMs
    throw new FleetError(
      'REQUEST_REJECTED',
      `${owner} refused an alert with status ${answer.status}. Is the webhook still there?`,
    )
  }

  /** Rejects with a FleetError, or with the signal's reason. */
  return async function post(message: object, signal: AbortSignal): Promise<void> {
    const body = JSON.stringify(message)
    const late = new AbortController()
    const endMs = clock.monotonicMs() + deadlineMs
    const cancel = clock.schedule(deadlineMs, () => late.abort(tooLate(owner)))
    const over = AbortSignal.any([signal, late.signal])
    try {
      over.throwIfAborted()
      for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
        const waitMs = await tryOnce(body, pauseMs, over)
        if (waitMs === undefined) return
        if (clock.monotonicMs() + waitMs > endMs)
          throw tooLate(owner, waitMs, quietUntilMs > clock.monotonicMs())
        await clock.sleep(waitMs, over)
      }
    } finally {
      cancel()
    }
  }
}

/** `isAsked`: the other side wants that wait. */
function tooLate(owner: string, waitMs?: number, isAsked = false): FleetError {
  const asked = waitMs === undefined ? '' : `; the next try would be in ${Math.ceil(waitMs / 1000)} s`
  return new FleetError(
    'CONNECTION_TIMEOUT',
    `${owner} did not take an alert within ${deadlineMs / 1000} s${asked}.`,
    waitMs !== undefined && isAsked ? { retryAfterMs: waitMs } : {},
  )
}

/** Retry-After in seconds, decimals as Discord sends them, or as a date (RFC 9110, 10.2.3). */
function retryAfterMs(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isFinite(ms) ? Math.max(ms, 0) : undefined
}
