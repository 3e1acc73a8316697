// One look at a gateway: does its port answer, does it speak the API, and does it name accounts? An open port proves nothing.
import type { Clock } from '../ports/clock.ts'
import type { FleetError } from '../ports/errors.ts'
import type { IbConnection, IbConnector, IbNotice, IbStep } from '../ports/ib.ts'

export interface GatewayAddress {
  readonly host: string
  readonly port: number
}

/** What kept a gateway from being ready, from the network up: only the last has accepted us. */
export type NotReady = 'unresolved' | 'refused' | 'silent' | 'no-accounts'

export type CheckVerdict =
  | {
      readonly ok: true
      readonly accounts: readonly string[]
      /** From the accepted connection to the last answer of the handshake: slow answers show here. */
      readonly roundTripMs: number
    }
  | { readonly ok: false; readonly kind: NotReady; readonly detail: string }

/** One look; rejects with the signal's reason only. */
export type Check = (signal: AbortSignal) => Promise<CheckVerdict>

export interface CheckDeps {
  readonly connector: IbConnector
  readonly clock: Clock
}

/**
 * Resolves when its connection is gone again, so that nothing of it meets the next one. The port has 5 s to accept, the handshake 10 s to end
 * with managed accounts. Client id 0: no trading connection of ours uses it. Rejects with the signal's reason only.
 */
export async function checkGateway(
  _deps: CheckDeps,
  _address: GatewayAddress,
  _signal: AbortSignal,
): Promise<CheckVerdict> {
  throw new Error('not yet')
}
