// Where the manager's lock document lives in MongoDB: one document, compared and swapped; how it is held is the same for every store.
import { isSameHolder } from '../../ports/lock-holder.ts'
import type { LockSlot } from '../../ports/manager-lock.ts'
import type { LockHolder } from '../../ports/stores.ts'
import { collections } from './collections.ts'
import type { Connection, StoredDocument } from './connection.ts'
import { isDuplicate } from './errors.ts'

const key = { _id: 'manager' }

export function lockSlot(connection: Connection): LockSlot {
  return {
    place: `MongoDB ${connection.place}`,

    read: () =>
      connection.on('read the lock', collections.locks, async (locks) => {
        const stored = await locks.findOne(key)
        return stored && toHolder(stored)
      }),

    swap: (expected, next) =>
      connection.on('write the lock', collections.locks, async (locks) => {
        if (!expected) {
          if (!next) return (await locks.findOne(key)) === null
          return locks.insertOne({ ...key, ...next }).then(
            () => true,
            (error) => {
              if (isDuplicate(error)) return false
              throw error
            },
          )
        }
        const stored = await locks.findOne(key)
        if (!stored || !isSame(toHolder(stored), expected)) return false
        // Every field as it was read: whoever writes in between wins.
        if (!next) return (await locks.deleteOne(stored)).deletedCount === 1
        return (await locks.replaceOne(stored, { ...next })).matchedCount === 1
      }),
  }
}

/** A field that lacks, or is no text, becomes an empty one: a holder that nobody knows, to be replaced when it gives no sign of life. */
function toHolder(stored: StoredDocument): LockHolder {
  const text = (name: string) => (typeof stored[name] === 'string' ? stored[name] : '')
  const number = (name: string) => (typeof stored[name] === 'number' ? stored[name] : 0)
  return {
    managerId: text('managerId'),
    host: text('host'),
    bootId: text('bootId'),
    pidNamespace: text('pidNamespace'),
    pid: number('pid'),
    pidStartedAt: text('pidStartedAt'),
    renewedAt: number('renewedAt'),
  }
}

function isSame(a: LockHolder, b: LockHolder): boolean {
  return a.renewedAt === b.renewedAt && isSameHolder(a, b)
}
