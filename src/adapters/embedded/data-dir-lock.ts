// The lock on DATA_DIR, a file: one manager per folder, wherever its store is. Small synchronous calls, at start and every few seconds.
import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  isSameHolder,
  lockHolderIsAlive,
  lockHolderIsDead,
  lockStaleAfterMs,
  type Processes,
} from '../../ports/lock-holder.ts'
import { createManagerLock, type LockDeps, type LockSlot } from '../../ports/manager-lock.ts'
import type { LockHolder, ManagerLock } from '../../ports/stores.ts'
import { inDataDir, prepareDataDir } from './data-dir.ts'

const lockFile = 'manager.lock'

/** Makes the folder when it lacks. DATA_DIR_UNUSABLE. */
export function createDataDirLock(deps: LockDeps & { readonly dataDir: string }): ManagerLock {
  prepareDataDir(deps.dataDir)
  return createManagerLock(fileSlot(deps.dataDir), deps)
}

/** The manager that holds `dataDir` now, as far as can be told at once; null when there is none, or a dead one. */
export async function lockHolder(
  dataDir: string,
  deps: { readonly processes: Processes; readonly now: number },
): Promise<LockHolder | null> {
  const holder = await fileSlot(dataDir).read()
  if (!holder || lockHolderIsDead(holder, deps.processes)) return null
  if (lockHolderIsAlive(holder, deps.processes)) return holder
  return deps.now - holder.renewedAt < lockStaleAfterMs ? holder : null
}

function fileSlot(dataDir: string): LockSlot {
  const path = join(dataDir, lockFile)

  /** Puts `next` where no file is: link() fails if there is one, and shows the file only when it is complete. */
  function create(next: LockHolder): boolean {
    const draft = `${path}.${randomUUID()}`
    writeFileSync(draft, JSON.stringify(next), { mode: 0o600, flag: 'wx' })
    try {
      linkSync(draft, path)
      return true
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false
      throw error
    } finally {
      rmSync(draft, { force: true })
    }
  }

  /** Takes the file away if it is `expected`. Two that try at once: the later one moves the other's new file, sees that, and puts it back. */
  function remove(expected: LockHolder): boolean {
    const aside = `${path}.${randomUUID()}`
    try {
      renameSync(path, aside)
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false
      throw error
    }
    try {
      const moved = readHolder(aside)
      if (moved && isSame(moved, expected)) return true
      linkSync(aside, path)
      return false
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false
      throw error
    } finally {
      rmSync(aside, { force: true })
    }
  }

  /** Renewal: the file is never absent meanwhile, or another would take it. */
  function overwrite(next: LockHolder): void {
    const draft = `${path}.${randomUUID()}`
    writeFileSync(draft, JSON.stringify(next), { mode: 0o600, flag: 'wx' })
    renameSync(draft, path)
  }

  return {
    place: path,
    read: () => inDataDir(dataDir, async () => readHolder(path)),
    swap: (expected, next) =>
      inDataDir(dataDir, async () => {
        const stored = readHolder(path)
        if (!isSame(stored, expected)) return false
        if (expected && next && isSameHolder(expected, next)) {
          overwrite(next)
          return true
        }
        if (expected && !remove(expected)) return false
        return next ? create(next) : true
      }),
  }
}

function readHolder(path: string): LockHolder | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
  try {
    const holder = JSON.parse(text) as LockHolder
    if (typeof holder.managerId === 'string' && typeof holder.renewedAt === 'number') return holder
  } catch {
    // Damaged, for example by a power cut: a holder that nobody knows, to be replaced when it gives no sign of life.
  }
  return {
    managerId: 'unknown',
    host: 'an unknown host',
    bootId: '',
    pidNamespace: '',
    pid: 0,
    pidStartedAt: '',
    renewedAt: statSync(path).mtimeMs,
  }
}

function isSame(a: LockHolder | null, b: LockHolder | null): boolean {
  return a && b ? a.renewedAt === b.renewedAt && isSameHolder(a, b) : a === b
}

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
