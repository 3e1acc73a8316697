// One API session with one gateway, kept up: connect, heartbeat, reconnect, and what is known of it. Safe under concurrent callers.
import type { Clock } from '../ports/clock.ts'
import { FleetError } from '../ports/errors.ts'
import type * as ib from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import { noMeasures, type SessionMeasures } from '../ports/measures.ts'
import { type Tracer, traced } from '../telemetry/tracer.ts'
import type { Opened } from './attempt.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { DataRequests, type RequestOptions } from './data-requests.ts'
import { Dialer } from './dialer.ts'
import { Heartbeat } from './heartbeat.ts'
import { OrderLine } from './order-line.ts'
import { Pacer } from './pacing/pacer.ts'
import { SessionRecord } from './record.ts'
import type { SessionOptions, SessionSnapshot } from './snapshot.ts'

export type { RequestOptions } from './data-requests.ts'
export type { SessionOptions, SessionSnapshot } from './snapshot.ts'

export interface SessionDeps {
  readonly connector: ib.IbConnector
  readonly clock: Clock
  readonly log: Log
  /** 0 ≤ x < 1; spreads heartbeats and retries. */
  readonly random?: () => number
  /** Shared with all else that talks to the same gateway; one of its own when absent. */
  readonly pacer?: Pacer
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer
  readonly measures?: SessionMeasures
}

interface Link extends Opened {
  readonly heartbeat: Heartbeat
}

export class IbSession {
  readonly pacer: Pacer
  /** The way of orders. */
  readonly orders: OrderLine
  readonly #deps: Required<Omit<SessionDeps, 'pacer' | 'measures' | 'tracer'>>
  readonly #tracer: Tracer | undefined
  readonly #options: SessionOptions
  readonly #breaker: CircuitBreaker
  readonly #data: DataRequests
  readonly #record: SessionRecord
  readonly #dialer: Dialer
  readonly #heartbeatListeners = new Set<(roundTripMs: number) => void>()
  #link: Link | undefined
  #closing: Promise<void> | undefined

