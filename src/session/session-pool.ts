// Several sessions with one gateway where one is not enough: all under one pacer, the extra ones opened under load and closed when idle.
import type { Cancel, Clock } from '../ports/clock.ts'
import { isFleetError } from '../ports/errors.ts'
import type { IbRequestKind, IbRequests } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import type { Pacer } from './pacing/pacer.ts'
import type { IbSession, RequestOptions } from './session.ts'

export interface SessionPoolOptions {
  /** Belongs to the caller, who connects and disconnects it; carries all that one session can carry. */
  readonly primary: IbSession
  /** Makes a session with the same gateway, not connected yet. */
  open(given: { readonly clientId: number; readonly pacer: Pacer }): IbSession
  /** A client id that nobody uses there; may throw. */
  nextClientId(): number
  readonly clock: Clock
  readonly log: Log
  /** The primary included [3]. */
  readonly maxSessions?: number
  /** Open requests from which on a session counts as busy [20]. */
  readonly busyAt?: number
  /** How long an extra session is kept without requests [60 s]. */
  readonly idleMs?: number
}

interface Extra {
  readonly session: IbSession
  cancelIdle: Cancel | undefined
}

const defaultMaxSessions = 3
const defaultBusyAt = 20
const defaultIdleMs = 60_000
/** After an extra session could not be opened or was lost. */
const retryMs = 30_000

export class SessionPool {
  readonly #options: SessionPoolOptions
  readonly #extras = new Set<Extra>()
  readonly #opening = new Set<IbSession>()
  #notBeforeMs = 0
  #closed = false

  constructor(options: SessionPoolOptions) {
    this.#options = options
  }

  /** Sessions that can carry requests now, the primary included. */
  get size(): number {
    return 1 + this.#extras.size
  }

  /** As IbSession.request of the primary; when an extra session that carries it is lost, the primary asks again. */
  async request<K extends IbRequestKind>(
    kind: K,
    params: IbRequests[K]['params'],
    options: RequestOptions = {},
  ): Promise<IbRequests[K]['answer']> {
    const { primary } = this.#options
    let carrier = primary
    try {
      return await primary.request(kind, params, options, () => {
        carrier = this.#leastBusy()
        return carrier
      })
    } catch (error) {
      if (carrier === primary || !isFleetError(error, 'CONNECTION_CLOSED', 'CIRCUIT_OPEN')) throw error
      return await primary.request(kind, params, options)
    } finally {
      for (const extra of this.#extras) if (extra.session === carrier) this.#watchIdle(extra)
    }
  }

  /** Closes the extra sessions; what they carry is asked again over the primary, and no others are opened. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    const sessions = [...this.#opening]
    for (const extra of [...this.#extras]) sessions.push(this.#remove(extra))
    await Promise.all(sessions.map((session) => session.disconnect()))
  }

  /** The primary until it is busy, then the first extra that is not, then whichever has least to do; opens another when all are busy. */
  #leastBusy(): IbSession {
    const { primary, busyAt = defaultBusyAt } = this.#options
    const sessions = [primary, ...[...this.#extras].map(({ session }) => session)]
    const free = sessions.find(({ openRequests }) => openRequests < busyAt)
    if (free) return free
    void this.#openAnother()
    return sessions.reduce((least, session) => (session.openRequests < least.openRequests ? session : least))
  }

  async #openAnother(): Promise<void> {
    const { primary, open, nextClientId, clock, log, maxSessions = defaultMaxSessions } = this.#options
    if (this.#closed || this.#opening.size > 0 || clock.monotonicMs() < this.#notBeforeMs) return
    if (this.size >= maxSessions) return
    let session: IbSession | undefined
    try {
      session = open({ clientId: nextClientId(), pacer: primary.pacer })
      this.#opening.add(session)
      await session.connectOnce()
      this.#add(session)
    } catch (err) {
      if (this.#closed) return
      this.#notBeforeMs = clock.monotonicMs() + retryMs
      log.warn({ err }, 'no further session could be opened, the ones that are open carry on')
      await session?.disconnect()
    } finally {
      if (session) this.#opening.delete(session)
    }
  }

  #add(session: IbSession): void {
    if (this.#closed) return
    const extra: Extra = { session, cancelIdle: undefined }
    this.#extras.add(extra)
    this.#watchIdle(extra)
    const stop = session.onChange(() => {
      if (session.isConnected() || !this.#extras.has(extra)) return
      stop()
      this.#notBeforeMs = this.#options.clock.monotonicMs() + retryMs
      void this.#remove(extra).disconnect()
    })
  }

  /** Counts the idle time from now on, if it has nothing to do. */
  #watchIdle(extra: Extra): void {
    extra.cancelIdle?.()
    extra.cancelIdle = undefined
    if (extra.session.openRequests > 0) return
    extra.cancelIdle = this.#options.clock.schedule(this.#options.idleMs ?? defaultIdleMs, () => {
      if (extra.session.openRequests === 0) void this.#remove(extra).disconnect()
    })
  }

  #remove(extra: Extra): IbSession {
    this.#extras.delete(extra)
    extra.cancelIdle?.()
    return extra.session
  }
}
