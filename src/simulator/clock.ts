// Time as the simulator sees it: injectable, so that tests move it by hand.

/** Milliseconds since the epoch, and one-shot timers that never keep the process alive. */
export interface SimulatorClock {
  now(): number
  /** Runs `task` once after `delayMs`; the returned function cancels it. */
  schedule(task: () => void, delayMs: number): () => void
}

export const systemClock: SimulatorClock = {
  now: () => Date.now(),
  schedule(task, delayMs) {
    const timer = setTimeout(task, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A line of events that can be abandoned: after `cancel`, nothing that still waits on it ever continues. */
export class Timeline {
  readonly #clock: SimulatorClock
  readonly #pending = new Set<() => void>()

  constructor(clock: SimulatorClock) {
    this.#clock = clock
  }

  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(() => {
        this.#pending.delete(cancel)
        resolve()
      }, delayMs)
      this.#pending.add(cancel)
    })
  }

  cancel(): void {
    for (const cancel of this.#pending) cancel()
    this.#pending.clear()
  }
}
