// When the live stream is tried again, and when its silence means that it is lost.

/** The manager writes at least every 15 s; after two that were missed, and some, nobody should trust what the page shows. */
export const silenceMs = 35_000

const firstMs = 1_000
const longestMs = 15_000

/** How long to wait before attempt `attempt` (1 is the first after a loss): doubling, with jitter of `random` in [0, 1) so that many tabs do not come at once. */
export function reconnectDelayMs(attempt: number, random: number): number {
  const full = Math.min(longestMs, firstMs * 2 ** (attempt - 1))
  return Math.round(full * (0.5 + random / 2))
}
