// Follower records: checked when read, changed only from the revision that the change was made on, strangers' fields kept.
import { Compile } from 'typebox/compile'
import { Follower } from '../../../schemas/follower.ts'
import { FleetError } from '../../ports/errors.ts'
import type { FollowerStore, MalformedRecord } from '../../ports/stores.ts'
import type { Database, Table } from './database.ts'

type Document = Record<string, unknown>

/** Made into code once: every record is read again each minute, and a check that walks the schema keeps 2,000 of them for 60 ms. */
const schema = Compile(Follower)
const knownFields = new Set(Object.keys(Follower.properties))

export function createFollowerStore(database: Database): FollowerStore {
  const table = database.table<Follower>('followers')
  return {
    list: () => database.read(() => readAll(table)),

    get: (id) =>
      database.read(() => {
        const text = table.text(id)
        const read = text === null ? null : readFollower(id, text)
        return read && 'follower' in read ? read.follower : null
      }),

    insert: (follower) =>
      database.write(() => {
        if (table.text(follower.id) !== null)
          throw new FleetError('FOLLOWER_EXISTS', `Follower ${follower.id} exists already.`)
        table.put(follower.id, follower)
      }),

    replace: (follower, expectedRevision) =>
      database.write(() => {
        const stored = document(table.text(follower.id))
        if (!stored) throw new FleetError('FOLLOWER_NOT_FOUND', `There is no follower ${follower.id}.`)
        const revision = stored.revision ?? 0
        if (revision !== expectedRevision)
          throw new FleetError(
            'REVISION_MISMATCH',
            `Follower ${follower.id} was changed meanwhile: it is at revision ${revision}, not ${expectedRevision}. Read it again and repeat the change.`,
          )
        table.put(follower.id, { ...fieldsOf(stored, (name) => !knownFields.has(name)), ...follower })
      }),

    delete: (id) => database.write(() => table.remove(id)),
  }
}

function readAll(table: Table<Follower>): { followers: Follower[]; malformed: MalformedRecord[] } {
  const followers: Follower[] = []
  const malformed: MalformedRecord[] = []
  for (const { key, text } of table.entries()) {
    const read = readFollower(String(key), text)
    if ('follower' in read) followers.push(read.follower)
    else malformed.push(read)
  }
  return { followers, malformed }
}

function readFollower(id: string, text: string): { follower: Follower } | MalformedRecord {
  const stored = document(text)
  if (!stored) return { id, message: 'not a JSON object' }
  const follower = fieldsOf(stored, (name) => knownFields.has(name))
  if (!schema.Check(follower)) {
    const [fault] = schema.Errors(follower)
    return { id, message: `${fault?.instancePath || 'the record'} ${fault?.message ?? 'does not fit'}` }
  }
  if (follower.id !== id) return { id, message: `/id is ${follower.id}, though it is kept as ${id}` }
  return { follower }
}

/** null when there is none, or not an object. */
function document(text: string | null): Document | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    return typeof value === 'object' && !Array.isArray(value) ? (value as Document | null) : null
  } catch {
    return null
  }
}

function fieldsOf(source: Document, isWanted: (name: string) => boolean): Document {
  return Object.fromEntries(Object.entries(source).filter(([name]) => isWanted(name)))
}
