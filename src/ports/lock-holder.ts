// Who holds a lock, and when another may take it: pure rules over what is known of processes.
import type { LockHolder } from './stores.ts'

/** What tells one run of a process from every other, as far as the system says. */
export type ProcessIdentity = Omit<LockHolder, 'managerId' | 'renewedAt'>

/** This process, and a look at its neighbours. */
export interface Processes {
  readonly self: ProcessIdentity
  /** Start time of a process in our pid namespace, in the form of `pidStartedAt`; null when there is none (a zombie counts as none). */
  startedAt(pid: number): string | null
}

/** A living holder renews far more often; one that has not for so long, by our own clock, may be replaced. */
export const lockStaleAfterMs = 10_000

/** Whether the holder is a process that we could see if it lived: same boot, same pid namespace. */
function isInSight(holder: LockHolder, self: ProcessIdentity): boolean {
  return holder.bootId !== '' && holder.bootId === self.bootId && holder.pidNamespace === self.pidNamespace
}

function isAlive(holder: LockHolder, processes: Processes): boolean {
  return processes.startedAt(holder.pid) === holder.pidStartedAt
}

/**
 * Whether the holder is certainly gone, so that its lock may be taken at once. False when that cannot be known from here: another boot,
 * another host, another container (containers share boot id and often host name, never the pid namespace).
 */
export function lockHolderIsDead(holder: LockHolder, processes: Processes): boolean {
  return isInSight(holder, processes.self) && !isAlive(holder, processes)
}

/** Whether the holder is a process that we see running. False when that cannot be known from here. */
export function lockHolderIsAlive(holder: LockHolder, processes: Processes): boolean {
  return isInSight(holder, processes.self) && isAlive(holder, processes)
}

/** Same run of the same process: only such a holder may renew or release. */
export function isSameHolder(a: LockHolder, b: LockHolder): boolean {
  return (
    a.managerId === b.managerId &&
    a.host === b.host &&
    a.bootId === b.bootId &&
    a.pidNamespace === b.pidNamespace &&
    a.pid === b.pid &&
    a.pidStartedAt === b.pidStartedAt
  )
}

/** A holder as a person would look for it. */
export function describeHolder(holder: LockHolder): string {
  const renewed = new Date(holder.renewedAt).toISOString()
  return `manager ${holder.managerId}, process ${holder.pid} on ${holder.host} (last sign of life ${renewed})`
}
