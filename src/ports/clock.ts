// Time as a dependency, all of it: reading it, waiting for it, being called by it.

/** Cancels what it was returned for; calling it again changes nothing. */
export type Cancel = () => void

export interface Clock {
  /** Wall clock, milliseconds since the epoch; may jump. For time stamps and what people read. */
  now(): number
  /** Milliseconds that never go back; for deadlines, ages and round trips. */
  monotonicMs(): number
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. Never keeps the process alive by itself. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `run` once after `ms`. Never keeps the process alive by itself. */
  schedule(ms: number, run: () => void): Cancel
}
