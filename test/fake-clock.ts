// A clock that stands still until a test moves it.
import type { Cancel, Clock } from '../src/ports/clock.ts'

interface Timer {
  readonly dueMs: number
  readonly run: () => void
}

/** Lets everything that is already due (promises, immediates) happen, without moving any clock. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** `Clock.sleep` of a clock that has `schedule`. */
export function sleepOn(
  clock: Pick<Clock, 'schedule'>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.schedule(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

export class FakeClock implements Clock {
  #wallMs: number
  #monotonicMs = 0
  /** In the order in which they were set, which breaks ties between equal due times. */
  readonly #timers = new Set<Timer>()

  constructor(wallMs: number = Date.UTC(2026, 0, 5, 12)) {
    this.#wallMs = wallMs
  }

  now(): number {
    return this.#wallMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  /** Timers and sleeps still outstanding; 0 proves that nothing was left behind. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** When the next timer is due, in milliseconds from now. */
  get nextTimerMs(): number | undefined {
    const next = this.#next()
    return next && next.dueMs - this.#monotonicMs
  }

  schedule(ms: number, run: () => void): Cancel {
    const timer = { dueMs: this.#monotonicMs + Math.max(0, ms), run }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }

  /** Moves time on by `ms`, running each timer at its own moment and letting what it started settle before the next. */
  async advance(ms: number): Promise<void> {
    const targetMs = this.#monotonicMs + ms
    await settle()
    for (let timer = this.#next(); timer && timer.dueMs <= targetMs; timer = this.#next()) {
      this.#timers.delete(timer)
      this.#moveTo(timer.dueMs)
      timer.run()
      await settle()
    }
    this.#moveTo(targetMs)
  }

  /** Lets the wall clock jump, as NTP or a person would; deadlines do not notice. */
  jumpWallClock(ms: number): void {
    this.#wallMs += ms
  }

  #next(): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) if (!next || timer.dueMs < next.dueMs) next = timer
    return next
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs
    this.#monotonicMs = monotonicMs
  }
}
