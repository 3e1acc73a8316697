// How one process talks to a service beside it: calls that take time, fail while the service is away, and whose answers may be lost.
import type { FleetError } from '../../src/ports/errors.ts'
import type { Chance } from '../drill/random.ts'
import type { ProcessClock, VirtualTime } from './virtual-time.ts'

/** How a service is doing; faults change it. */
export interface Condition {
  up: boolean
  /** Longest time that a call takes. */
  slowMs: number
  /** Share of the calls that fail, most of them carried out all the same. */
  lostAnswers: number
}

export class Line {
  readonly #time: VirtualTime
  readonly #chance: Chance
  readonly #process: ProcessClock
  readonly #condition: Condition
  readonly #away: () => FleetError

  constructor(deps: {
    time: VirtualTime
    chance: Chance
    process: ProcessClock
    condition: Condition
    /** What a call fails with while the service is away. */
    away: () => FleetError
  }) {
    this.#time = deps.time
    this.#chance = deps.chance
    this.#process = deps.process
    this.#condition = deps.condition
    this.#away = deps.away
  }

  /**
   * `work` happens at once or later, whole or not at all, and even if the process dies meanwhile, or gives up; only then its answer is never
   * heard.
   */
  call<T>(work: () => T, signal?: AbortSignal): Promise<T> {
    if (!this.#process.alive) return new Promise(() => {})
    const { slowMs } = this.#condition
    if (slowMs === 0 && !signal?.aborted) return this.#atOnce(work)
    return new Promise<T>((resolve, reject) => {
      let over = false
      const finish = (settle: () => void) => {
        if (over || !this.#process.alive) return
        over = true
        signal?.removeEventListener('abort', onAbort)
        settle()
      }
      const onAbort = () => finish(() => reject(signal?.reason))
      if (signal?.aborted) return onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#time.schedule(1 + this.#chance.below(slowMs), () => {
        // Whoever left before may have been quicker than the request.
        const left = over || !this.#process.alive
        if (left && this.#chance.next() < 0.5) return
        this.#atOnce(work).then(
          (value) => finish(() => resolve(value)),
          (error) => finish(() => reject(error)),
        )
      })
    })
  }

  async #atOnce<T>(work: () => T): Promise<T> {
    const { up, lostAnswers } = this.#condition
    if (!up) throw this.#away()
    const isLost = lostAnswers > 0 && this.#chance.next() < lostAnswers
    // Now and then it was the request.
    if (isLost && this.#chance.next() < 0.3) throw this.#away()
    const value = work()
    if (isLost) throw this.#away()
    return value
  }
}

/** Values handed from one side to the other as they come, in order, until one of them ends it. */
export class Channel<T> {
  readonly #waiting: T[] = []
  #ended = false
  #wake: (() => void) | undefined

  push(value: T): void {
    if (this.#ended) return
    this.#waiting.push(value)
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  async *values(): AsyncGenerator<T> {
    for (;;) {
      for (let value = this.#waiting.shift(); value !== undefined; value = this.#waiting.shift()) yield value
      if (this.#ended) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
