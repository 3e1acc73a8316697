// Makes the sessions of the data connection: the first with a client id that nobody has, and more beside it for many requests at once.
import type { Clock } from '../ports/clock.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type { IbConnector } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import type { SessionMeasures } from '../ports/measures.ts'
import type { Pacers } from '../session/pacing/pacers.ts'
import { IbSession } from '../session/session.ts'
import { SessionPool } from '../session/session-pool.ts'
import type { Tracer } from '../telemetry/tracer.ts'
import { freeClientId, lastClientId } from './client-ids.ts'
import type { DataTarget } from './data-source.ts'

export interface DataDialerDeps {
  readonly connector: IbConnector
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

export class DataDialer {
  readonly #deps: DataDialerDeps
  #clientId: number

  constructor(deps: DataDialerDeps) {
    this.#deps = deps
    this.#clientId = deps.firstClientId
  }

  /** Of the session that was connected last, or is tried now. */
  get clientId(): number {
    return this.#clientId
  }

  /** A connected session. Tries one client id after the other as long as they are in use. CLIENT_ID_EXHAUSTED, or as IbSession.connectOnce. */
  async connect(target: DataTarget, signal: AbortSignal): Promise<IbSession> {
    for (let tries = 1; ; tries++) {
      const clientId = freeClientId(this.#clientId, target.takenClientIds)
      if (clientId === undefined) throw noClientId(target)
      this.#clientId = clientId
      const session = this.#newSession(target, clientId)
      try {
        await session.connectOnce(signal)
        return session
      } catch (error) {
        await session.disconnect()
        const goOn = isFleetError(error, 'CLIENT_ID_IN_USE') && tries < lastClientId
        if (isFleetError(error, 'CLIENT_ID_IN_USE')) this.#clientId = (clientId % lastClientId) + 1
        if (!goOn) throw error
        const gateway = target.name
        this.#deps.log.info({ clientId, gateway }, 'data connection: client id in use, taking the next')
      }
    }
  }

  /** `primary`, and further sessions to the same gateway as they are needed. */
  poolOf(primary: IbSession, target: DataTarget): SessionPool {
    const { clock, log } = this.#deps
    const inUse = new Set([...target.takenClientIds, this.#clientId])
    return new SessionPool({
      primary,
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
        // When to try again is for the data connection to say.
        reconnectAttempts: 0,
        reconnectWindowMs: 0,
      },
    )
  }
}

function noClientId({ name }: DataTarget): FleetError {
  return new FleetError('CLIENT_ID_EXHAUSTED', `Client ids 1 to ${lastClientId} are all taken on ${name}.`)
}
