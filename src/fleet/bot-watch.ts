// The bots that said where they answer for themselves: asked with every sweep of the monitor, remembered for whoever looks.
import type { AskBot, BotAnswer } from '../ports/bot-health.ts'
import type { Clock } from '../ports/clock.ts'
import type { LeaseRecord, LeaseStore } from '../ports/stores.ts'

/** One bot as it was last asked. */
export interface BotReport extends BotAnswer {
  readonly purpose: string
  /** Epoch milliseconds. */
  readonly checkedAt: number
  /** Sweeps in a row in which it was not well although its gateway was RUNNING. */
  readonly missed: number
}

export interface BotWatchDeps {
  readonly leases: LeaseStore
  readonly clock: Clock
  readonly ask: AskBot
  /** Whether the follower's gateway is RUNNING; a bot without one cannot be well. */
  readonly isUp: (followerId: string) => boolean
}

export class BotWatch {
  readonly #deps: BotWatchDeps
  /** By follower, then by lease. */
  #reports: ReadonlyMap<string, ReadonlyMap<string, BotReport>> = new Map()

  constructor(deps: BotWatchDeps) {
    this.#deps = deps
  }

  /** Asks all whose lease holds, at the same time; forgets the others. Returns the followers whose bots are, or were, known. STORE_UNAVAILABLE. */
  async sweep(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { leases, clock } = this.#deps
    const now = clock.now()
    const asked = (await leases.list()).filter(
      (lease) => lease.healthUrl !== undefined && lease.expiresAt > now,
    )
    const answers = await Promise.all(
      asked.map(async (lease) => [lease, await this.#ask(lease, signal)] as const),
    )
    const known = new Set(this.#reports.keys())
    const reports = new Map<string, Map<string, BotReport>>()
    for (const [lease, report] of answers) {
      const ofFollower = reports.get(lease.followerId) ?? new Map<string, BotReport>()
      reports.set(lease.followerId, ofFollower.set(keyOf(lease), report))
      known.add(lease.followerId)
    }
    this.#reports = reports
    return known
  }

  /** As of the last sweep; undefined for one that was not asked yet. */
  reportOf(lease: LeaseRecord): BotReport | undefined {
    return this.#reports.get(lease.followerId)?.get(keyOf(lease))
  }

  /** All of one follower. */
  reportsOf(followerId: string): BotReport[] {
    return [...(this.#reports.get(followerId)?.values() ?? [])]
  }

  async #ask(lease: LeaseRecord, signal: AbortSignal): Promise<BotReport> {
    const { ask, clock, isUp } = this.#deps
    const answer = await ask(lease.healthUrl ?? '', signal)
    const before = this.reportOf(lease)?.missed ?? 0
    const missed = answer.healthy || !isUp(lease.followerId) ? 0 : before + 1
    return { ...answer, purpose: lease.purpose, checkedAt: clock.now(), missed }
  }
}

const keyOf = ({ purpose, healthUrl }: LeaseRecord) => JSON.stringify([purpose, healthUrl])
