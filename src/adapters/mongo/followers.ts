// Follower records in the collection that people and other programs write too.
import type { Collection } from 'mongodb'
import type { Follower } from '../../../schemas/follower.ts'
import { FleetError } from '../../ports/errors.ts'
import type { FollowerStore, MalformedRecord } from '../../ports/stores.ts'
import { Turns } from '../../ports/turns.ts'
import { collections } from './collections.ts'
import type { Connection, StoredDocument } from './connection.ts'
import { isDuplicate } from './errors.ts'
import {
  type FollowerDocument,
  followerChange,
  followerId,
  newDocument,
  readFollower,
} from './follower-document.ts'

type Followers = Collection<StoredDocument>

/** Documents that are in memory at a time, beside the records made of them: thousands are read again every few seconds. */
const batchSize = 500

export function createFollowerStore(connection: Connection): FollowerStore {
  function onFollowers<T>(doing: string, work: (followers: Followers) => Promise<T>): Promise<T> {
    return connection.on(doing, collections.followers, work)
  }

  /** MongoDB compares and swaps in one step, but not every server that speaks its protocol does; so of our own changes one goes at a time. */
  const turns = new Turns()
  function inTurn<T>(id: string, work: (followers: Followers) => Promise<T>): Promise<T> {
    return turns.take(id, () => onFollowers(`write follower ${id}`, work))
  }

  return {
    list: () => onFollowers('read the followers', (followers) => readAll(followers.find({}, { batchSize }))),

    get: (id) =>
      onFollowers(`read follower ${id}`, async (followers) => {
        const document = await locate(followers, id)
        const read = document && readFollower(document)
        return read && 'follower' in read ? read.follower : null
      }),

    insert: (follower) =>
      onFollowers(`write follower ${follower.id}`, async (followers) => {
        // The look matters only where the unique index could not be made.
        if (await locate(followers, follower.id)) throw exists(follower.id)
        try {
          await followers.insertOne(newDocument(follower))
        } catch (error) {
          throw isDuplicate(error) ? exists(follower.id) : error
        }
      }),

    replace: (follower, expectedRevision) =>
      inTurn(follower.id, async (followers) => {
        const stored = await locate(followers, follower.id)
        const read = stored && readFollower(stored)
        if (!read || !('follower' in read))
          throw new FleetError('FOLLOWER_NOT_FOUND', `There is no follower ${follower.id}.`)
        const before = read.follower
        if (before.revision !== expectedRevision) throw mismatch(before, expectedRevision)
        const { $set, $unset } = followerChange(stored, before, follower)
        const change = {
          ...(Object.keys($set).length > 0 && { $set }),
          ...(Object.keys($unset).length > 0 && { $unset }),
        }
        if (Object.keys(change).length === 0) return
        // null matches a missing revision too.
        const unchanged = { _id: stored._id, revision: stored.revision ?? null }
        const { matchedCount } = await followers.updateOne(unchanged, change)
        if (matchedCount === 0) throw mismatch(before, expectedRevision, 'another one')
      }),

    delete: (id) =>
      onFollowers(`delete follower ${id}`, async (followers) => {
        const text = String(id)
        const { deletedCount } = await followers.deleteMany({ $or: [{ _id: text, id: null }, { id: text }] })
        return deletedCount > 0
      }),
  }
}

/** The document of a follower, readable or not. By `_id` first, which is quick everywhere. */
async function locate(followers: Followers, id: string): Promise<StoredDocument | null> {
  // What is no text would be an operator.
  const text = String(id)
  const byKey = await followers.findOne({ _id: text })
  if (byKey && followerId(byKey) === text) return byKey
  const byId = await followers.findOne({ id: text })
  return byId && followerId(byId) === text ? byId : null
}

async function readAll(documents: AsyncIterable<FollowerDocument>): Promise<{
  followers: Follower[]
  malformed: MalformedRecord[]
}> {
  const found = new Map<string, { readonly follower: Follower; readonly isKeyedById: boolean }>()
  const malformed: MalformedRecord[] = []
  for await (const document of documents) {
    const read = readFollower(document)
    if (!('follower' in read)) {
      malformed.push(read)
      continue
    }
    const { id } = read.follower
    const known = found.get(id)
    if (known) malformed.push({ id, message: 'another document has the same id; this one is ignored' })
    // The one that would be located: where two documents claim one id, both ways of reading find the same.
    if (!known || (!known.isKeyedById && isKeyedById(document)))
      found.set(id, { follower: read.follower, isKeyedById: isKeyedById(document) })
  }
  return { followers: Array.from(found.values(), ({ follower }) => follower), malformed }
}

function isKeyedById(document: FollowerDocument): boolean {
  return document._id === followerId(document)
}

function exists(id: string): FleetError {
  return new FleetError('FOLLOWER_EXISTS', `Follower ${id} exists already.`)
}

function mismatch(
  { id, revision }: Follower,
  expected: number,
  actual: number | string = revision,
): FleetError {
  return new FleetError(
    'REVISION_MISMATCH',
    `Follower ${id} was changed meanwhile: it is at revision ${actual}, not ${expected}. Read it again and repeat the change.`,
  )
}
