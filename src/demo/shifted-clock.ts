// The real clock, set to another date: so that a market is open whenever somebody looks.
import type { Clock } from '../ports/clock.ts'

/** Runs on from `startMs` (epoch milliseconds); deadlines and ages are the real clock's. */
export function shiftedClock(clock: Clock, startMs: number): Clock {
  const offsetMs = startMs - clock.now()
  return {
    now: () => clock.now() + offsetMs,
    monotonicMs: () => clock.monotonicMs(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    schedule: (ms, run) => clock.schedule(ms, run),
  }
}
