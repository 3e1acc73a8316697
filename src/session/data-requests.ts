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
import type { CircuitBreaker } from './circuit-breaker.ts'
import { classifyIbCode } from './codes.ts'
import type { MessageRate } from './message-rate.ts'

export interface RequestOptions {
  /** From asking to the last part of the answer; 15 s, as a market data snapshot alone may take 11. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface DataRequestsDeps {
  readonly clock: Clock
  readonly rate: MessageRate
  readonly breaker: CircuitBreaker
  /** The open connection; throws CONNECTION_CLOSED when there is none. */
  connection(): IbConnection
  /** Called for each request sent. */
  onSent(): void
}

interface Stream {
  /** Cancels it at the gateway. */
  readonly stop: () => void
  readonly onEnd: (error: FleetError) => void
}

const TIMEOUT_MS = 15_000

export class DataRequests {
  readonly #deps: DataRequestsDeps
  /** The streams that run, so that the end of the session ends every one. */
  readonly #streams = new Set<Stream>()

  constructor(deps: DataRequestsDeps) {
    this.#deps = deps
  }

  /** Streams running now. */
  get streams(): number {
    return this.#streams.size
  }

  async request<K extends IbRequestKind>(
    kind: K,
    params: IbRequests[K]['params'],
    { timeoutMs = TIMEOUT_MS, signal }: RequestOptions = {},
  ): Promise<IbRequests[K]['answer']> {
    const { clock, rate, breaker } = this.#deps
    signal?.throwIfAborted()
    this.#deps.connection()
    breaker.enter()
    const deadline = new AbortController()
    const cancelDeadline = clock.schedule(timeoutMs, () =>
      deadline.abort(
        new FleetError('CONNECTION_TIMEOUT', `The gateway did not answer ${kind} within ${timeoutMs} ms.`),
      ),
    )
    const onAbort = () => deadline.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await rate.take(deadline.signal)
      this.#deps.onSent()
      const answer = await this.#deps.connection().request(kind, params, deadline.signal)
      breaker.succeeded()
      return answer
    } catch (error) {
      if (signal?.aborted) breaker.abandoned()
      else if (isFleetError(error, 'REQUEST_REJECTED') && !asksForPause(error)) breaker.succeeded()
      else breaker.failed()
      throw error
    } finally {
      cancelDeadline()
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Starts a stream once it may be sent; the returned function cancels it. */
  async stream<K extends IbStreamKind>(
    kind: K,
    params: IbStreams[K]['params'],
    listener: IbStreamListener<IbStreams[K]['item']>,
    signal?: AbortSignal,
  ): Promise<() => void> {
    const { rate } = this.#deps
    this.#deps.connection()
    await rate.take(signal)
    this.#deps.onSent()
    const stop = this.#deps.connection().stream(kind, params, {
      onItem(item) {
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
      if (!this.#streams.delete(stream)) return
      rate.record()
      stop()
    }
    this.#streams.add(stream)
    return cancel
  }

  /** Ends what waits and what runs: each stream is cancelled as far as the message rate allows; the others die with the connection. */
  end(error: FleetError): void {
    const { rate } = this.#deps
    rate.rejectAll(error)
    const streams = [...this.#streams]
    this.#streams.clear()
    for (const { stop, onEnd } of streams) {
      if (rate.hasRoom) {
        rate.record()
        stop()
      }
      onEnd(error)
    }
  }
}

function asksForPause(error: FleetError): boolean {
  const notice = error.cause as IbNotice | undefined
  return notice !== undefined && classifyIbCode(notice.code, notice.text).kind === 'pacing'
}
