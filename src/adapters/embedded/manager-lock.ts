// Where the manager's lock document lives in the embedded store; how it is held is the same for every store.
import { join } from 'node:path'
import { isSameHolder } from '../../ports/lock-holder.ts'
import type { LockSlot } from '../../ports/manager-lock.ts'
import type { LockHolder } from '../../ports/stores.ts'
import type { Database } from './database.ts'

const key = 'manager'

export function lockSlot(database: Database, dataDir: string): LockSlot {
  const locks = database.table<LockHolder>('locks')
  return {
    place: `the store in ${join(dataDir)}`,
    read: () => database.read(() => locks.get(key)),
    swap: (expected, next) =>
      database.write(() => {
        const stored = locks.get(key)
        const isExpected =
          stored && expected
            ? isSameHolder(stored, expected) && stored.renewedAt === expected.renewedAt
            : stored === expected
        if (!isExpected) return false
        if (next) locks.put(key, next)
        else locks.remove(key)
        return true
      }),
  }
}
