// From each fault to the moment at which what it hit was well again, told from looks at the world. Pure bookkeeping.
import type { Gateway } from '../../schemas/gateway.ts'

/** What is well all this time after a fault did not feel it: later troubles have other causes. */
const unfeltAfterMs = 6_000

export type Told = Pick<Gateway, 'followerId' | 'status' | 'containerId'>

/** What one look saw. */
export interface Look {
  /** Milliseconds since the epoch. */
  readonly atMs: number
  /** By follower; undefined while the manager does not answer. */
  readonly gateways: ReadonlyMap<string, Told> | undefined
  readonly readiness: boolean
  readonly secrets: boolean
}

interface Wound {
  readonly fault: string
  readonly of: Told | 'readiness' | 'secrets'
  readonly atMs: number
  felt: boolean
}

export interface Recovery {
  readonly fault: string
  readonly tookMs: number
  /** In another container than before: it cost a login. */
  readonly anew: boolean
}

export class Recoveries {
  readonly done: Recovery[] = []
  /** Faults by name, and how many gateways did not feel them. */
  readonly unfelt = new Map<string, number>()
  readonly times = new Map<string, number>()
  #open: Wound[] = []

  /** `of`: what has to be well again, a gateway as it was told of before the fault. */
  struck(fault: string, of: Wound['of'], atMs: number): void {
    this.#open.push({ fault, of, atMs, felt: false })
  }

  count(fault: string): void {
    this.#count(this.times, fault)
  }

  look(seen: Look): void {
    this.#open = this.#open.filter((wound) => !this.#isOver(wound, seen))
  }

  /** Whatever was not felt until now is not felt any more. */
  close(): void {
    for (const { fault, felt } of this.#open) if (!felt) this.#count(this.unfelt, fault)
    this.#open = []
  }

  #isOver(wound: Wound, seen: Look): boolean {
    const { fault, of, atMs } = wound
    const now = typeof of === 'string' ? undefined : seen.gateways?.get(of.followerId)
    const isWell = typeof of === 'string' ? seen[of] : now?.status === 'RUNNING'
    if (!isWell) {
      wound.felt = true
      return false
    }
    const anew = typeof of !== 'string' && now?.containerId !== of.containerId
    if (wound.felt || anew) this.done.push({ fault, tookMs: seen.atMs - atMs, anew })
    else if (seen.atMs - atMs > unfeltAfterMs) this.#count(this.unfelt, fault)
    else return false
    return true
  }

  #count(counts: Map<string, number>, fault: string): void {
    counts.set(fault, (counts.get(fault) ?? 0) + 1)
  }
}
