// Real time, but faster, from a date of the test's choice: waits of seconds are over in milliseconds, and timers still fire by themselves.
import { systemClock } from '../src/adapters/system-clock.ts'
import type { Cancel, Clock } from '../src/ports/clock.ts'
import type { SimulatorClock } from '../src/simulator/clock.ts'

export class FastClock implements Clock {
  readonly #real = systemClock()
  readonly #speed: number
  readonly #beganMs: number
  #wallMs: number

  constructor(wallMs: number, speed = 20) {
    this.#wallMs = wallMs
    this.#speed = speed
    this.#beganMs = this.#real.monotonicMs()
  }

  now(): number {
    return Math.floor(this.#wallMs + this.monotonicMs())
  }

  monotonicMs(): number {
    return (this.#real.monotonicMs() - this.#beganMs) * this.#speed
  }

  schedule(ms: number, run: () => void): Cancel {
    return this.#real.schedule(ms / this.#speed, run)
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#real.sleep(ms / this.#speed, signal)
  }

  /** As if all had slept for so long; deadlines do not notice. */
  jumpWallClock(ms: number): void {
    this.#wallMs += ms
  }
}

/** The same time for a simulated gateway. */
export function simulatorClock(clock: Clock): SimulatorClock {
  return { now: () => clock.now(), schedule: (task, delayMs) => clock.schedule(delayMs, task) }
}
