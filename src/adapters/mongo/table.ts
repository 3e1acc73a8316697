// Collections of our own records: the record's fields beside an `_id` made from it.
import type { Filter, FindOptions } from 'mongodb'
import type { Connection, StoredDocument } from './connection.ts'
import { isDuplicate } from './errors.ts'
import { decode, encode } from './values.ts'

/** Deleted per call, so that a long history does not outlast the deadline of one. */
const sweepGroup = 1_000

export interface TableOptions<T> {
  readonly idOf: (record: T) => string
  /** Fields that are RFC 3339 here and dates there, so that they sort and compare as times. */
  readonly times?: readonly (keyof T & string)[]
}

export interface Table<T> {
  get(id: string): Promise<T | null>
  /** Replaces; doing it twice is doing it once. */
  put(record: T): Promise<void>
  delete(id: string): Promise<void>
  find(filter?: Filter<StoredDocument>, options?: FindOptions): Promise<T[]>
}

export function createTable<T extends object>(
  connection: Connection,
  name: string,
  { idOf, times = [] }: TableOptions<T>,
): Table<T> {
  function toDocument(record: T): StoredDocument {
    const document = encode(record) as Record<string, unknown>
    for (const field of times) {
      const value = document[field]
      if (typeof value === 'string') document[field] = new Date(value)
    }
    return { ...document, _id: idOf(record) }
  }

  function toRecord({ _id, ...document }: StoredDocument): T {
    return decode(document) as T
  }

  return {
    get: (id) =>
      connection.on(`read ${name}`, name, async (collection) => {
        const document = await collection.findOne({ _id: String(id) })
        return document && toRecord(document)
      }),

    put: (record) =>
      connection.on(`write ${name}`, name, async (collection) => {
        const { _id, ...document } = toDocument(record)
        const put = () => collection.replaceOne({ _id: _id }, document, { upsert: true })
        // Of two that insert the same at once, MongoDB refuses one; its second try replaces.
        await put().catch((error) => {
          if (!isDuplicate(error)) throw error
          return put()
        })
      }),

    delete: (id) =>
      connection.on(`write ${name}`, name, async (collection) => {
        await collection.deleteOne({ _id: String(id) })
      }),

    find: (filter = {}, options = {}) =>
      connection.on(`read ${name}`, name, async (collection) =>
        (await collection.find(filter, options).toArray()).map(toRecord),
      ),
  }
}

/** Deletes what fits `filter`; how many. */
export async function sweep(connection: Connection, name: string, filter: object): Promise<number> {
  for (let swept = 0; ; ) {
    const removed = await connection.on(`sweep ${name}`, name, async (collection) => {
      const old = await collection.find(filter, { projection: { _id: 1 }, limit: sweepGroup }).toArray()
      if (old.length > 0) await collection.deleteMany({ _id: { $in: old.map(({ _id }) => _id) } })
      return old.length
    })
    swept += removed
    if (removed < sweepGroup) return swept
  }
}
