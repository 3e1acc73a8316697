// What a collector that is away costs: one log line, another when it is back, and two seconds at the end.
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'

export interface Collector {
  /** The whole address that is posted to. */
  readonly url: string
  readonly clock: Clock
  readonly log: Log
}

const closeMs = 2_000

/** To be told how each sending went. `meanwhile` says what becomes of `what` until it works again. */
export function outageTeller(
  { url, log }: Collector,
  what: 'metrics' | 'traces',
  meanwhile: string,
): (result: { readonly code: number; readonly error?: Error }) => void {
  let failing = false
  return ({ code, error }) => {
    const failed = code !== 0
    if (failed && !failing) log.warn({ url, err: error }, `${what} cannot be sent; ${meanwhile}`)
    if (!failed && failing) log.info({ url }, `${what} are sent again`)
    failing = failed
  }
}

/** Sends what is left, which `shutdown` does; gives up after two seconds, and says so. */
export async function closeInTime(
  { url, clock, log }: Collector,
  what: 'metrics' | 'traces',
  shutdown: () => Promise<void>,
): Promise<void> {
  const over = new AbortController()
  const sent = shutdown().catch(() => {
    // Said already, by whoever is told how each sending went.
  })
  const late = clock.sleep(closeMs, over.signal).then(
    () => log.warn({ url }, `the collector does not answer; the last ${what} were not sent`),
    () => {},
  )
  await Promise.race([sent, late])
  over.abort()
}
