// How soon the bot may connect again: at once after a good run, ever later when the gateway keeps going away. Pure.

/** Losses that count. */
const windowMs = 10 * 60_000
const delaysMs = [0, 5_000, 15_000, 30_000, 60_000, 120_000]

/** The losses of the last ten minutes, with one more; monotonic milliseconds. */
export function withLoss(losses: readonly number[], atMs: number): number[] {
  return [...losses.filter((loss) => atMs - loss < windowMs), atMs]
}

/** How long to wait after the last of `losses` before connecting again. */
export function reconnectDelayMs(losses: readonly number[]): number {
  return delaysMs[Math.min(losses.length - 1, delaysMs.length - 1)] ?? 0
}

/** Whether a person should hear that the gateway keeps going away. */
export const isFlapping = (losses: readonly number[]) => losses.length >= 3
