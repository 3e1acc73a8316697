// The data connection: starts with the service, lives on its own, and is never opened by a request. All bars come over it.
import type { IbStatus } from '../../schemas/system.ts'
import { FleetError, isFleetError, messageOf } from '../ports/errors.ts'
import type * as ib from '../ports/ib.ts'
import type { PacingStats } from '../session/pacing/pacer.ts'
import type { IbSession, RequestOptions } from '../session/session.ts'
import type { SessionPool } from '../session/session-pool.ts'
import { DataDialer, type DataDialerDeps } from './data-dialer.ts'
import type { OwnedDataLink } from './data-link.ts'
import type { DataSource, DataTarget } from './data-source.ts'
import { changeOf } from './source-change.ts'

export interface DataConnectionDeps extends DataDialerDeps {
  /** Absent: no data connection is configured. */
  readonly source?: DataSource
}

type View = IbStatus['dataConnection']

/** Waits after failures in a row; the last goes on. */
const retryDelaysMs = [5_000, 10_000, 30_000, 60_000, 120_000, 300_000]
/** A connection that held so long was a good one: the delays begin anew. */
const stableMs = 60_000
/** How often a source that has nothing to connect to is asked again, should its change have been missed. */
const lookAgainMs = 10_000

export class DataConnection implements OwnedDataLink {
  readonly #deps: DataConnectionDeps
  readonly #dialer: DataDialer
  readonly #listeners = new Set<() => void>()
  readonly #closing = new AbortController()
  #living: Promise<void> | undefined
  #state: View['state'] = 'disabled'
  #target: DataTarget | undefined
  #session: IbSession | undefined
  #pool: SessionPool | undefined
  #connections = 0
  #nextRetryAt: number | undefined
  #lastError: View['lastError']
  #lastHeartbeatAt: number | undefined

  constructor(deps: DataConnectionDeps) {
    this.#deps = deps
    this.#dialer = new DataDialer(deps)
    if (deps.source) this.#state = 'waiting'
  }

  get isConfigured(): boolean {
    return this.#deps.source !== undefined
  }

  get isUsable(): boolean {
    return this.#session?.isConnected() === true && this.#session.snapshot().upstream === 'up'
  }

