// The data connection: starts with the service, lives on its own, and is never opened by a request. All bars come over it.
import type { IbStatus } from '../../schemas/system.ts'
import type { Clock } from '../ports/clock.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type * as ib from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import type { SessionMeasures } from '../ports/measures.ts'
import type { PacingStats } from '../session/pacing/pacer.ts'
import type { Pacers } from '../session/pacing/pacers.ts'
import { IbSession, type RequestOptions } from '../session/session.ts'
import { SessionPool } from '../session/session-pool.ts'
import type { Tracer } from '../telemetry/tracer.ts'
import { freeClientId, LAST_CLIENT_ID } from './client-ids.ts'
import type { OwnedDataLink } from './data-link.ts'
import type { DataSource, DataTarget } from './data-source.ts'
import { changeOf } from './source-change.ts'

export interface DataConnectionDeps {
  /** Absent: no data connection is configured. */
  readonly source?: DataSource
  readonly connector: ib.IbConnector
  readonly clock: Clock
  readonly log: Log
  /** Shared with whoever else talks to the same gateway. */
  readonly pacers: Pacers
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer
  readonly measures?: SessionMeasures
  readonly firstClientId: number
  readonly heartbeatIntervalMs: number
  readonly heartbeatTimeoutMs: number
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
  readonly #listeners = new Set<() => void>()
  readonly #closing = new AbortController()
  #living: Promise<void> | undefined
  #state: View['state'] = 'disabled'
  #target: DataTarget | undefined
  #session: IbSession | undefined
  #pool: SessionPool | undefined
  #clientId: number
  #connections = 0
  #nextRetryAt: number | undefined
  #lastError: View['lastError']
  #lastHeartbeatAt: number | undefined

  constructor(deps: DataConnectionDeps) {
    this.#deps = deps
    this.#clientId = deps.firstClientId
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
    const session = this.#session?.isConnected() ? this.#session.snapshot() : undefined
    const heartbeat = session?.lastHeartbeatAt ?? this.#lastHeartbeatAt
    return {
      state: this.#state,
      ...(this.#target && { host: this.#target.host, port: this.#target.port, clientId: this.#clientId }),
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
        const session = await this.#connect(target, signal)
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

  /** Tries one client id after the other as long as they are in use. */
  async #connect(target: DataTarget, signal: AbortSignal): Promise<IbSession> {
    const { log } = this.#deps
    this.#target = target
    for (let tries = 1; ; tries++) {
      const clientId = freeClientId(this.#clientId, target.takenClientIds)
      if (clientId === undefined) throw noClientId(target)
      this.#clientId = clientId
      this.#enter('connecting')
      const session = this.#newSession(target, clientId)
      try {
        await session.connectOnce(signal)
        this.#open(session, target)
        return session
      } catch (error) {
        await session.disconnect()
        const goOn = isFleetError(error, 'CLIENT_ID_IN_USE') && tries < LAST_CLIENT_ID
        if (isFleetError(error, 'CLIENT_ID_IN_USE')) this.#clientId = (clientId % LAST_CLIENT_ID) + 1
        if (!goOn) throw error
        log.info({ clientId, gateway: target.name }, 'data connection: client id in use, taking the next')
      }
    }
  }

  #newSession(target: DataTarget, clientId: number): IbSession {
    const { connector, clock, log, pacers, measures, tracer } = this.#deps
    const { heartbeatIntervalMs, heartbeatTimeoutMs } = this.#deps
    return new IbSession(
      {
        connector,
        clock,
        log,
        pacer: pacers.of(target.host, target.port),
        ...(measures && { measures }),
        ...(tracer && { tracer }),
      },
      {
        followerId: target.name,
        host: target.host,
        port: target.port,
        clientId,
        onClientIdInUse: 'keep',
        heartbeatIntervalMs,
        heartbeatTimeoutMs,
        // When to try again is for us to say.
        reconnectAttempts: 0,
        reconnectWindowMs: 0,
      },
    )
  }

  #open(session: IbSession, target: DataTarget): void {
    const { clock, log } = this.#deps
    this.#session = session
    this.#connections++
    const inUse = new Set([...target.takenClientIds, this.#clientId])
    this.#pool = new SessionPool({
      primary: session,
      clock,
      log,
      open: ({ clientId }) => this.#newSession(target, clientId),
      nextClientId: () => {
        const clientId = freeClientId(this.#clientId, inUse)
        if (clientId === undefined) throw noClientId(target)
        // Never the same again on this connection: a gateway keeps the id of a lost session for a while.
        inUse.add(clientId)
        return clientId
      },
    })
    log.info({ gateway: target.name, clientId: this.#clientId }, 'data connection up')
    this.#enter('connected')
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
      stopLooking = session.onChange(look)
      signal.addEventListener('abort', () => resolve(), { once: true })
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
    const message = error instanceof Error ? error.message : String(error)
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

function noClientId({ name }: DataTarget): FleetError {
  return new FleetError('CLIENT_ID_EXHAUSTED', `Client ids 1 to ${LAST_CLIENT_ID} are all taken on ${name}.`)
}

const stamp = (ms: number) => new Date(ms).toISOString()
