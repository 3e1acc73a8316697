// Waiting for the gateway before trading begins: when to try again, when to tell somebody, when to give up, and what to say then.
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Check, CheckVerdict } from './gateway-check.ts'
import type { Notifier } from './notifier.ts'

export interface WaitDeps {
  readonly check: Check
  readonly clock: Clock
  readonly log: Log
  readonly notifier: Notifier
}

export interface WaitOptions {
  /** For what people read: `gateway:4002`, or the follower's name. */
  readonly gateway: string
  readonly maxTries: number
  readonly timeoutMs: number
  /** Before the second try; doubles up to 30 s. */
  readonly retryIntervalMs: number
  /** `native` gives up at once on a host name that does not resolve; `docker` waits for it. */
  readonly orchestration: 'native' | 'docker'
  /** Aborts when trying again is of no use, because the gateway is locked; its reason is an Error that says why. */
  readonly hopeless?: AbortSignal
}

export type WaitOutcome =
  | { readonly ready: true; readonly verdict: Extract<CheckVerdict, { ok: true }>; readonly tries: number }
  | {
      readonly ready: false
      readonly failure: 'unreachable' | 'not-authenticated'
      /** The line that was logged. */
      readonly text: string
      readonly detail: string
      readonly tries: number
    }

/** Logs and notifies by itself; the caller exits with 1 when it is not ready. Rejects with the signal's reason only. */
export async function waitForGateway(
  _deps: WaitDeps,
  _options: WaitOptions,
  _signal: AbortSignal,
): Promise<WaitOutcome> {
  throw new Error('not yet')
}
