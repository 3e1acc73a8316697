// The lock beside a bar file, against two processes that write it at once; a dead holder's lock is taken over.
import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Cancel, Clock } from '../../ports/clock.ts'
import { FleetError } from '../../ports/errors.ts'
import {
  lockHolderIsAlive,
  lockHolderIsDead,
  lockStaleAfterMs,
  type Processes,
} from '../../ports/lock-holder.ts'
import type { LockHolder } from '../../ports/stores.ts'
import { isAbsent } from './bytes.ts'

const lookEveryMs = 50
const renewEveryMs = 3_000
/** Longer than it takes until a holder that cannot be seen is known to be silent. */
const waitMs = lockStaleAfterMs + 5_000

export interface LockFileDeps {
  readonly clock: Clock
  readonly processes: Processes
}

interface Seen {
  readonly text: string
  readonly mtimeMs: number
}

/** Where the lock of a bar file is; zipped or not, it is the same. */
export function lockPathOf(path: string): string {
  return join(dirname(path), `.${basename(path).replace(/\.gz$/, '')}.lock`)
}

/** Runs `work` while holding the lock of the file at `path`, whose folder exists. BAR_FILE_LOCKED after a quarter of a minute. */
export async function withLock<T>(path: string, deps: LockFileDeps, work: () => Promise<T>): Promise<T> {
  const lockPath = lockPathOf(path)
  const mine = await acquire(lockPath, path, deps)
  const endRenewal = renewed(lockPath, deps.clock)
  try {
    return await work()
  } finally {
    endRenewal()
    await takeAway(lockPath, mine)
  }
}

/** Gives signs of life to those who cannot see this process. */
function renewed(lockPath: string, clock: Clock): Cancel {
  let isEnded = false
  let cancel: Cancel = () => {}
  const schedule = () => {
    cancel = clock.schedule(renewEveryMs, async () => {
      const now = new Date(clock.now())
      await utimes(lockPath, now, now).catch(() => {})
      if (!isEnded) schedule()
    })
  }
  schedule()
  return () => {
    isEnded = true
    cancel()
  }
}

async function acquire(lockPath: string, path: string, { clock, processes }: LockFileDeps): Promise<string> {
  const holder: LockHolder = { managerId: randomUUID(), ...processes.self, renewedAt: clock.now() }
  const mine = JSON.stringify(holder)
  // The clock's timers keep no process alive.
  const keepAlive = setInterval(() => {}, waitMs)
  try {
    const giveUpMs = clock.monotonicMs() + waitMs
    let seen: Seen | null = null
    let seenSinceMs = clock.monotonicMs()
    for (;;) {
      if (await create(lockPath, mine)) return mine
      const found = await look(lockPath)
      if (!found) continue
      if (found.text !== seen?.text || found.mtimeMs !== seen.mtimeMs) seenSinceMs = clock.monotonicMs()
      seen = found
      const other = holderIn(found.text)
      const isSilent = clock.monotonicMs() - seenSinceMs >= lockStaleAfterMs
      const isDead = other !== null && lockHolderIsDead(other, processes)
      const isAlive = other !== null && lockHolderIsAlive(other, processes)
      if (isDead || (isSilent && !isAlive)) {
        await takeAway(lockPath, found.text)
        continue
      }
      if (clock.monotonicMs() >= giveUpMs) throw lockedBy(other, lockPath, path)
      await clock.sleep(lookEveryMs)
    }
  } finally {
    clearInterval(keepAlive)
  }
}

/** Whole or not at all: a lock without its holder's name would keep the next one waiting. False to try again. */
async function create(lockPath: string, text: string): Promise<boolean> {
  const draft = besideLock(lockPath)
  try {
    await writeFile(draft, text, { flag: 'wx', mode: 0o644 })
    return await linked(draft, lockPath)
  } finally {
    await rm(draft, { force: true })
  }
}

async function linked(draft: string, lockPath: string): Promise<boolean> {
  try {
    await link(draft, lockPath)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // The holder clears away what looks left behind, and took our draft for that.
    if (code === 'EEXIST' || code === 'ENOENT') return false
    throw error
  }
}

/** A name of the kind that the next writer clears away, should we die. */
function besideLock(lockPath: string): string {
  return lockPath.replace(/lock$/, `${randomUUID()}.tmp`)
}

async function look(lockPath: string): Promise<Seen | null> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(lockPath, 'utf8'), stat(lockPath)])
    return { text, mtimeMs }
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}

/** Removes the lock if it is `expected`. Two that try at once: the later one moves the other's new lock, sees that, and puts it back. */
async function takeAway(lockPath: string, expected: string): Promise<void> {
  const aside = besideLock(lockPath)
  try {
    await rename(lockPath, aside)
    if ((await readFile(aside, 'utf8')) !== expected) await link(aside, lockPath)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error
  } finally {
    await rm(aside, { force: true })
  }
}

/** Null for a lock that is none of ours. */
function holderIn(text: string): LockHolder | null {
  try {
    const holder = JSON.parse(text) as LockHolder
    return typeof holder.pid === 'number' ? holder : null
  } catch {
    return null
  }
}

function lockedBy(holder: LockHolder | null, lockPath: string, path: string): FleetError {
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'an unknown process'
  return new FleetError(
    'BAR_FILE_LOCKED',
    `${path} is held by ${who} (${lockPath}) for longer than ${waitMs / 1000} s. Stop that process, or give this manager a BARS_DIR of its own.`,
    { retryAfterMs: waitMs },
  )
}
