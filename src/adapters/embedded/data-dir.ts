// The folder that holds everything the manager keeps: made when it lacks, proven usable, and every failure in it explained.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { getSystemErrorName } from 'node:util'
import { FleetError, isFleetError } from '../../ports/errors.ts'

/** More than the store's first pages: LMDB does not survive a disk that fills up while it makes them. */
const probeBytes = 256 * 1024
/** Little-endian magic number in LMDB's first page, lmdb-js 3 data format. */
const lmdbMagic = { offset: 24, value: 0xbeefc0de }

/** Makes `dataDir` and proves that files can be written there. DATA_DIR_UNUSABLE. */
export function prepareDataDir(dataDir: string): void {
  try {
    makeFolder(resolve(dataDir))
    const probe = join(dataDir, `.probe-${process.pid}`)
    try {
      const file = openSync(probe, 'w', 0o600)
      try {
        writeSync(file, Buffer.alloc(probeBytes, 1))
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
    } finally {
      rmSync(probe, { force: true })
    }
  } catch (error) {
    throw dataDirUnusable(dataDir, error)
  }
}

/** With its parents. Node's own `recursive` never returns where a parent exists but takes no folders, as in /proc (seen on 20.20). */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'EEXIST' && statSync(path).isDirectory()) return
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw error
    makeFolder(dirname(path))
    mkdirSync(path, { mode: 0o700 })
  }
}

/** Refuses a file that LMDB would crash on. Absent or empty is fine. DATA_DIR_UNUSABLE. */
export function checkStoreFile(dataDir: string, path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found || found.size === 0) return
  const head = Buffer.alloc(lmdbMagic.offset + 4)
  try {
    const file = openSync(path, 'r+')
    try {
      readSync(file, head, 0, head.length, 0)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw dataDirUnusable(dataDir, error, path)
  }
  if (head.readUInt32LE(lmdbMagic.offset) !== lmdbMagic.value || found.size < 8192)
    throw new FleetError(
      'DATA_DIR_UNUSABLE',
      `${path} is damaged or not a store of ours. Restore it from a backup, or move it away to start with an empty store.`,
    )
}

/** Runs `work` on files of the folder; what the system refuses becomes DATA_DIR_UNUSABLE. */
export async function inDataDir<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw dataDirUnusable(dataDir, error)
  }
}

/** What happened to which path, and what a person can do about it. */
export function dataDirUnusable(dataDir: string, error: unknown, path = dataDir): FleetError {
  if (isFleetError(error)) return error
  const code = systemErrorCode(error)
  return new FleetError('DATA_DIR_UNUSABLE', `DATA_DIR ${path} cannot be used: ${explain(code)}`, {
    cause: error,
  })
}

/** `ENOSPC` and the like; LMDB gives the number only. */
export function systemErrorCode(error: unknown): string {
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string') return code
  return typeof code === 'number' && code > 0 && code < 1000 ? getSystemErrorName(-code) : 'unknown'
}

function explain(code: string): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `user ${process.getuid?.() ?? ''} may not read and write there (${code}). Change its owner or mode, or set DATA_DIR to another folder.`
    case 'EEXIST':
    case 'ENOTDIR':
      return `it is, or lies under, something that is not a folder (${code}). Set DATA_DIR to a folder.`
    case 'EISDIR':
      return `a folder is where a file should be (${code}). Move it away, or set DATA_DIR to another folder.`
    case 'EROFS':
      return `its file system is read-only (${code}). Set DATA_DIR to a folder that can be written.`
    case 'ENOSPC':
    case 'EDQUOT':
      return `its disk is full (${code}). Free some space, or set DATA_DIR to another disk.`
    case 'ENOENT':
      return `it does not exist and cannot be made (${code}). Set DATA_DIR to another folder.`
    default:
      return `the system refused (${code}). Check the disk, or set DATA_DIR to another folder.`
  }
}
