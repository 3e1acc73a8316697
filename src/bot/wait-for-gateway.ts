// Waiting for the gateway before trading begins: when to try again, when to tell somebody, when to give up, and what to say then.
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { backoffMs } from '../session/backoff.ts'
import { type Check, type CheckVerdict, withoutFullStop } from './gateway-check.ts'
import type { Notice, Notifier } from './notifier.ts'
import { delayNotices, failureOf, failureTexts, type StartupFailure } from './startup-words.ts'

export interface WaitDeps {
  readonly check: Check
  readonly clock: Clock
  readonly log: Log
  readonly notifier: Notifier
}

export interface WaitOptions {
  /** For what people read: `gateway:4002`, or `follower alice`. */
  readonly gateway: string
  readonly maxTries: number
  /** No try begins later than this after the first; the one that is under way then is the last, and takes its time. */
  readonly timeoutMs: number
  /** Before the second try; doubles up to 30 s. */
  readonly retryIntervalMs: number
  /** `native` gives up at once on a host name that does not resolve; `docker` waits for it. */
  readonly orchestration: 'native' | 'docker'
  /** Aborts when trying again is of no use, because the gateway is locked; its reason is an Error that says why. */
  readonly hopeless?: AbortSignal
}

export type Ready = Extract<CheckVerdict, { ok: true }>

export type WaitOutcome =
  | { readonly ready: true; readonly verdict: Ready; readonly tries: number }
  | {
      readonly ready: false
      readonly failure: StartupFailure
      /** The line that was logged. */
      readonly text: string
      /** Without a full stop. */
      readonly detail: string
      readonly tries: number
    }

const longestDelayMs = 30_000
/** A timer may come so much too early; what is left then is no time for another try. */
const timerGrainMs = 1

/** Milliseconds between try number `tries` and the next: 5, 10, 20, 30, 30 … s when the first is 5 s. */
export function retryDelayMs(tries: number, firstMs: number): number {
  return backoffMs(tries, { baseMs: firstMs, maxMs: longestDelayMs, jitter: 0 }, () => 0)
}

/** Logs and notifies by itself; when it is not ready, the caller has only to end with exit code 1. Rejects with the signal's reason only. */
export async function waitForGateway(
  deps: WaitDeps,
  options: WaitOptions,
  signal: AbortSignal,
): Promise<WaitOutcome> {
  const { check, clock, log } = deps
  const { gateway, maxTries, timeoutMs, orchestration, hopeless } = options
  const startedMs = clock.monotonicMs()
  const elapsedMs = () => clock.monotonicMs() - startedMs
  const facts = () => ({ gateway, tries, elapsedSeconds: Math.round(elapsedMs() / 100) / 10 })
  const over = hopeless ? AbortSignal.any([signal, hopeless]) : signal
  const impatience = new Impatience(deps, gateway)
  let tries = 0

  const giveUp = (failure: StartupFailure, detail: string): WaitOutcome => {
    const { text, notice } = failureTexts(failure, { ...facts(), detail })
    log.error({ ...facts(), detail }, text)
    deps.notifier.notify(notice)
    return { ready: false, failure, text, detail, tries }
  }

  try {
    for (;;) {
      over.throwIfAborted()
      tries += 1
      log.info(facts(), `Gateway check attempt ${tries}/${maxTries}`)
      const verdict = await check(over)
      over.throwIfAborted()
      if (verdict.ok) {
        log.info({ ...facts(), accounts: verdict.accounts }, 'Gateway is ready and authenticated')
        return { ready: true, verdict, tries }
      }
      const detail = withoutFullStop(verdict.detail)
      impatience.afterTry(tries, detail)
      const leftMs = Math.ceil(timeoutMs - elapsedMs())
      const isMisspelt = verdict.kind === 'unresolved' && orchestration === 'native'
      if (tries >= maxTries || leftMs <= timerGrainMs || isMisspelt)
        return giveUp(failureOf(verdict.kind), detail)
      log.warn(
        { ...facts(), detail },
        verdict.kind === 'no-accounts'
          ? 'Gateway responding but not authenticated, retrying'
          : 'Gateway port not responding, retrying',
      )
      await clock.sleep(Math.min(retryDelayMs(tries, options.retryIntervalMs), leftMs), over)
    }
  } catch (error) {
    if (signal.aborted || !hopeless?.aborted) throw error
    return giveUp('locked', withoutFullStop((hopeless.reason as Error).message))
  } finally {
    impatience.end()
  }
}

interface Due {
  readonly tries: number
  readonly notice: Notice
  cancel(): void
}

/** Tells a person that it takes long, each notice once: after so many tries or so much time, whichever comes first. */
class Impatience {
  readonly #notifier: Notifier
  readonly #due = new Set<Due>()
  #detail = 'it has not answered yet'

  constructor({ clock, notifier }: WaitDeps, gateway: string) {
    this.#notifier = notifier
    for (const { tries, afterMs, notice } of delayNotices(gateway)) {
      const due = { tries, notice, cancel: clock.schedule(afterMs, () => this.#tell(due)) }
      this.#due.add(due)
    }
  }

  afterTry(tries: number, detail: string): void {
    this.#detail = detail
    for (const due of this.#due) if (tries >= due.tries) this.#tell(due)
  }

  end(): void {
    for (const { cancel } of this.#due) cancel()
    this.#due.clear()
  }

  #tell(due: Due): void {
    due.cancel()
    this.#due.delete(due)
    this.#notifier.notify({ ...due.notice, text: `${due.notice.text} Reason: ${this.#detail}.` })
  }
}
