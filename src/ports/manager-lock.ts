// Taking, renewing and giving up a lock that lives in any place able to compare and swap: a file, a table, a collection.
import type { Cancel, Clock } from './clock.ts'
import { FleetError } from './errors.ts'
import {
  describeHolder,
  isSameHolder,
  lockHolderIsDead,
  lockStaleAfterMs,
  type Processes,
} from './lock-holder.ts'
import type { Log } from './log.ts'
import type { LockHolder, ManagerLock } from './stores.ts'

const renewEveryMs = 3_000
const lookEveryMs = 500

/** Where the lock document is kept. */
export interface LockSlot {
  /** Where a person finds it, for messages: a path, a collection. */
  readonly place: string
  read(): Promise<LockHolder | null>
  /** Writes `next` (null: nothing) if what is stored is still `expected` (null: nothing), in one step; false otherwise. */
  swap(expected: LockHolder | null, next: LockHolder | null): Promise<boolean>
}

export interface LockDeps {
  readonly clock: Clock
  readonly log: Log
  readonly processes: Processes
  /** Called once when the lock turns out to be another's (this process was frozen for too long); the manager must stop acting at once. */
  readonly onLockLost: (error: FleetError) => void
}

/** The lock's whole behaviour over one slot; see `lockHolderIsDead` for the rules of succession. */
export function createManagerLock(slot: LockSlot, deps: LockDeps): ManagerLock {
  const { clock, log, processes } = deps
  let held: LockHolder | null = null
  let cancelRenewal: Cancel = () => {}
  let renewal: Promise<void> = Promise.resolve()

  async function take(expected: LockHolder | null, managerId: string): Promise<boolean> {
    const mine = { managerId, ...processes.self, renewedAt: clock.now() }
    if (!(await slot.swap(expected, mine))) return false
    held = mine
    scheduleRenewal()
    return true
  }

  function scheduleRenewal(): void {
    cancelRenewal = clock.schedule(renewEveryMs, () => {
      renewal = renew()
    })
  }

  async function renew(): Promise<void> {
    if (!held) return
    try {
      const stored = await slot.read()
      if (stored && !isSameHolder(stored, held)) return lose(stored)
      const renewed: LockHolder = { ...held, renewedAt: clock.now() }
      if (await slot.swap(stored, renewed)) held = renewed
    } catch (err) {
      log.warn({ err, place: slot.place }, 'Lock not renewed; trying again')
    }
    scheduleRenewal()
  }

  async function waitAndTake(managerId: string, signal: AbortSignal): Promise<number | undefined> {
    let seen: LockHolder | null = null
    let unchangedSinceMs = clock.monotonicMs()
    for (;;) {
      signal.throwIfAborted()
      const stored = await slot.read()
      const isSame = stored !== null && seen !== null && isSameHolder(stored, seen)
      if (isSame && stored.renewedAt !== seen?.renewedAt) throw lockedBy(stored, slot.place)
      if (!isSame) unchangedSinceMs = clock.monotonicMs()
      const isStale = clock.monotonicMs() - unchangedSinceMs >= lockStaleAfterMs
      if (!stored || isStale || lockHolderIsDead(stored, processes)) {
        if (await take(stored, managerId)) {
          if (stored) log.info({ from: describeHolder(stored), place: slot.place }, 'Lock taken over')
          return stored?.renewedAt
        }
      } else if (!isSame) {
        log.info({ holder: describeHolder(stored), place: slot.place }, 'Lock is held; is its holder alive?')
      }
      seen = stored
      await clock.sleep(lookEveryMs, signal)
    }
  }

  function lose(to: LockHolder): void {
    held = null
    deps.onLockLost(
      new FleetError(
        'STORE_LOCKED',
        `The lock in ${slot.place} was taken over by ${describeHolder(to)} while this process was not renewing it (frozen or suspended?). Stop one of the two.`,
      ),
    )
  }

  return {
    async acquire(managerId, signal) {
      // The clock's timers keep no process alive, and at start there is nothing else yet.
      const keepAlive = setInterval(() => {}, lookEveryMs)
      try {
        return await waitAndTake(managerId, signal)
      } finally {
        clearInterval(keepAlive)
      }
    },

    async release() {
      cancelRenewal()
      await renewal
      cancelRenewal()
      const mine = held
      held = null
      if (mine) await slot.swap(mine, null)
    },
  }
}

function lockedBy(holder: LockHolder, place: string): FleetError {
  return new FleetError(
    'STORE_LOCKED',
    `${place} is held by ${describeHolder(holder)}. One manager per store: stop that one, or give this one a DATA_DIR and store of its own.`,
  )
}
