// The one connection to MongoDB: opened when first used, opened again after every loss, with deadlines on everything and indexes made on the
// first success.
import { type Collection, type Db, MongoClient } from 'mongodb'
import { FleetError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import { indexes } from './collections.ts'
import { badUrl, type Confidential, confidential, isLastingRefusal, storeError } from './errors.ts'

/** A server that is down or mute is given up on so soon; the driver itself would wait 30 s, or for ever. */
const reachTimeoutMs = 3_000
const answerTimeoutMs = 5_000
/** How often the driver looks whether the server lives; one found mute fails all calls that wait for it. */
const lookEveryMs = 2_000
/** A burst waits for its turn on the connections; when the server goes, those that wait fail at once. */
const turnTimeoutMs = 10_000

/** A document whose fields are looked at one by one. */
export interface StoredDocument {
  /** Text in what we write; in what others wrote anything that came from the server, and so is safe to send back. */
  _id: string
  [field: string]: unknown
}

export interface ConnectionDeps {
  /** Connection string; its password is never shown. */
  readonly url: string
  readonly database: string
  readonly log: Log
}

export class Connection {
  readonly #client: MongoClient
  readonly #db: Db
  readonly #secrets: Confidential
  readonly #log: Log
  #indexing: Promise<void> | null = null
  #isClosed = false
  /** Where a person finds it: hosts and database. */
  readonly place: string

  /** Connects to nothing yet. INVALID_REQUEST when the URL cannot be one. */
  constructor({ url, database, log }: ConnectionDeps) {
    this.#secrets = confidential(url)
    this.#log = log
    if (hasLooseAt(url)) throw badUrl(new Error('an @ is not percent-encoded'), this.#secrets)
    try {
      this.#client = new MongoClient(url, {
        appName: 'ib-gateway-manager',
        serverSelectionTimeoutMS: reachTimeoutMs,
        connectTimeoutMS: reachTimeoutMs,
        heartbeatFrequencyMS: lookEveryMs,
        waitQueueTimeoutMS: turnTimeoutMs,
        socketTimeoutMS: answerTimeoutMs,
        maxPoolSize: 20,
        ignoreUndefined: true,
        // An acknowledged write is on the disk.
        writeConcern: { w: 'majority', journal: true },
      })
      this.#db = this.#client.db(database)
    } catch (error) {
      throw badUrl(error, this.#secrets)
    }
    const { hosts, srvHost } = this.#client.options
    this.place = `${srvHost ?? hosts.join(',')}/${database}`
  }

  /**
   * Runs `work`, which completes "could not …" by `doing`. STORE_UNAVAILABLE when the server does not answer or refuses; errors that are not the
   * driver's pass.
   */
  async run<T>(doing: string, work: (db: Db) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw closed()
    try {
      // The driver opens itself for the first call only: if that one fails, all others would.
      await this.#client.connect()
      await this.#makeIndexes()
      return await work(this.#db)
    } catch (error) {
      if (this.#isClosed) throw closed()
      throw storeError(doing, error, { place: this.place, secrets: this.#secrets })
    }
  }

  /** The same with one collection. */
  on<T>(
    doing: string,
    name: string,
    work: (collection: Collection<StoredDocument>) => Promise<T>,
  ): Promise<T> {
    return this.run(doing, (db) => work(db.collection<StoredDocument>(name)))
  }

  /** Idempotent; what is under way fails. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#client.close()
  }

  /** Once per connection. What the server refuses is told and done without: the store works, only slower or less strictly. */
  #makeIndexes(): Promise<void> {
    this.#indexing ??= this.#tryIndexes().catch((error) => {
      this.#indexing = null
      throw error
    })
    return this.#indexing
  }

  async #tryIndexes(): Promise<void> {
    // One by one: FerretDB 1.24 drops the connection when two that exist are asked for at once.
    for (const { collection, key, options } of indexes) {
      try {
        await this.#db.collection(collection).createIndex(key, options)
      } catch (error) {
        if (!isLastingRefusal(error)) throw error
        const err = storeError('make an index', error, { place: this.place, secrets: this.#secrets })
        this.#log.warn({ err, collection, key }, 'MongoDB index not made; going on without it')
      }
    }
  }
}

/** A second @ before the options belongs to a password; the driver would take what follows the first one for a host, and show it. */
function hasLooseAt(url: string): boolean {
  return (url.split('?')[0]?.split('@').length ?? 0) > 2
}

function closed(): FleetError {
  return new FleetError('STORE_UNAVAILABLE', 'The store is closed: the manager is shutting down.')
}
