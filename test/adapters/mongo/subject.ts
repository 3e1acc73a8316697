// A MongoDB database for one test, dropped after it, opened as often as the test likes.
import { randomUUID } from 'node:crypto'
import { type Collection, type Db, MongoClient } from 'mongodb'
import type { Test } from 'tap'
import { openMongoStores } from '../../../src/adapters/mongo/stores.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import type { Log } from '../../../src/ports/log.ts'
import type { Stores } from '../../../src/ports/stores.ts'
import { processes } from '../../contracts/manager-lock.ts'
import type { OpenAs, StoresSubject } from '../../contracts/stores.ts'

export const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }

/** As others write them; `_id` need not be text. */
export interface AnyDocument {
  _id: string
  [field: string]: unknown
}

export interface MongoSubject extends StoresSubject {
  readonly database: string
  /** The database, past the store. */
  readonly db: Db
  readonly followers: Collection<AnyDocument>
}

export interface OpenMongo extends Partial<OpenAs> {
  readonly url: string
  readonly database: string
  readonly log?: Log
}

/** Closed when the test ends. */
export async function openStores(t: Test, options: OpenMongo): Promise<Stores> {
  const stores = await openMongoStores({
    clock: systemClock(),
    log,
    processes: processes(),
    onLockLost: (error) => t.fail(error.message),
    ...options,
  })
  t.teardown(() => stores.close())
  return stores
}

export async function mongoSubject(t: Test, url = process.env.MONGODB_URL ?? ''): Promise<MongoSubject> {
  const database = `ibgm-test-${randomUUID().slice(0, 13)}`
  const client = new MongoClient(url)
  const db = client.db(database)
  t.teardown(async () => {
    await db.dropDatabase()
    await client.close()
  })
  const followers = db.collection<AnyDocument>('followers')
  return {
    database,
    db,
    followers,
    open: (as = {}) => openStores(t, { url, database, ...as }),
    async plant(id, fields) {
      const good = {
        enabled: true,
        state: 'ACTIVE',
        trading_mode: 'paper',
        created_at: new Date(),
        revision: 0,
      }
      const document: AnyDocument = { _id: id, ...good, updated_at: new Date(), ...fields }
      if (fields.revision === undefined && 'revision' in fields) delete document.revision
      await followers.insertOne(document)
    },
    async storedField(id, field) {
      return (await followers.findOne({ _id: id }))?.[field]
    },
  }
}
