// Everything asked of a gateway besides heartbeats: paced, behind the circuit breaker, with deadlines, and cancelled at the end.
import type { Clock } from '../ports/clock.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type {
  IbConnection,
  IbNotice,
  IbRequestKind,
  IbRequests,
  IbStreamKind,
  IbStreamListener,
  IbStreams,
} from '../ports/ib.ts'
import type { RequestOutcome, SessionMeasures } from '../ports/measures.ts'
import { annotate } from '../telemetry/tracer.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { classifyIbCode } from './codes.ts'
import { type Claim, claimOf, type Priority } from './pacing/claims.ts'
import type { Pacer, Permit } from './pacing/pacer.ts'

export interface RequestOptions {
  /** From sending to the last part of the answer, so without the wait for the pacer; 15 s, as a market data snapshot alone may take 11. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Who goes first when requests wait for IB's limits [interactive]. */
  readonly priority?: Priority
}

export interface DataRequestsDeps {
  readonly clock: Clock
  readonly pacer: Pacer
  readonly breaker: CircuitBreaker
  /** The open connection; throws CONNECTION_CLOSED when there is none. */
  connection(): IbConnection
  /** Called for each request sent. */
  onSent(): void
  readonly measures: SessionMeasures
}

interface Stream {
  /** Cancels it at the gateway. */
  readonly stop: () => void
  readonly onEnd: (error: FleetError) => void
}

const defaultTimeoutMs = 15_000

export class DataRequests {
  readonly #deps: DataRequestsDeps
  /** Those that wait for the pacer, so that the end of the session ends their wait, and nobody else's. */
  readonly #waiting = new Set<AbortController>()
  /** The streams that run, so that the end of the session ends every one. */
  readonly #streams = new Set<Stream>()
  #open = 0

  constructor(deps: DataRequestsDeps) {
    this.#deps = deps
  }

  /** Requests sent and not answered yet. */
  get open(): number {
    return this.#open
  }

  /** Streams running now. */
  get streams(): number {
    return this.#streams.size
  }

