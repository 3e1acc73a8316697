// One look at a gateway: does its port answer, does it speak the API, and does it name accounts? An open port proves nothing.
import type { Clock } from '../ports/clock.ts'
import type { FleetError } from '../ports/errors.ts'
import type { IbConnector, IbNotice, IbStep } from '../ports/ib.ts'
import { classifyIbCode } from '../session/codes.ts'

export interface GatewayAddress {
  readonly host: string
  readonly port: number
}

/** What kept a gateway from being ready, from the network up: only the last one accepted us. */
export type NotReady = 'unresolved' | 'refused' | 'silent' | 'no-accounts'

export type CheckVerdict =
  | {
      readonly ok: true
      readonly accounts: readonly string[]
      /** From the accepted connection to the end of the handshake: slow answers show here. */
      readonly roundTripMs: number
    }
  | {
      readonly ok: false
      readonly kind: NotReady
      /** Words without a full stop. */
      readonly detail: string
      /** Somebody else was connected with the check's client id, which says nothing of the gateway. */
      readonly isIdInUse?: true
    }

/** One look; rejects with the signal's reason only. */
export type Check = (signal: AbortSignal) => Promise<CheckVerdict>

export interface CheckDeps {
  readonly connector: IbConnector
  readonly clock: Clock
}

export const portTimeoutMs = 5_000
export const handshakeTimeoutMs = 10_000

/** Never one that trades, so that a check and a trading connection live side by side. */
const checkClientId = 0

const missing: Record<IbStep, string> = {
  socket: `no TCP connection came about within ${portTimeoutMs / 1000} s`,
  handshake: `it accepts connections, but does not answer the API handshake within ${handshakeTimeoutMs / 1000} s: still starting, waiting for 2FA, or showing a dialog`,
  accounts: `it answered the handshake, but named no accounts within ${handshakeTimeoutMs / 1000} s`,
  'order-id': `it did not end the handshake within ${handshakeTimeoutMs / 1000} s`,
}

/**
 * Resolves when its connection is gone again, so that nothing of it meets the next one. The port has 5 s to accept, the handshake then 10 s
 * to end with managed accounts. Rejects with the signal's reason only.
 */
export async function checkGateway(
  deps: CheckDeps,
  address: GatewayAddress,
  signal: AbortSignal,
): Promise<CheckVerdict> {
  signal.throwIfAborted()
  const { verdict, close } = await look(deps, address, signal)
  await close()
  signal.throwIfAborted()
  return verdict
}

/** The verdict, or any when the signal aborted, with the connection still to be closed. */
function look(
  { connector, clock }: CheckDeps,
  { host, port }: GatewayAddress,
  signal: AbortSignal,
): Promise<{ verdict: CheckVerdict; close(): Promise<void> }> {
  return new Promise((resolve) => {
    let step: IbStep = 'socket'
    let acceptedMs = clock.monotonicMs()

    const end = (verdict: CheckVerdict) => {
      cancelDeadline()
      signal.removeEventListener('abort', onAbort)
      resolve({ verdict, close: () => connection.close() })
    }
    const fail = (kind: NotReady, detail: string, isIdInUse = false) =>
      end({ ok: false, kind, detail, ...(isIdInUse && { isIdInUse }) })
    const lacks = (kind: NotReady, what: string, isIdInUse = false) =>
      fail(kind, `Connection to ${host}:${port}: ${what}`, isIdInUse)
    const onDeadline = () => lacks(step === 'socket' ? 'silent' : 'no-accounts', missing[step])
    const onAbort = () => lacks('silent', 'nobody waits any more')

    let cancelDeadline = clock.schedule(portTimeoutMs, onDeadline)
    signal.addEventListener('abort', onAbort, { once: true })
    const connection = connector.open(
      { host, port, clientId: checkClientId },
      {
        onStep(next) {
          if (step === 'socket') {
            acceptedMs = clock.monotonicMs()
            cancelDeadline()
            cancelDeadline = clock.schedule(handshakeTimeoutMs, onDeadline)
          }
          step = next
        },
        onReady({ accounts }) {
          const roundTripMs = Math.round(clock.monotonicMs() - acceptedMs)
          if (accounts.length > 0) end({ ok: true, accounts, roundTripMs })
          else lacks('no-accounts', 'it named an empty list of accounts')
        },
        onNotice(notice) {
          const obstacle = obstacleOf(notice)
          const isIdInUse = classifyIbCode(notice.code, notice.text).kind === 'client-id-in-use'
          if (obstacle) lacks('no-accounts', obstacle, isIdInUse)
        },
        onClosed(error) {
          const kind = step === 'socket' ? unreachable(error) : 'no-accounts'
          fail(kind, withoutFullStop(error.message))
        },
      },
    )
  })
}

/** What keeps accounts from ever coming on this connection, in words. */
function obstacleOf({ code, text }: IbNotice): string | undefined {
  const { kind } = classifyIbCode(code, text)
  if (kind === 'client-id-in-use')
    return `another program is connected with client id ${checkClientId} [${code}]; end it, the check needs that id`
  if (kind === 'not-usable-yet')
    return `it waits until the paper trading disclaimer is accepted in its window [${code}]`
  return undefined
}

function unreachable(error: FleetError): NotReady {
  if (error.code === 'CONNECTION_TIMEOUT') return 'silent'
  const { code = '', syscall } = (error.cause ?? {}) as NodeJS.ErrnoException
  return syscall === 'getaddrinfo' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? 'unresolved' : 'refused'
}

/** A sentence as a part of another. */
export function withoutFullStop(sentence: string): string {
  return sentence.replace(/\.$/, '')
}
