// Credentials that a wanted gateway waits for: read again every minute, at a launch and after a PUT. Once they can be read, and are not the ones that
// IBKR rejected, the gateway logs in by itself.
import pLimit from 'p-limit'
import type { ReasonCode } from '../../../schemas/reason.ts'
import type { Clock } from '../../ports/clock.ts'
import { isFleetError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { GatewayHold, Stores } from '../../ports/stores.ts'
import type { Audit } from '../history/audit.ts'
import { Monitor } from '../monitor.ts'
import { isWanted, type Keeper } from '../reconcile/keeper.ts'
import { remember } from '../records/gateway-record.ts'
import type { CredentialSources, Provenance, SourcedLogin } from './credential-sources.ts'
import type { Digests } from './digests.ts'

export interface SecretWatchDeps {
  readonly keepers: ReadonlyMap<string, Keeper>
  readonly credentials: Pick<CredentialSources, 'read' | 'readPrimary' | 'noticeReturn'>
  readonly digests: Digests
  readonly stores: Stores
  readonly audit: Pick<Audit, 'note'>
  readonly clock: Clock
  readonly log: Log
  readonly intervalMs: number
  /** The gateway may try at once. */
  readonly release: (keeper: Keeper) => void
}

/** Reads at once, so that a big fleet that waits does not storm a Vault that has just come back. */
const readsAtOnce = 4

export class SecretWatch {
  readonly #deps: SecretWatchDeps
  readonly #monitor: Monitor
  readonly #limit = pLimit(readsAtOnce)
  /** Reads under way, by follower: a slow one is not begun twice. */
  readonly #reading = new Map<string, Promise<void>>()

  constructor(deps: SecretWatchDeps) {
    this.#deps = deps
    const { clock, log, intervalMs } = deps
    this.#monitor = new Monitor({ clock, log, intervalMs, sweep: async (signal) => this.#sweep(signal) })
  }

  start(): void {
    this.#monitor.start()
  }

  /** Ends at once, reads under way included. */
  async stop(): Promise<void> {
    await this.#monitor.stop()
    await Promise.all(this.#reading.values())
  }

  /**
   * New credentials were put: a wanted gateway that waits for anything tries at once, and a hold for rejected ones ends if a login would now use
   * others. Where that cannot be read now, the next look will tell.
   */
  async renewed(followerId: string, signal: AbortSignal): Promise<void> {
    const keeper = this.#deps.keepers.get(followerId)
    if (!keeper) return
    if (rejectedBy(keeper) === null) {
      if (isWanted(keeper) && keeper.state.phase === 'backing-off') {
        keeper.askedByPersonAt = this.#deps.clock.now()
        this.#deps.release(keeper)
      }
      return
    }
    try {
      const released = await this.#lookAgain(keeper, () =>
        this.#deps.credentials.read(keeper.follower, signal),
      )
      // Who put them answers for them.
      if (released) keeper.askedByPersonAt = this.#deps.clock.now()
    } catch (err) {
      if (!isFleetError(err)) throw err
      this.#deps.log.warn({ followerId, err }, 'credentials were put but cannot be read')
    }
  }

  /** Whether a login would use others than those that were rejected. Fails as reading them does. */
  async differs(keeper: Keeper, signal: AbortSignal): Promise<boolean> {
    const { credentials } = await this.#deps.credentials.read(keeper.follower, signal)
    const rejected = rejectedBy(keeper)?.secretHash
    return rejected !== undefined && this.#deps.digests.secret(credentials) !== rejected
  }

  #sweep(signal: AbortSignal): void {
    const { keepers, credentials, log } = this.#deps
    const read = (key: string, work: () => Promise<void>) => {
      if (this.#reading.has(key)) return
      const reading = this.#limit(work)
        .catch((err) => {
          if (!signal.aborted) log.debug({ followerId: key, err }, 'credentials still cannot be used')
        })
        .finally(() => this.#reading.delete(key))
      this.#reading.set(key, reading)
    }
    // No follower's id is empty.
    read('', () => credentials.noticeReturn(signal))
    for (const keeper of keepers.values()) {
      if (!isWatched(keeper)) continue
      // Never the copy: it may be older than what was rejected.
      const primary = () => credentials.readPrimary(keeper.follower, signal)
      read(keeper.follower.id, async () => {
        if (!signal.aborted) await this.#lookAgain(keeper, primary)
      })
    }
  }

  /** Reads, and lets the gateway go if what kept it is over: then true. Written down once, when it is. */
  async #lookAgain(keeper: Keeper, read: () => Promise<SourcedLogin>): Promise<boolean> {
    const hold = rejectedBy(keeper)
    const { credentials, from } = await read()
    // A person may have been quicker.
    if (rejectedBy(keeper) !== hold || (hold === null && !isWatched(keeper))) return false
    if (hold !== null && !(await this.#endHold(keeper, hold, this.#deps.digests.secret(credentials))))
      return false
    this.#note(keeper, hold, from)
    if (!isWanted(keeper)) return false
    this.#deps.release(keeper)
    return true
  }

  /** True when the secret is another. Where it is not known what was rejected, what is there now counts as that. */
  async #endHold(keeper: Keeper, hold: GatewayHold, secretHash: string): Promise<boolean> {
    if (hold.secretHash === secretHash) return false
    const known = hold.secretHash !== undefined
    await remember(keeper, this.#deps, { hold: known ? null : { ...hold, secretHash } })
    return known
  }

  #note(keeper: Keeper, hold: GatewayHold | null, from: Provenance): void {
    this.#deps.audit.note({
      type: 'gateway.released',
      followerId: keeper.follower.id,
      message: hold
        ? 'Credentials changed: the gateway may log in again'
        : 'Credentials can be read: the gateway may log in',
      data: { ...from },
    })
  }
}

const waitsFor: ReadonlySet<ReasonCode> = new Set([
  'CREDENTIALS_MISSING',
  'CREDENTIALS_INCOMPLETE',
  'VAULT_UNREACHABLE',
  'VAULT_TIMEOUT',
  'VAULT_SEALED',
  'VAULT_FORBIDDEN',
])

/** The hold that other credentials end: IBKR rejected those that it names, or locked the user out for them. */
function rejectedBy({ record: { hold } }: Keeper): GatewayHold | null {
  return hold?.code === 'CREDENTIALS_REJECTED' || hold?.code === 'LOCKED_OUT' ? hold : null
}

/** Wanted, and kept down by its credentials. */
function isWatched(keeper: Keeper): boolean {
  const { phase, cause } = keeper.state
  const lacks = phase === 'backing-off' && cause !== null && waitsFor.has(cause.code)
  return isWanted(keeper) && (lacks || rejectedBy(keeper) !== null)
}
