// One attempt to connect, with a deadline for each step, from the first SYN to the next order id.
import type { Clock } from '../ports/clock.ts'
import { type ErrorCode, FleetError } from '../ports/errors.ts'
import type {
  IbConnection,
  IbConnector,
  IbNotice,
  IbOrderEvent,
  IbStep,
  IbTarget,
  IbWelcome,
} from '../ports/ib.ts'
import { classifyIbCode } from './codes.ts'

export interface AttemptDeps {
  readonly connector: IbConnector
  readonly clock: Clock
}

export interface AttemptOptions extends IbTarget {
  readonly followerId: string
  readonly stepTimeoutMs: number
  onStep(step: IbStep): void
  /** Called while the gateway's message is being read, so that nothing which follows it is missed. */
  onReady(opened: Opened): void
  /** Every notice of this connection, before and after it is open. */
  onNotice(notice: IbNotice): void
  /** What IB tells of orders. */
  onOrderEvent(event: IbOrderEvent): void
  /** The open connection ended by itself. */
  onLost(error: FleetError): void
}

export interface Opened {
  readonly connection: IbConnection
  readonly welcome: IbWelcome
}

const silence: Record<IbStep, string> = {
  socket: 'no TCP connection came about',
  handshake:
    'it accepted, but never answered the API handshake (still starting, waiting for 2FA, or showing a dialog)',
  accounts: 'it answered the handshake, but never named its accounts',
  'order-id': 'it named its accounts, but never gave the next order id',
}

/** Resolves when the connection is open. Rejects with CONNECTION_REFUSED, CONNECTION_TIMEOUT, CONNECTION_CLOSED, CLIENT_ID_IN_USE, or the signal's reason, when its socket is gone. */
export function openConnection(
  { connector, clock }: AttemptDeps,
  options: AttemptOptions,
  signal: AbortSignal,
): Promise<void> {
  const { host, port, clientId, followerId, stepTimeoutMs } = options
  return new Promise((resolve, reject) => {
    let step: IbStep = 'socket'
    let settled = false

    const settle = () => {
      settled = true
      cancelDeadline()
      signal.removeEventListener('abort', onAbort)
    }
    const fail = (error: unknown) => {
      if (settled) return
      settle()
      void connection.close().then(() => reject(error))
    }
    const failure = (code: ErrorCode, what: string) =>
      new FleetError(code, `Gateway of ${followerId} at ${host}:${port}: ${what}.`)
    const startDeadline = () =>
      clock.schedule(stepTimeoutMs, () =>
        fail(failure('CONNECTION_TIMEOUT', `${silence[step]} within ${stepTimeoutMs} ms [step ${step}]`)),
      )
    const onAbort = () => fail(signal.reason)

    let cancelDeadline = startDeadline()
    options.onStep(step)
    const connection = connector.open(
      { host, port, clientId },
      {
        onStep(next) {
          step = next
          cancelDeadline()
          cancelDeadline = startDeadline()
          options.onStep(next)
        },
        onReady(welcome) {
          settle()
          options.onReady({ connection, welcome })
          resolve()
        },
        onNotice(notice) {
          options.onNotice(notice)
          if (!settled && classifyIbCode(notice.code, notice.text).kind === 'client-id-in-use')
            fail(failure('CLIENT_ID_IN_USE', `client id ${clientId} is in use there [326]`))
        },
        onOrderEvent: (event) => options.onOrderEvent(event),
        onClosed(error) {
          if (settled) options.onLost(error)
          else fail(error)
        },
      },
    )
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}
