// Follower records: create, read, patch, delete, and their credentials. Each change is reviewed for what it wishes of the gateway.
import {
  type Follower,
  type FollowerCreate,
  type FollowerPatch,
  mostLabels,
} from '../../../schemas/follower.ts'
import type { Clock } from '../../ports/clock.ts'
import { FleetError, isFleetError } from '../../ports/errors.ts'
import type { Caller } from '../../ports/fleet.ts'
import type { GatewayCredentials } from '../../ports/runtime.ts'
import type { Stores } from '../../ports/stores.ts'
import { Turns } from '../../ports/turns.ts'
import type { Audit } from '../history/audit.ts'
import { isTimeZone } from '../lifecycle/planned-restart.ts'
import type { CredentialSources } from '../logins/credential-sources.ts'
import { mergePatch } from './merge-patch.ts'

export interface FollowerDeskDeps {
  readonly stores: Stores
  readonly credentials: CredentialSources
  readonly clock: Clock
  readonly audit: Audit
  /** Runs what changes the record of a follower, so that a reading of all records does not undo it. */
  readonly changing: <T>(followerId: string, change: () => Promise<T>) => Promise<T>
  /** The record is new or has changed: keep it, and move the wish. */
  readonly review: (follower: Follower) => Promise<void>
  /** Ends the gateway and everything it left; the record goes last. */
  readonly retire: (follower: Follower, signal: AbortSignal) => Promise<void>
  /** New credentials are stored. */
  readonly renewed: (followerId: string) => Promise<void>
}

/** Longest wait for a gateway to end before its record is deleted. */
const retireMs = 90_000
/** A record that others change at the same time is read again so often before they are told that they were in the way. */
const patchTries = 5

export class FollowerDesk {
  readonly #deps: FollowerDeskDeps
  /** Changes of one follower follow each other: none undoes another, and nothing is written for one that is being deleted. */
  readonly #turns = new Turns()

  constructor(deps: FollowerDeskDeps) {
    this.#deps = deps
  }

  async list({
    limit,
    cursor,
  }: {
    limit: number
    cursor?: string
  }): Promise<{ items: Follower[]; nextCursor?: string }> {
    const { followers } = await this.#deps.stores.followers.list()
    return page(followers, (follower) => follower.id, limit, cursor)
  }

  async get(id: string): Promise<Follower> {
    const follower = await this.#deps.stores.followers.get(id)
    if (!follower) throw followerNotFound(id)
    return follower
  }

  async create(body: FollowerCreate, caller: Caller): Promise<Follower> {
    const at = new Date(this.#deps.clock.now()).toISOString()
    const follower: Follower = {
      enabled: true,
      state: 'ACTIVE',
      tradingMode: 'paper',
      ...body,
      createdAt: at,
      updatedAt: at,
      revision: 1,
    }
    checkSettings(follower)
    const { stores, changing, review } = this.#deps
    await this.#turns.take(follower.id, () =>
      changing(follower.id, async () => {
        await stores.followers.insert(follower)
        // What was wished of an earlier one of this name means nothing for this one.
        await stores.gateways.delete(follower.id)
        this.#note('follower.created', follower.id, 'Follower created', caller)
        await review(follower)
      }),
    )
    return follower
  }

  patch(id: string, patch: FollowerPatch, caller: Caller & { ifMatch?: number }): Promise<Follower> {
    return this.#turns.take(id, () => this.#patchInTurn(id, patch, caller))
  }

