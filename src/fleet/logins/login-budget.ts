// Logins that a username may still spend: IBKR locks it after ten rejected ones in a day, so machines stop long before. Kept in the store.
import type { TradingMode } from '../../../schemas/follower.ts'
import type { Clock } from '../../ports/clock.ts'
import { FleetError } from '../../ports/errors.ts'
import type { LoginBudgetRecord, LoginBudgetStore } from '../../ports/stores.ts'
import { Turns } from '../../ports/turns.ts'
import { freeAgainAt, isSpent, type Limit, withinWindow } from '../lifecycle/limits.ts'

export interface BudgetLimits {
  /** Rejected logins [3 per 24 h]. */
  readonly rejected: Limit
  /** Starts of the gateway's JVM, each of which may log in [6 per 15 min]. */
  readonly starts: Limit
}

interface Rejection {
  /** null where it is not known what was rejected. */
  readonly secretHash: string | null
  readonly at: number
}

/** What a login is for: a container, or the record that one will be made from. Paper and live count apart. */
interface Trading {
  readonly tradingMode: TradingMode
}

/** Rejected secrets that are remembered of one username. */
const refusedKept = 10

export class LoginBudget {
  readonly #store: LoginBudgetStore
  readonly #clock: Clock
  readonly #limits: BudgetLimits
  /** Changes of one record follow each other: of two at once, one would be lost. */
  readonly #turns = new Turns()
  /** Rejections that the store has not taken yet, by key: they count all the same. */
  readonly #unstored = new Map<string, readonly Rejection[]>()

  constructor(deps: { store: LoginBudgetStore; clock: Clock; limits: BudgetLimits }) {
    this.#store = deps.store
    this.#clock = deps.clock
    this.#limits = deps.limits
  }

  /**
   * LOGIN_BUDGET when one more login would be one too many, CREDENTIALS_REJECTED when IBKR has rejected this very secret before, be it from another
   * follower with this username, or from a copy that is older. A person who asked for the login is not held up, and answers for the secret as it was
   * known at `askedAt` (ms since the epoch; null: nobody asked).
   */
  async check(of: Trading, usernameHash: string, secretHash: string, askedAt: number | null): Promise<void> {
    await this.#inTurn(keyOf(of, usernameHash), async (record) => {
      const refused = record.refused?.find((other) => other.secretHash === secretHash)
      if (refused && (askedAt === null || refused.at > askedAt))
        throw new FleetError('CREDENTIALS_REJECTED', 'these very credentials were rejected before')
      if (refused)
        await this.#put({ ...record, refused: record.refused?.filter((other) => other !== refused) ?? [] })
      if (askedAt === null) this.#isWithin(record)
    })
  }

  /** Counts a start before it happens, so that no crash can lose it; `giveBack` when no container came of it. */
  async spend(of: Trading, usernameHash: string): Promise<{ giveBack(): Promise<void> }> {
    const at = this.#clock.now()
    await this.noteStart(of, usernameHash, at)
    return {
      giveBack: () =>
        this.#inTurn(keyOf(of, usernameHash), async (record) => {
          const last = record.starts.lastIndexOf(at)
          await this.#put({ ...record, starts: record.starts.filter((_, index) => index !== last) })
        }),
    }
  }

  /** A JVM start at `at` (ms since the epoch); the same stamp counts once, so that a log read twice does no harm. True when the budget is spent by it. */
  noteStart(of: Trading, usernameHash: string, at: number): Promise<boolean> {
    return this.#inTurn(keyOf(of, usernameHash), async (record) => {
      const now = this.#clock.now()
      if (record.starts.includes(at)) return false
      const starts = [...withinWindow(record.starts, this.#limits.starts, now), at].sort((a, b) => a - b)
      await this.#put({ ...record, starts })
      const { limit } = this.#limits.starts
      return limit > 0 && withinWindow(starts, this.#limits.starts, now).length > limit
    })
  }

  /** IBKR has rejected a secret at `at` (ms since the epoch; the same stamp counts once). Whoever checks from now on knows it; `store` writes it down. */
  reject(of: Trading, usernameHash: string, secretHash: string | null, at: number): void {
    const key = keyOf(of, usernameHash)
    const unstored = this.#unstored.get(key) ?? []
    if (!unstored.some((other) => other.at === at)) this.#unstored.set(key, [...unstored, { secretHash, at }])
  }

  /** Writes down what the store has not taken yet. */
  async store(): Promise<void> {
    for (const key of this.#unstored.keys()) await this.#inTurn(key, (record) => this.#put(record))
  }

  #isWithin(record: LoginBudgetRecord): void {
    const now = this.#clock.now()
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

  #inTurn<T>(key: string, task: (record: LoginBudgetRecord) => Promise<T>): Promise<T> {
    return this.#turns.take(key, async () => {
      const stored = (await this.#store.get(key)) ?? { key, rejected: [], starts: [] }
      const unstored = this.#unstored.get(key) ?? []
      return task(unstored.reduce((record, rejection) => this.#withRejection(record, rejection), stored))
    })
  }

  async #put(record: LoginBudgetRecord): Promise<void> {
    await this.#store.put(record)
    const left = this.#unstored.get(record.key)?.filter(({ at }) => !record.rejected.includes(at)) ?? []
    if (left.length > 0) this.#unstored.set(record.key, left)
    else this.#unstored.delete(record.key)
  }

  #withRejection(record: LoginBudgetRecord, { secretHash, at }: Rejection): LoginBudgetRecord {
    if (record.rejected.includes(at)) return record
    const rejected = [...withinWindow(record.rejected, this.#limits.rejected, this.#clock.now()), at]
    if (secretHash === null) return { ...record, rejected }
    const others = (record.refused ?? []).filter((other) => other.secretHash !== secretHash)
    return { ...record, rejected, refused: [...others, { secretHash, at }].slice(-refusedKept) }
  }
}

const keyOf = ({ tradingMode }: Trading, usernameHash: string) => `${usernameHash}:${tradingMode}`
