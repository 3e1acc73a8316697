// Logins that a username may still spend: IBKR locks it after ten rejected ones in a day, so machines stop long before. Kept in the store.
import type { Follower } from '../../schemas/follower.ts'
import type { Clock } from '../ports/clock.ts'
import { FleetError } from '../ports/errors.ts'
import type { LoginBudgetRecord, LoginBudgetStore } from '../ports/stores.ts'
import { freeAgainAt, isSpent, type Limit, withinWindow } from './limits.ts'

export interface BudgetLimits {
  /** Rejected logins [3 per 24 h]. */
  readonly rejected: Limit
  /** Starts of the gateway's JVM, each of which may log in [6 per 15 min]. */
  readonly starts: Limit
}

/** Rejected secrets that are remembered of one username. */
const refusedKept = 10

export class LoginBudget {
  readonly #store: LoginBudgetStore
  readonly #clock: Clock
  readonly #limits: BudgetLimits

  constructor(deps: { store: LoginBudgetStore; clock: Clock; limits: BudgetLimits }) {
    this.#store = deps.store
    this.#clock = deps.clock
    this.#limits = deps.limits
  }

  /**
   * LOGIN_BUDGET when one more login would be one too many, CREDENTIALS_REJECTED when IBKR has rejected this very secret before, be it from another
   * follower with this username, or from a copy that is older. A person who asked for the login is not held up, and answers for the secret as it was
   * known at `askedAt` (ms since the epoch; null: nobody asked). Paper and live count apart.
   */
  async check(
    follower: Follower,
    usernameHash: string,
    secretHash: string,
    askedAt: number | null,
  ): Promise<void> {
    const now = this.#clock.now()
    const record = await this.#read(follower, usernameHash)
    const refused = record.refused?.find((other) => other.secretHash === secretHash)
    if (refused && (askedAt === null || refused.at > askedAt))
      throw new FleetError('CREDENTIALS_REJECTED', 'these very credentials were rejected before')
    if (refused)
      await this.#store.put({
        ...record,
        refused: record.refused?.filter((other) => other !== refused) ?? [],
      })
    if (askedAt !== null) return
    for (const [kind, limit] of Object.entries(this.#limits)) {
      const stamps = kind === 'rejected' ? record.rejected : record.starts
      if (!isSpent(stamps, limit, now)) continue
      const what = kind === 'rejected' ? 'rejected logins' : 'gateway starts'
      const free = new Date(freeAgainAt(stamps, limit, now)).toISOString()
      throw new FleetError(
        'LOGIN_BUDGET',
        `${withinWindow(stamps, limit, now).length} ${what} within ${Math.round(limit.windowMs / 60_000)} min; by itself it would fit again at ${free}`,
      )
    }
  }

  /** Counts a start before it happens, so that no crash can lose it; `giveBack` when no container came of it. */
  async spend(follower: Follower, usernameHash: string): Promise<{ giveBack(): Promise<void> }> {
    const at = this.#clock.now()
    await this.noteStart(follower, usernameHash, at)
    return {
      giveBack: async () => {
        const record = await this.#read(follower, usernameHash)
        const last = record.starts.lastIndexOf(at)
        await this.#store.put({ ...record, starts: record.starts.filter((_, index) => index !== last) })
      },
    }
  }

  /** A JVM start at `at` (ms since the epoch); the same stamp counts once, so that a log read twice does no harm. True when the budget is spent by it. */
  async noteStart(follower: Follower, usernameHash: string, at: number): Promise<boolean> {
    const now = this.#clock.now()
    const record = await this.#read(follower, usernameHash)
    if (record.starts.includes(at)) return false
    const starts = [...withinWindow(record.starts, this.#limits.starts, now), at].sort((a, b) => a - b)
    await this.#store.put({ ...record, starts })
    const { limit } = this.#limits.starts
    return limit > 0 && withinWindow(starts, this.#limits.starts, now).length > limit
  }

  /** `secretHash` is null where it is not known what was rejected. */
  async noteRejected(follower: Follower, usernameHash: string, secretHash: string | null): Promise<void> {
    const now = this.#clock.now()
    const record = await this.#read(follower, usernameHash)
    const others = (record.refused ?? []).filter((other) => other.secretHash !== secretHash)
    await this.#store.put({
      ...record,
      rejected: [...withinWindow(record.rejected, this.#limits.rejected, now), now],
      ...(secretHash !== null && { refused: [...others, { secretHash, at: now }].slice(-refusedKept) }),
    })
  }

  async #read(follower: Follower, usernameHash: string): Promise<LoginBudgetRecord> {
    const key = `${usernameHash}:${follower.tradingMode}`
    return (await this.#store.get(key)) ?? { key, rejected: [], starts: [] }
  }
}