  /** Without `ifMatch` it is nobody's fault that another manager or a person at the database was quicker: then the change is made again. */
  async #patchInTurn(
    id: string,
    patch: FollowerPatch,
    caller: Caller & { ifMatch?: number },
  ): Promise<Follower> {
    for (let left = patchTries - 1; ; left--) {
      try {
        return await this.#patchOnce(id, patch, caller)
      } catch (error) {
        if (left === 0 || caller.ifMatch !== undefined || !isFleetError(error, 'REVISION_MISMATCH'))
          throw error
      }
    }
  }

  async #patchOnce(
    id: string,
    patch: FollowerPatch,
    { ifMatch, ...caller }: Caller & { ifMatch?: number },
  ): Promise<Follower> {
    const before = await this.get(id)
    if (ifMatch !== undefined && ifMatch !== before.revision) throw revisionMismatch(id, before.revision)
    const merged = mergePatch(before, patch) as Follower
    const at = new Date(this.#deps.clock.now()).toISOString()
    const follower = {
      ...merged,
      id: before.id,
      createdAt: before.createdAt,
      updatedAt: at,
      revision: before.revision + 1,
    }
    checkSettings(follower)
    const { stores, changing, review } = this.#deps
    await changing(id, async () => {
      await stores.followers.replace(follower, before.revision)
      const fields = Object.keys(patch).join(', ') || 'nothing'
      this.#note('follower.changed', id, `Follower changed: ${fields}`, caller)
      await review(follower)
    })
    return follower
  }

  delete(id: string, { ifMatch, ...caller }: Caller & { ifMatch?: number }): Promise<void> {
    return this.#turns.take(id, async () => {
      const follower = await this.get(id)
      if (ifMatch !== undefined && ifMatch !== follower.revision)
        throw revisionMismatch(id, follower.revision)
      const { changing, retire } = this.#deps
      await changing(id, () => retire(follower, AbortSignal.timeout(retireMs)))
      this.#note('follower.deleted', id, 'Follower deleted', caller)
    })
  }

  async putCredentials(
    id: string,
    login: GatewayCredentials,
    { store, ...caller }: Caller & { store?: 'embedded' },
  ): Promise<void> {
    const { credentials, renewed } = this.#deps
    await this.#turns.take(id, async () => {
      const follower = await this.get(id)
      const to = await credentials.write(follower, login, store, AbortSignal.timeout(retireMs))
      this.#note('credentials.written', id, 'Credentials stored', caller, { ...to })
      if (to.ref !== undefined && (await this.get(id)).vaultSecretRef === undefined)
        await this.#patchInTurn(id, { vaultSecretRef: to.ref }, caller)
    })
    await renewed(id)
  }

  #note(
    type: string,
    followerId: string,
    message: string,
    caller: Caller,
    data?: Record<string, unknown>,
  ): void {
    this.#deps.audit.note({ type, followerId, message, actor: caller.actor, ...(data && { data }) })
  }
}

export const followerNotFound = (id: string) =>
  new FleetError(
    'FOLLOWER_NOT_FOUND',
    `There is no follower ${id}. GET /api/v1/followers lists them; POST /api/v1/followers makes one.`,
  )

const revisionMismatch = (id: string, stored: number) =>
  new FleetError(
    'REVISION_MISMATCH',
    `Follower ${id} is at revision ${stored} now, not at the one that If-Match names. Read it again and repeat the change.`,
  )

/** What a schema cannot tell: a zone that no system knows would leave the gateway on the wrong clock; labels add up over patches. */
function checkSettings({ gateway, labels = {} }: Follower): void {
  const zone = gateway?.timeZone
  if (zone !== undefined && !isTimeZone(zone))
    throw invalid('/gateway/timeZone', 'takes an IANA time zone such as America/New_York')
  const count = Object.keys(labels).length
  if (count > mostLabels)
    throw invalid('/labels', `takes at most ${mostLabels} labels, and these would be ${count}`)
}

function invalid(path: string, message: string): FleetError {
  const field = path.slice(1).replaceAll('/', '.')
  return new FleetError('INVALID_REQUEST', `${field} ${message}.`, { faults: [{ path, message }] })
}

/** One page of `all`, sorted by key, after `cursor` (the key of the last item of the page before). */
export function page<T>(
  all: readonly T[],
  key: (item: T) => string,
  limit: number,
  cursor: string | undefined,
): { items: T[]; nextCursor?: string } {
  const sorted = [...all].sort((a, b) => (key(a) < key(b) ? -1 : 1))
  const from = cursor === undefined ? 0 : sorted.findIndex((item) => key(item) > cursor)
  const items = from < 0 ? [] : sorted.slice(from, from + limit)
  const last = items.at(-1)
  const more = last !== undefined && from + limit < sorted.length
  return { items, ...(more && { nextCursor: key(last) }) }
}
