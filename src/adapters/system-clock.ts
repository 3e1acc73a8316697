// The real time behind the Clock port; none of its timers keeps the process alive.
import type { Cancel, Clock } from '../ports/clock.ts'

/** Node fires a timer beyond this (24.8 days) at once, so longer waits end here. */
const maxTimerMs = 2 ** 31 - 1

function schedule(ms: number, run: () => void): Cancel {
  const timer = setTimeout(run, Math.min(ms, maxTimerMs)).unref()
  return () => clearTimeout(timer)
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = schedule(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** A clock that reads and waits for real. */
export function systemClock(): Clock {
  return { now: () => Date.now(), monotonicMs: () => performance.now(), sleep, schedule }
}