  /** One request; `carrier` says, when it may be sent, over whose connection. */
  async request<K extends IbRequestKind>(
    kind: K,
    params: IbRequests[K]['params'],
    options: RequestOptions = {},
    carrier: () => DataRequests = () => this,
  ): Promise<IbRequests[K]['answer']> {
    const { signal, priority = 'interactive' } = options
    signal?.throwIfAborted()
    this.#deps.connection()
    const askedAtMs = this.#deps.clock.monotonicMs()
    const permit = await this.#allowed(kind, claimOf(kind, params, priority), signal)
    annotate({ 'ibgm.pacing_wait_ms': Math.round(this.#deps.clock.monotonicMs() - askedAtMs) })
    let answer: Promise<IbRequests[K]['answer']>
    try {
      answer = carrier().#send(kind, params, options, permit)
    } catch (unsent) {
      permit.done()
      throw unsent
    }
    return answer
  }

  /** Starts a stream once it may be sent; the returned function cancels it. */
  async stream<K extends IbStreamKind>(
    kind: K,
    params: IbStreams[K]['params'],
    listener: IbStreamListener<IbStreams[K]['item']>,
    signal?: AbortSignal,
  ): Promise<() => void> {
    this.#deps.connection()
    await this.#admitted(claimOf(kind, params, 'interactive'), signal)
    const connection = this.#deps.connection()
    this.#deps.onSent()
    this.#deps.measures.streamBegun(kind)
    const stop = connection.stream(kind, params, {
      onItem: (item) => {
        // Its cancel may have to wait for the pacer.
        if (!this.#streams.has(stream)) return
        try {
          listener.onItem(item)
        } catch (cause) {
          cancel()
          listener.onEnd(new FleetError('INTERNAL', `Whoever listens to a ${kind} stream failed.`, { cause }))
        }
      },
      onEnd: (error) => {
        if (this.#streams.delete(stream)) listener.onEnd(error)
      },
    })
    const stream: Stream = { stop, onEnd: (error) => listener.onEnd(error) }
    const cancel = () => {
      if (this.#streams.delete(stream)) this.#sendCancel(stop)
    }
    this.#streams.add(stream)
    return cancel
  }

  /** Ends what waits and what runs: each stream is cancelled as far as the message rate allows; the others die with the connection. */
  end(error: FleetError): void {
    const { pacer } = this.#deps
    for (const waiting of [...this.#waiting]) waiting.abort(error)
    const streams = [...this.#streams]
    this.#streams.clear()
    for (const { stop, onEnd } of streams) {
      if (pacer.hasRoom) {
        pacer.record()
        stop()
      }
      onEnd(error)
    }
  }

  /** May be sent now, as far as breaker and pacer go. */
  async #allowed(kind: IbRequestKind, claim: Claim, signal?: AbortSignal): Promise<Permit> {
    try {
      this.#deps.breaker.check()
      return await this.#admitted(claim, signal)
    } catch (error) {
      if (isFleetError(error, 'CIRCUIT_OPEN', 'PACING_QUEUE_FULL'))
        this.#deps.measures.requestOver(kind, 'refused', 0)
      throw error
    }
  }

  /** Waits for the pacer until `signal` aborts or the session ends. */
  async #admitted(claim: Claim, signal?: AbortSignal): Promise<Permit> {
    const waiting = new AbortController()
    const onAbort = () => waiting.abort(signal?.reason)
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#waiting.add(waiting)
    try {
      const permit = await this.#deps.pacer.take(claim, waiting.signal)
      if (waiting.signal.aborted) permit.done()
      waiting.signal.throwIfAborted()
      return permit
    } finally {
      this.#waiting.delete(waiting)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Sends what may be sent now. The caller is let go at the deadline at once; the permit ends when the cancel has been sent. */
  #send<K extends IbRequestKind>(
    kind: K,
    params: IbRequests[K]['params'],
    { timeoutMs = defaultTimeoutMs, signal }: RequestOptions,
    permit: Permit,
  ): Promise<IbRequests[K]['answer']> {
    const { clock, breaker, measures } = this.#deps
    const connection = this.#deps.connection()
    breaker.enter()
    this.#deps.onSent()
    this.#open++
    return new Promise((resolve, reject) => {
      const cancelled = new AbortController()
      const sentAtMs = clock.monotonicMs()
      let settled = false
      const settle = (outcome: RequestOutcome, report: () => void) => {
        if (settled) return
        settled = true
        measures.requestOver(kind, outcome, clock.monotonicMs() - sentAtMs)
        cancelDeadline()
        signal?.removeEventListener('abort', onAbort)
        report()
      }
      const giveUp = (error: unknown) => {
        reject(error)
        this.#sendCancel(() => cancelled.abort(error))
      }
      const onAbort = () =>
        settle('abandoned', () => {
          breaker.abandoned()
          giveUp(signal?.reason)
        })
      const cancelDeadline = clock.schedule(timeoutMs, () =>
        settle('timeout', () => {
          breaker.failed()
          giveUp(
            new FleetError(
              'CONNECTION_TIMEOUT',
              `The gateway did not answer ${kind} within ${timeoutMs} ms.`,
            ),
          )
        }),
      )
      signal?.addEventListener('abort', onAbort, { once: true })
      const over = (outcome?: 'answered') => {
        this.#open--
        permit.done(outcome)
      }
      connection.request(kind, params, cancelled.signal).then(
        (answer) => {
          over('answered')
          settle('answered', () => {
            breaker.succeeded()
            resolve(answer)
          })
        },
        (error: unknown) => {
          const refused = isFleetError(error, 'REQUEST_REJECTED')
          over(refused && !isPacing(error) ? 'answered' : undefined)
          settle(refused ? 'rejected' : 'lost', () => {
            // A refusal is an answer too; after one for its pace, the pacer pauses.
            if (refused) breaker.succeeded()
            else breaker.failed()
            reject(error)
          })
        },
      )
    })
  }

  /** Cancels something at the gateway as soon as the message rate allows; not at all when the connection ends before, and it with it. */
  #sendCancel(cancel: () => void): void {
    const { pacer } = this.#deps
    if (pacer.hasRoom) {
      pacer.record()
      cancel()
    } else this.#admitted({ kind: 'message', priority: 'interactive' }).then(cancel, () => {})
  }
}

function isPacing(error: FleetError): boolean {
  const notice = error.cause as IbNotice | undefined
  return notice !== undefined && classifyIbCode(notice.code, notice.text).kind === 'pacing'
}
