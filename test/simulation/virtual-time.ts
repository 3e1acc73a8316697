// Time that stands still until the simulation moves it: timers run in order, one at a time, and what each started settles before the next.
import type { Cancel, Clock } from '../../src/ports/clock.ts'
import { settle, sleepOn } from '../fake-clock.ts'

interface Timer {
  readonly dueMs: number
  readonly order: number
  run: (() => void) | null
}

export class VirtualTime {
  /** A binary heap, the earliest first; equal times in the order in which they were set. */
  readonly #timers: Timer[] = []
  #order = 0
  #monotonicMs = 0
  #epochMs: number

  constructor(epochMs: number) {
    this.#epochMs = epochMs
  }

  get monotonicMs(): number {
    return this.#monotonicMs
  }

  /** What the host's wall clock shows. */
  get now(): number {
    return this.#epochMs + Math.floor(this.#monotonicMs)
  }

  /** The wall clock jumps, as NTP or a person would have it; no timer notices. */
  jump(ms: number): void {
    this.#epochMs += ms
  }

  schedule(ms: number, run: () => void): Cancel {
    const timer: Timer = { dueMs: this.#monotonicMs + Math.max(0, ms), order: this.#order++, run }
    this.#push(timer)
    return () => {
      timer.run = null
    }
  }

  /** Runs all that is due until then; `afterEach` after each timer, when all that it started has settled. */
  async runUntil(monotonicMs: number, afterEach: () => void): Promise<void> {
    await settle()
    for (let next = this.#timers[0]; next && next.dueMs <= monotonicMs; next = this.#timers[0]) {
      this.#pop()
      const { run } = next
      if (!run) continue
      this.#monotonicMs = next.dueMs
      run()
      await settle()
      afterEach()
    }
    this.#monotonicMs = Math.max(this.#monotonicMs, monotonicMs)
  }

  #push(timer: Timer): void {
    const heap = this.#timers
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as Timer
      if (isBefore(above, timer)) break
      heap[at] = above
      at = parent
    }
    heap[at] = timer
  }

  #pop(): void {
    const heap = this.#timers
    const last = heap.pop() as Timer
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child++
      if (isBefore(last, heap[child] as Timer)) break
      heap[at] = heap[child] as Timer
      at = child
    }
    heap[at] = last
  }
}

const isBefore = (a: Timer, b: Timer) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order)

/** The clock of one process: when the process dies, nothing that it waits for ever comes. */
export class ProcessClock implements Clock {
  readonly #time: VirtualTime
  #alive = true

  constructor(time: VirtualTime) {
    this.#time = time
  }

  get alive(): boolean {
    return this.#alive
  }

  kill(): void {
    this.#alive = false
  }

  now(): number {
    return this.#time.now
  }

  monotonicMs(): number {
    return this.#time.monotonicMs
  }

  schedule(ms: number, run: () => void): Cancel {
    return this.#time.schedule(ms, () => {
      if (this.#alive) run()
    })
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }
}