  constructor(deps: SessionDeps, options: SessionOptions) {
    this.#deps = { random: Math.random, ...deps }
    this.#tracer = deps.tracer
    this.#options = options
    const measures = deps.measures ?? noMeasures
    this.#record = new SessionRecord(deps.clock, deps.log, options, measures)
    this.#dialer = new Dialer(
      {
        ...this.#deps,
        tracer: deps.tracer,
        record: this.#record,
        onReady: (opened) => this.#ready(opened),
        onNotice: (notice) => this.#onNotice(notice),
        onOrderEvent: (event) => this.orders.tellEvent(event),
        onLost: (error) => this.#lost(error),
      },
      options,
    )
    this.pacer = deps.pacer ?? new Pacer(deps.clock)
    this.orders = new OrderLine(this.pacer)
    this.#breaker = new CircuitBreaker(deps.clock)
    this.#data = new DataRequests({
      clock: deps.clock,
      pacer: this.pacer,
      breaker: this.#breaker,
      connection: () => this.#requireLink().connection,
      onSent: () => {
        this.#record.counters.requests++
      },
      measures,
    })
  }

  /**
   * Resolves once connected, trying as often as the options say; callers that overlap share the attempts. Rejects with
   * CONNECTION_REFUSED, CONNECTION_TIMEOUT (naming the step), CONNECTION_CLOSED or CLIENT_ID_IN_USE of the last attempt.
   * An aborted `signal` ends this caller's wait, and the attempts when nobody else waits.
   */
  async connect(signal?: AbortSignal): Promise<void> {
    await this.#settled(signal)
    if (!this.#link) await this.#dialer.join(true).wait(signal)
  }

  /** One attempt and no retries, unless `connect` wants them meanwhile; leaves the session idle when it fails. Rejects as `connect` does. */
  async connectOnce(signal?: AbortSignal): Promise<void> {
    await this.#settled(signal)
    if (!this.#link) await this.#dialer.join(false).wait(signal)
  }

  /** Ends everything: streams, heartbeats, attempts, the connection. Resolves when its socket is gone, well within a second. Idempotent. */
  disconnect(): Promise<void> {
    this.#closing ??= this.#shutDown().finally(() => {
      this.#closing = undefined
    })
    return this.#closing
  }

  /** Drops the connection, if there is one, and connects again; then as `connect`. */
  async reconnect(signal?: AbortSignal): Promise<void> {
    await this.#settled(signal)
    if (this.#link) {
      this.#drop(this.#error('is being reconnected'))
      this.#dialer.replace()
    }
    await this.#dialer.join(true).wait(signal)
  }

  isConnected(): boolean {
    return this.#link !== undefined
  }

  /** Connected, and the last answer is younger than heartbeat interval and timeout together. */
  isHealthy(): boolean {
    if (!this.#link) return false
    const { heartbeatIntervalMs, heartbeatTimeoutMs } = this.#options
    return heartbeatIntervalMs === 0 || this.#record.answerAgeMs <= heartbeatIntervalMs + heartbeatTimeoutMs
  }

  /**
   * One heartbeat now, or the one under way; resolves with its round trip in milliseconds. CONNECTION_CLOSED, or
   * CONNECTION_TIMEOUT at the heartbeat's deadline, which also drops the connection.
   */
  async ping(): Promise<number> {
    return this.#requireLink().heartbeat.ping()
  }

  /** Requests sent and not answered yet, heartbeats aside. */
  get openRequests(): number {
    return this.#data.open
  }

  /**
   * One request, paced and timed; rejects as IbConnection.request does, and with PACING_QUEUE_FULL, CIRCUIT_OPEN or CONNECTION_TIMEOUT.
   * `carrier` is asked for the session that carries it, at the moment when it may be sent.
   */
  request<K extends ib.IbRequestKind>(
    kind: K,
    params: ib.IbRequests[K]['params'],
    options?: RequestOptions,
    carrier: () => IbSession = () => this,
  ): Promise<ib.IbRequests[K]['answer']> {
    const attributes = { 'ibgm.follower': this.#options.followerId, 'ibgm.request': kind }
    return traced(this.#tracer, 'ib.request', attributes, () =>
      this.#data.request(kind, params, options, () => carrier().#data),
    )
  }

  /** Starts a stream, which ends with the connection; the function it resolves with cancels it. */
  stream<K extends ib.IbStreamKind>(
    kind: K,
    params: ib.IbStreams[K]['params'],
    listener: ib.IbStreamListener<ib.IbStreams[K]['item']>,
    signal?: AbortSignal,
  ): Promise<() => void> {
    return this.#data.stream(kind, params, listener, signal)
  }

  /** A plain value, not changed afterwards. */
  snapshot(): SessionSnapshot {
    return this.#record.snapshot()
  }

  /** Calls `listener` after any change worth a look: state, upstream, farms, a late heartbeat; not for each beat. Returns how to stop. */
  onChange(listener: () => void): () => void {
    return this.#record.onChange(listener)
  }

  /** Calls `listener` after each answered heartbeat with its round trip in milliseconds. Returns how to stop. */
  onHeartbeat(listener: (roundTripMs: number) => void): () => void {
    this.#heartbeatListeners.add(listener)
    return () => this.#heartbeatListeners.delete(listener)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect()
  }

  async #settled(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    while (this.#closing) await this.#closing
    signal?.throwIfAborted()
  }

  #ready(opened: Opened): void {
    const { clock, random, log } = this.#deps
    const { followerId, heartbeatIntervalMs: intervalMs, heartbeatTimeoutMs: timeoutMs } = this.#options
    // START_API was a message too.
    this.pacer.record()
    this.#breaker.reset()
    const heartbeat = new Heartbeat(
      {
        clock,
        random,
        ask: () => {
          this.pacer.record()
          this.#record.counters.requests++
          return opened.connection.currentTime()
        },
        onAnswer: (roundTripMs) => {
          this.#record.heartbeatAnswered(roundTripMs)
          for (const listener of [...this.#heartbeatListeners]) listener(roundTripMs)
        },
        onLate: () => this.#record.heartbeatIsLate(),
        onLost: (error) => this.#lost(error),
      },
      { intervalMs, timeoutMs },
    )
    this.#link = { ...opened, heartbeat }
    this.orders.opened(opened.connection, opened.welcome)
    const { serverVersion, accounts } = opened.welcome
    log.info({ followerId, clientId: this.#record.clientId, serverVersion, accounts }, 'session ready')
    this.#record.connected(opened.welcome)
  }

  #onNotice(notice: ib.IbNotice): void {
    const { kind } = this.#record.noticed(notice)
    this.orders.tellNotice(notice)
    if (kind === 'pacing') this.pacer.violated()
    if (kind !== 'port-changed' || !this.#link) return
    // Nothing answers on our port any more, and no retry changes that.
    this.#drop(this.#error('is over: the gateway moved its API to another port [1300]'))
    this.#record.enter('failed')
  }

  /** The connection ended by itself or went mute: says so, and goes on in the background. */
  #lost(error: FleetError): void {
    if (!this.#link) return
    this.#deps.log.warn({ followerId: this.#options.followerId, err: error }, 'session lost')
    this.#record.failed(error.code, error.message)
    this.#drop(error)
    this.#dialer.recover()
  }

  #drop(error: FleetError): void {
    const link = this.#link
    if (!link) return
    this.#link = undefined
    this.orders.closed()
    link.heartbeat.stop()
    this.#record.disconnected()
    this.#data.end(error)
    this.#dialer.leave(link.connection.close())
  }

  async #shutDown(): Promise<void> {
    const error = this.#error('was closed')
    this.#drop(error)
    const stopped = this.#dialer.stop(error)
    this.#record.enter('closed')
    await stopped
  }

  #requireLink(): Link {
    if (!this.#link) throw this.#error('is not connected')
    return this.#link
  }

  #error(what: string): FleetError {
    const { followerId, host, port } = this.#options
    return new FleetError(
      'CONNECTION_CLOSED',
      `The session with the gateway of ${followerId} at ${host}:${port} ${what}.`,
    )
  }
}
