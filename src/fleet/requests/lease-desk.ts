// Client leases: a client id per bot and purpose that nobody else on the gateway has, so that no bot ever meets error 326.
import type { Lease, LeaseBody } from '../../../schemas/lease.ts'
import type { Clock } from '../../ports/clock.ts'
import { FleetError } from '../../ports/errors.ts'
import type { Caller } from '../../ports/fleet.ts'
import type { LeaseRecord, LeaseStore } from '../../ports/stores.ts'
import { Turns } from '../../ports/turns.ts'
import type { Audit } from '../history/audit.ts'
import type { Keeper } from '../reconcile/keeper.ts'
import { chooseClientId, type PortRange } from '../reconcile/pools.ts'
import { toldStatus } from '../views/view.ts'

const defaultTtlSeconds = 300

/**
 * Leases of one manager's gateways, kept in the store. A purpose keeps its client id when its lease has ended, until no other id is left. Whatever
 * the store does not take fails with STORE_UNAVAILABLE.
 */
export class LeaseDesk {
  readonly #store: LeaseStore
  readonly #clock: Clock
  readonly #audit: Audit
  readonly #range: PortRange
  readonly #random: () => number
  /** One at a time per follower, or two bots could be given one id. */
  readonly #turns = new Turns()

  constructor(deps: {
    store: LeaseStore
    clock: Clock
    audit: Audit
    range: PortRange
    random: () => number
  }) {
    this.#store = deps.store
    this.#clock = deps.clock
    this.#audit = deps.audit
    this.#range = deps.range
    this.#random = deps.random
  }

  /** The same purpose gets the same id, and a new end. GATEWAY_NOT_RUNNING unless RUNNING; CLIENT_ID_EXHAUSTED when every id is leased. */
  lease(keeper: Keeper, body: LeaseBody, caller: Caller): Promise<Lease> {
    return this.#inTurn(keeper, async () => {
      mustRun(keeper)
      const followerId = keeper.follower.id
      const leases = await this.#store.list(followerId)
      const clientId =
        leases.find((lease) => lease.purpose === body.purpose)?.clientId ??
        (await this.#newClientId(keeper, leases))
      const { readOnly = false, healthUrl, ttlSeconds = defaultTtlSeconds, purpose } = body
      const record = {
        followerId,
        purpose,
        clientId,
        readOnly,
        ...(healthUrl !== undefined && { healthUrl }),
        expiresAt: this.#clock.now() + ttlSeconds * 1000,
      }
      await this.#store.put(record)
      this.#audit.note({
        type: 'lease.granted',
        followerId,
        actor: caller.actor,
        message: `Client id leased for ${purpose}`,
        data: { clientId, ttlSeconds },
      })
      return leaseView(keeper, record)
    })
  }

  /** From now for `ttlSeconds` (300 when undefined). LEASE_NOT_FOUND, also when it has ended; GATEWAY_NOT_RUNNING. */
  renew(keeper: Keeper, clientId: number, ttlSeconds: number | undefined): Promise<Lease> {
    return this.#inTurn(keeper, async () => {
      const lease = await this.#find(keeper, clientId)
      mustRun(keeper)
      const record = { ...lease, expiresAt: this.#clock.now() + (ttlSeconds ?? defaultTtlSeconds) * 1000 }
      await this.#store.put(record)
      return leaseView(keeper, record)
    })
  }

  /** Ends it now, whatever the gateway does. LEASE_NOT_FOUND, also when it has ended already. */
  release(keeper: Keeper, clientId: number, caller: Caller): Promise<void> {
    return this.#inTurn(keeper, async () => {
      const lease = await this.#find(keeper, clientId)
      // The id stays with its purpose: orders can only be changed by the client id that placed them.
      await this.#store.put({ ...lease, expiresAt: this.#clock.now() })
      this.#audit.note({
        type: 'lease.released',
        followerId: keeper.follower.id,
        actor: caller.actor,
        message: `Client id of ${lease.purpose} released`,
        data: { clientId },
      })
    })
  }

  async #find(keeper: Keeper, clientId: number): Promise<LeaseRecord> {
    const leases = await this.#store.list(keeper.follower.id)
    const lease = leases.find(
      (candidate) => candidate.clientId === clientId && candidate.expiresAt > this.#clock.now(),
    )
    if (lease) return lease
    throw new FleetError(
      'LEASE_NOT_FOUND',
      `Client id ${clientId} is not leased on the gateway of ${keeper.follower.id}, or its lease has ended. POST /gateways/${keeper.follower.id}/clients with the same purpose gives the same id.`,
    )
  }

  async #newClientId(keeper: Keeper, leases: readonly LeaseRecord[]): Promise<number> {
    const own = keeper.container?.clientId ?? keeper.record.clientId
    const taken = new Set([
      ...leases.map((lease) => lease.clientId),
      ...(own === null || own === undefined ? [] : [own]),
    ])
    const id = chooseClientId(this.#range, taken, this.#random)
    if (id !== undefined) return id
    const ended = leases
      .filter((lease) => lease.expiresAt <= this.#clock.now())
      .sort((a, b) => a.expiresAt - b.expiresAt)[0]
    if (!ended) {
      throw new FleetError(
        'CLIENT_ID_EXHAUSTED',
        `Every client id from ${this.#range.from} to ${this.#range.to} is in use on the gateway of ${keeper.follower.id}. Release leases, or widen CLIENT_ID_RANGE_START and CLIENT_ID_RANGE_END.`,
        { retryAfterMs: 30_000 },
      )
    }
    await this.#store.delete(ended.followerId, ended.purpose)
    return ended.clientId
  }

  #inTurn<T>(keeper: Keeper, task: () => Promise<T>): Promise<T> {
    return this.#turns.take(keeper.follower.id, task)
  }
}

function mustRun(keeper: Keeper): void {
  if (toldStatus(keeper) === 'RUNNING') return
  throw new FleetError(
    'GATEWAY_NOT_RUNNING',
    `The gateway of ${keeper.follower.id} is ${toldStatus(keeper)} (${keeper.state.phase}), so no client may connect. GET /gateways/${keeper.follower.id}/status says why.`,
    { retryAfterMs: 5_000 },
  )
}

function leaseView(keeper: Keeper, lease: LeaseRecord): Lease {
  return {
    clientId: lease.clientId,
    host: '127.0.0.1',
    port: keeper.container?.hostPort ?? 0,
    accounts: [...(keeper.session?.snapshot().accounts ?? [])],
    readOnly: lease.readOnly,
    expiresAt: new Date(lease.expiresAt).toISOString(),
  }
}
