// One LMDB file with named tables of JSON documents. Writes are grouped: those of one turn of the event loop share one transaction.
import { join } from 'node:path'
import { type Database as LmdbTable, open, type RootDatabase } from 'lmdb'
import { FleetError, isFleetError } from '../../ports/errors.ts'
import { checkStoreFile, dataDirUnusable, prepareDataDir, systemErrorCode } from './data-dir.ts'

export const storeFile = 'store.mdb'
/** The table behind `Stores.constant`. */
export const constantsTable = 'constants'

/** Order: numbers before strings, strings by code point, an array before its extensions. */
export type Key = string | number | readonly (string | number)[]

export interface Range {
  readonly start?: Key
  readonly end?: Key
  readonly exclusiveStart?: boolean
}

interface PendingWrite {
  readonly work: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Documents of one kind, as JSON: a person can read them with any LMDB tool, and a later version reads what an earlier one wrote. Only to be
 * called inside `Database.read` and `Database.write`.
 */
export class Table<T> {
  readonly #table: LmdbTable<string, Key & (string | number | (string | number)[])>

  constructor(root: RootDatabase, name: string) {
    this.#table = root.openDB({ name, encoding: 'string' })
  }

  get(key: Key): T | null {
    const text = this.text(key)
    return text === null ? null : (JSON.parse(text) as T)
  }

  /** The document as it is stored. */
  text(key: Key): string | null {
    return this.#table.get(lmdbKey(key)) ?? null
  }

  put(key: Key, document: T): void {
    this.#table.putSync(lmdbKey(key), JSON.stringify(document))
  }

  /** Whether there was one. */
  remove(key: Key): boolean {
    return this.#table.removeSync(lmdbKey(key))
  }

  *entries(range: Range = {}): Generator<{ key: Key; text: string }> {
    const { start, end, exclusiveStart = false } = range
    const options = {
      exclusiveStart,
      ...(start === undefined ? {} : { start: lmdbKey(start) }),
      ...(end === undefined ? {} : { end: lmdbKey(end) }),
    }
    for (const { key, value } of this.#table.getRange(options)) yield { key, text: value }
  }

  *documents(range: Range = {}): Generator<T> {
    for (const { text } of this.entries(range)) yield JSON.parse(text) as T
  }
}

/**
 * Synchronous transactions on purpose: lmdb-js's asynchronous ones reject promises that nobody can catch when the disk is full, and abort
 * nothing when their callback throws (both tried, lmdb 3.5.6). One costs the disk's flush, 0.3 ms on an SSD.
 */
export class Database {
  readonly #root: RootDatabase
  readonly #path: string
  #pending: PendingWrite[] = []
  #isClosed = false

  /** DATA_DIR_UNUSABLE. */
  constructor(dataDir: string) {
    this.#path = join(dataDir, storeFile)
    prepareDataDir(dataDir)
    checkStoreFile(dataDir, this.#path)
    try {
      // Without overlapping syncs a commit is on the disk when it returns, so that an acknowledged write survives a power cut.
      this.#root = open({ path: this.#path, encoding: 'string', maxDbs: 16, overlappingSync: false })
    } catch (error) {
      throw dataDirUnusable(dataDir, error, this.#path)
    }
  }

  table<T>(name: string): Table<T> {
    return new Table<T>(this.#root, name)
  }

  async read<T>(work: () => T): Promise<T> {
    if (this.#isClosed) throw closed()
    try {
      return work()
    } catch (error) {
      throw this.#unavailable(error)
    }
  }

  /**
   * Runs `work` in a transaction and resolves with its result once that is on the disk. A FleetError that `work` throws before its first write is
   * its own; any other failure undoes the whole group.
   */
  write<T>(work: () => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(closed())
    return new Promise<T>((resolve, reject) => {
      this.#pending.push({ work, resolve: (value) => resolve(value as T), reject })
      if (this.#pending.length === 1) setImmediate(() => this.#commit())
    })
  }

  /** Commits what is pending, then lets go of the file. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#commit()
    await this.#root.close()
  }

  #commit(): void {
    const group = this.#pending
    if (group.length === 0) return
    this.#pending = []
    const outcomes: (() => void)[] = []
    try {
      this.#root.transactionSync(() => {
        for (const { work, resolve, reject } of group) {
          try {
            const result = work()
            outcomes.push(() => resolve(result))
          } catch (error) {
            if (!isFleetError(error)) throw error
            outcomes.push(() => reject(error))
          }
        }
      })
    } catch (error) {
      for (const { reject } of group) reject(this.#unavailable(error))
      return
    }
    for (const tell of outcomes) tell()
  }

  #unavailable(error: unknown): FleetError {
    if (isFleetError(error)) return error
    const isFull = ['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error))
    const cure = isFull ? 'its disk is full; free some space' : 'see the cause in the log, and check the disk'
    return new FleetError('STORE_UNAVAILABLE', `The store ${this.#path} failed: ${cure}.`, {
      cause: error,
      retryAfterMs: 5_000,
    })
  }
}

/** lmdb's types ask for arrays that could be written to. */
function lmdbKey(key: Key): string | number | (string | number)[] {
  return typeof key === 'object' ? [...key] : key
}

function closed(): FleetError {
  return new FleetError('STORE_UNAVAILABLE', 'The store is closed: the manager is shutting down.')
}
