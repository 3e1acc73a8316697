// A DATA_DIR for one test, opened as often as the test likes.
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Follower } from '../../../schemas/follower.ts'
import { Database } from '../../../src/adapters/embedded/database.ts'
import { openEmbeddedStores } from '../../../src/adapters/embedded/stores.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import type { Log } from '../../../src/ports/log.ts'
import { processes } from '../../contracts/manager-lock.ts'
import { follower, type StoresSubject } from '../../contracts/stores.ts'
import { testFolder } from '../../test-folder.ts'

export const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }

export async function embeddedSubject(t: Test): Promise<StoresSubject> {
  const dataDir = join(testFolder(t), 'data')

  async function onDocuments<T>(work: (documents: ReturnType<typeof openDocuments>) => T): Promise<T> {
    const database = new Database(dataDir)
    try {
      const documents = openDocuments(database)
      return await database.write(() => work(documents))
    } finally {
      await database.close()
    }
  }

  return {
    async open(as = {}) {
      const stores = await openEmbeddedStores({
        dataDir,
        clock: systemClock(),
        log,
        processes: processes(),
        onLockLost: (error) => t.fail(error.message),
        ...as,
      })
      t.teardown(() => stores.close())
      return stores
    },
    plant: (id, fields) =>
      onDocuments((documents) => documents.put(id, { ...follower(id), ...fields } as Follower)),
    storedField: (id, field) =>
      onDocuments((documents) => (documents.get(id) as Record<string, unknown> | null)?.[field]),
  }
}

function openDocuments(database: Database) {
  return database.table<Follower>('followers')
}
