// The bots that said where they answer for themselves: asked with every sweep of the monitor, remembered for whoever looks.
import type { Clock } from '../ports/clock.ts'
import type { LeaseRecord, LeaseStore } from '../ports/stores.ts'

/** Asks a bot's health URL. True when it says that it is well; false when it says no, or nothing within a few seconds. Never rejects. */
export type AskBot = (healthUrl: string, signal: AbortSignal) => Promise<boolean>

export interface BotReport {
  readonly healthy: boolean
  /** Epoch milliseconds. */
  readonly checkedAt: number
}

export class BotWatch {
  readonly #deps: { readonly leases: LeaseStore; readonly clock: Clock; readonly ask: AskBot }
  #reports = new Map<string, BotReport>()

  constructor(deps: { leases: LeaseStore; clock: Clock; ask: AskBot }) {
    this.#deps = deps
  }

  /** Asks all whose lease holds, at the same time; forgets the others. STORE_UNAVAILABLE. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { leases, clock, ask } = this.#deps
    const now = clock.now()
    const asked = (await leases.list()).filter(
      (lease) => lease.healthUrl !== undefined && lease.expiresAt > now,
    )
    const reports = await Promise.all(
      asked.map(async (lease): Promise<[string, BotReport]> => {
        const healthy = await ask(lease.healthUrl ?? '', signal)
        return [keyOf(lease), { healthy, checkedAt: clock.now() }]
      }),
    )
    this.#reports = new Map(reports)
  }

  /** As of the last sweep; undefined for one that was not asked yet. */
  reportOf(lease: LeaseRecord): BotReport | undefined {
    return this.#reports.get(keyOf(lease))
  }
}

const keyOf = ({ followerId, purpose, healthUrl }: LeaseRecord) =>
  JSON.stringify([followerId, purpose, healthUrl])
