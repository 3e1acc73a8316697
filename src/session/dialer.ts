// Who tries to connect, when, and how often: one run of attempts at a time, shared by all who want the connection.
import type { Clock } from '../ports/clock.ts'
import { type FleetError, isFleetError, messageOf } from '../ports/errors.ts'
import type { IbConnector, IbNotice, IbOrderEvent } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import { markFailed, type Span, startSpan, type Tracer, traced, within } from '../telemetry/tracer.ts'
import { type Opened, openConnection } from './attempt.ts'
import { backoffMs } from './backoff.ts'
import type { SessionRecord } from './record.ts'
import { ConnectRun, type RetryBudget } from './run.ts'
import type { SessionOptions } from './snapshot.ts'

export interface DialerDeps {
  readonly connector: IbConnector
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly tracer: Tracer | undefined
  readonly record: SessionRecord
  onReady(opened: Opened): void
  onNotice(notice: IbNotice): void
  onOrderEvent(event: IbOrderEvent): void
  onLost(error: FleetError): void
}

const defaultConnectTimeoutMs = 10_000
const retryBackoff = { baseMs: 1000, maxMs: 30_000, jitter: 0.25 }
/** A gateway may hold a dropped client's id for 30 to 60 s, so tries at an id in use are spread over the whole window. */
const conflictBackoff = { baseMs: 3500, maxMs: 30_000, jitter: 0.1 }

export class Dialer {
  readonly #deps: DialerDeps
  readonly #options: SessionOptions
  #run: ConnectRun | undefined
  /** Of the recoveries of late, so that a connection that flaps is not restored for ever. */
  #recoveries: RetryBudget | undefined
  /** The end of the last connection; no other begins before. */
  #parting: Promise<void> | undefined

  constructor(deps: DialerDeps, options: SessionOptions) {
    this.#deps = deps
    this.#options = options
  }

  /** The attempts under way, or new ones; `retry` makes a single attempt a run of several. */
  join(retry: boolean): ConnectRun {
    const run = this.#going() ?? this.#start(retry, 'connecting', this.#newBudget())
    run.retry ||= retry
    return run
  }

  /** Those that the last caller has just left end with its reason, which is nobody else's; the next begin when their socket is gone. */
  #going(): ConnectRun | undefined {
    const run = this.#run
    if (!run?.aborted) return run
    this.leave(Promise.allSettled([this.#parting, run.done]).then(() => {}))
    return undefined
  }

  /** Tells of a connection that is being closed. */
  leave(parting: Promise<void>): void {
    this.#parting = parting
  }

  /** New attempts in place of the connection just left. */
  replace(): void {
    this.#restore(this.#newBudget(), this.#reconnectSpan())
  }

  /** The same in the background; enters `failed` when the window's tries are used up. */
  recover(): void {
    const { reconnectAttempts, reconnectWindowMs } = this.#options
    const now = this.#deps.clock.monotonicMs()
    if (!this.#recoveries || now - this.#recoveries.startedAtMs >= reconnectWindowMs)
      this.#recoveries = this.#newBudget()
    if (this.#recoveries.tries >= reconnectAttempts) this.#deps.record.enter('failed')
    else this.#restore(this.#recoveries, this.#reconnectSpan('none')).hold()
  }

  /** Ends the attempts; who waits for them gets `error`. Resolves when no socket is left, of theirs or of the last connection. */
  async stop(error: FleetError): Promise<void> {
    const run = this.#run
    this.#run = undefined
    this.#recoveries = undefined
    run?.abort(error)
    await run?.done.catch(() => {})
    await this.#parting
  }

  /** Attempts that take the place of a connection, inside the span that tells of them. */
  #restore(budget: RetryBudget, span: Span): ConnectRun {
    const triedBefore = budget.tries
    const run = within(span, () => this.#start(true, 'reconnecting', budget))
    const over = (outcome: 'connected' | 'failed' | 'abandoned') => {
      span.setAttributes({ 'ibgm.outcome': outcome, 'ibgm.attempts': budget.tries - triedBefore })
      span.end()
    }
    run.done.then(
      () => over('connected'),
      (error) => {
        if (!run.aborted) markFailed(span, error)
        over(run.aborted ? 'abandoned' : 'failed')
      },
    )
    return run
  }

  /** A connection that was lost begins a trace of its own; one that is dropped for a caller belongs to what that does. */
  #reconnectSpan(parent?: 'none'): Span {
    const attributes = { 'ibgm.follower': this.#options.followerId }
    return startSpan(this.#deps.tracer, 'gateway.reconnect', attributes, parent && { parent })
  }

  #newBudget(): RetryBudget {
    return { startedAtMs: this.#deps.clock.monotonicMs(), tries: 0 }
  }

  #start(retry: boolean, state: 'connecting' | 'reconnecting', budget: RetryBudget): ConnectRun {
    const { clock, record } = this.#deps
    const { reconnectAttempts: attempts, reconnectWindowMs: windowMs } = this.#options
    const run = new ConnectRun(
      {
        clock,
        attempt: (signal, leftMs) => this.#attempt(signal, leftMs),
        waitAfter: (error, tries) => this.#waitAfter(error, tries),
      },
      { attempts, windowMs, budget },
      retry,
    )
    this.#run = run
    const over = () => {
      const current = this.#run === run
      if (current) this.#run = undefined
      return current
    }
    run.done.then(over, () => {
      if (over()) record.enter(run.retry && !run.aborted ? 'failed' : 'idle')
    })
    record.enter(state)
    return run
  }

  async #attempt(signal: AbortSignal, leftMs: number): Promise<void> {
    const { record, tracer, onReady, onNotice, onOrderEvent, onLost } = this.#deps
    const { followerId, host, port, connectTimeoutMs = defaultConnectTimeoutMs } = this.#options
    await this.#parting
    signal.throwIfAborted()
    record.attempting()
    const attributes = {
      'ibgm.follower': followerId,
      'ibgm.client_id': record.clientId,
      'server.address': host,
      'server.port': port,
    }
    try {
      await traced(tracer, 'api.handshake', attributes, (span) =>
        openConnection(
          this.#deps,
          {
            followerId,
            host,
            port,
            clientId: record.clientId,
            stepTimeoutMs: Math.max(1, Math.min(connectTimeoutMs, leftMs)),
            onStep: (step) => {
              record.step = step
              span.addEvent(step)
            },
            onReady,
            onNotice,
            onOrderEvent,
            onLost,
          },
          signal,
        ),
      )
    } catch (error) {
      if (!signal.aborted) this.#failed(error)
      throw error
    }
  }

  #failed(error: unknown): void {
    const { record, log } = this.#deps
    const { followerId, onClientIdInUse } = this.#options
    const code = isFleetError(error) ? error.code : 'INTERNAL'
    record.counters.connectionFailures++
    record.measures.connectionFailed(code)
    record.failed(code, messageOf(error))
    if (isFleetError(error, 'CLIENT_ID_IN_USE')) {
      record.counters.conflicts326++
      if (onClientIdInUse === 'next') record.clientId++
    }
    log.debug({ followerId, err: error }, 'session attempt failed')
  }

  #waitAfter(error: unknown, tries: number): number {
    const conflict = isFleetError(error, 'CLIENT_ID_IN_USE')
    if (conflict && this.#options.onClientIdInUse === 'next') return 0
    return backoffMs(tries, conflict ? conflictBackoff : retryBackoff, this.#deps.random)
  }
}
