// Three tries in all, each with a deadline, while Vault is away. What Vault has decided is never asked twice.
import type { Clock } from '../../ports/clock.ts'
import { isVaultOutage } from '../../ports/credentials.ts'
import { tooSlow } from './failures.ts'

const tries = 3
/** The wait after the first try; it doubles after the second. */
const firstWaitMs = 500
/** Share of a wait that chance takes away, so that a fleet that failed together does not come back together. */
const jitter = 0.2

export interface Trying {
  readonly clock: Clock
  /** [0, 1). */
  readonly random: () => number
  /** For one try, all its requests included. */
  readonly tryTimeoutMs: number
}

/** What `once` gives; its last failure when none of the tries got through. Aborting `signal` ends it at once. */
export async function tried<T>(
  once: (signal: AbortSignal) => Promise<T>,
  by: Trying,
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTime(once, by, signal)
    } catch (error) {
      if (attempt === tries || !isVaultOutage(error)) throw error
    }
    const waitMs = firstWaitMs * 2 ** (attempt - 1) * (1 - jitter * by.random())
    await by.clock.sleep(waitMs, signal)
  }
}

/** One try; VAULT_TIMEOUT when its time is over. */
export async function inTime<T>(
  once: (signal: AbortSignal) => Promise<T>,
  { clock, tryTimeoutMs }: Pick<Trying, 'clock' | 'tryTimeoutMs'>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted()
  const deadline = new AbortController()
  const cancel = clock.schedule(tryTimeoutMs, () => deadline.abort(tooSlow()))
  try {
    return await once(AbortSignal.any([signal, deadline.signal]))
  } finally {
    cancel()
  }
}