  get trouble(): string {
    if (!this.isConfigured)
      return 'No data connection is configured: set IB_HOST and IB_PORT, or DATA_FOLLOWER.'
    if (this.#session?.isConnected()) return 'The gateway of the data connection has lost IBKR [1100].'
    return `The data connection is down${this.#lastError ? `: ${this.#lastError.message}` : '.'}`
  }

  get dataLost(): number {
    return this.#session?.snapshot().dataLost ?? 0
  }

  pacing(): PacingStats | undefined {
    return this.#target && this.#deps.pacers.of(this.#target.host, this.#target.port).stats()
  }

  status(): View {
    const { reconnects } = this
    const { clientId } = this.#dialer
    const session = this.#session?.isConnected() ? this.#session.snapshot() : undefined
    const heartbeat = session?.lastHeartbeatAt ?? this.#lastHeartbeatAt
    return {
      state: this.#state,
      ...(this.#target && { host: this.#target.host, port: this.#target.port, clientId }),
      ...(session && { upstream: session.upstream }),
      ...(heartbeat !== undefined && { lastHeartbeatAt: stamp(heartbeat) }),
      reconnects,
      ...(this.#nextRetryAt !== undefined && { nextRetryAt: stamp(this.#nextRetryAt) }),
      ...(this.#lastError && { lastError: this.#lastError }),
    }
  }

  get reconnects(): number {
    return Math.max(0, this.#connections - 1)
  }

  start(): void {
    const { source } = this.#deps
    if (source) this.#living ??= this.#live(source, this.#closing.signal)
  }

  async stop(): Promise<void> {
    this.#closing.abort(new FleetError('SHUTTING_DOWN', 'The data connection is being closed.'))
    await this.#living
    this.#listeners.clear()
  }

  request<K extends ib.IbRequestKind>(
    kind: K,
    params: ib.IbRequests[K]['params'],
    options?: RequestOptions,
  ): Promise<ib.IbRequests[K]['answer']> {
    const pool = this.#pool
    if (!pool || !this.isUsable) return Promise.reject(this.down())
    return pool.request(kind, params, options)
  }

  stream<K extends ib.IbStreamKind>(
    kind: K,
    params: ib.IbStreams[K]['params'],
    listener: ib.IbStreamListener<ib.IbStreams[K]['item']>,
    signal?: AbortSignal,
  ): Promise<() => void> {
    const session = this.#session
    if (!session?.isConnected()) return Promise.reject(this.down())
    return session.stream(kind, params, listener, signal)
  }

  down(): FleetError {
    const retryAfterMs = Math.max(1_000, (this.#nextRetryAt ?? 0) - this.#deps.clock.now())
    return new FleetError('DATA_CONNECTION_DOWN', this.trouble, { retryAfterMs })
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #live(source: DataSource, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    let failures = 0
    let generation: string | undefined
    while (!signal.aborted) {
      const changed = changeOf(source)
      try {
        const target = await source.target()
        if ('absent' in target) {
          this.#enter('waiting', 'GATEWAY_NOT_RUNNING', target.absent)
          failures = 0
          await changed.within(clock, lookAgainMs, signal)
          continue
        }
        if (target.generation !== generation) failures = 0
        generation = target.generation
        const session = await this.#open(target, signal)
        const sinceMs = clock.monotonicMs()
        await this.#lostOf(session, signal)
        if (clock.monotonicMs() - sinceMs >= stableMs) failures = 0
      } catch (error) {
        if (signal.aborted) break
        this.#note(error)
      } finally {
        changed.stop()
      }
      if (signal.aborted) break
      const delayMs = retryDelaysMs[Math.min(failures++, retryDelaysMs.length - 1)] ?? 0
      this.#nextRetryAt = clock.now() + delayMs
      this.#enter('waiting')
      await this.#pause(source, generation, delayMs, signal)
      this.#nextRetryAt = undefined
    }
    await this.#drop()
  }

  async #open(target: DataTarget, signal: AbortSignal): Promise<IbSession> {
    this.#target = target
    this.#enter('connecting')
    const session = await this.#dialer.connect(target, signal)
    this.#session = session
    this.#pool = this.#dialer.poolOf(session, target)
    this.#connections++
    this.#deps.log.info({ gateway: target.name, clientId: this.#dialer.clientId }, 'data connection up')
    this.#enter('connected')
    return session
  }

  /** Resolves when the session is over; tells listeners of what happens to it until then. */
  async #lostOf(session: IbSession, signal: AbortSignal): Promise<void> {
    let upstream = session.snapshot().upstream
    let dataLost = session.snapshot().dataLost
    let stopLooking = () => {}
    await new Promise<void>((resolve) => {
      const look = () => {
        const now = session.snapshot()
        if (now.state !== 'ready') return resolve()
        if (now.upstream === upstream && now.dataLost === dataLost) return
        upstream = now.upstream
        dataLost = now.dataLost
        this.#tell()
      }
      const onAbort = () => resolve()
      const stopListening = session.onChange(look)
      signal.addEventListener('abort', onAbort, { once: true })
      stopLooking = () => {
        stopListening()
        signal.removeEventListener('abort', onAbort)
      }
      look()
    })
    stopLooking()
    const { lastError, lastHeartbeatAt } = session.snapshot()
    this.#lastHeartbeatAt = lastHeartbeatAt
    if (lastError) this.#lastError = { ...lastError, at: stamp(lastError.at) }
    if (!signal.aborted) this.#deps.log.warn({ gateway: this.#target?.name }, 'data connection lost')
    await this.#drop()
  }

  async #drop(): Promise<void> {
    const [session, pool] = [this.#session, this.#pool]
    this.#session = undefined
    this.#pool = undefined
    await pool?.close()
    await session?.disconnect()
  }

  /** Waits for the delay, or until the gateway process behind the source is gone or another. */
  async #pause(
    source: DataSource,
    generation: string | undefined,
    delayMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.#deps
    const dueMs = clock.monotonicMs() + delayMs
    for (let leftMs = delayMs; leftMs > 0 && !signal.aborted; leftMs = dueMs - clock.monotonicMs()) {
      const changed = changeOf(source)
      const target = await source.target().catch(() => undefined)
      const isSame = !target || ('host' in target && target.generation === generation)
      if (!isSame) changed.stop()
      if (!isSame || (await changed.within(clock, leftMs, signal))) return
    }
  }

  #note(error: unknown): void {
    const code = isFleetError(error) ? error.code : 'INTERNAL'
    const message = messageOf(error)
    this.#lastError = { code, message, at: stamp(this.#deps.clock.now()) }
    this.#deps.log.warn({ code, gateway: this.#target?.name, reason: message }, 'data connection not made')
  }

  #enter(state: View['state'], code?: string, message?: string): void {
    if (code !== undefined && message !== undefined && this.#lastError?.message !== message)
      this.#lastError = { code, message, at: stamp(this.#deps.clock.now()) }
    if (state === this.#state) return
    this.#state = state
    this.#tell()
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

const stamp = (ms: number) => new Date(ms).toISOString()
