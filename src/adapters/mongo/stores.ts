// The store in MongoDB: everything the manager remembers, in one database that others may read, and whose followers others may write.
import type { Clock } from '../../ports/clock.ts'
import { createManagerLock, type LockDeps } from '../../ports/manager-lock.ts'
import type {
  GatewayRecord,
  GatewayStore,
  LeaseRecord,
  LeaseStore,
  LoginBudgetRecord,
  Stores,
} from '../../ports/stores.ts'
import { collections } from './collections.ts'
import { Connection, type ConnectionDeps } from './connection.ts'
import { isDuplicate } from './errors.ts'
import { createFollowerStore } from './followers.ts'
import { createAlertStore, createEventStore } from './history.ts'
import { lockSlot } from './manager-lock.ts'
import { createOutageStore, createSeriesStore } from './market-data.ts'
import { createTable } from './table.ts'

/**
 * Reaches for nothing yet: a server that is down is found at the first call, which fails with STORE_UNAVAILABLE within seconds, and each later
 * call tries again by itself. INVALID_REQUEST when `url` cannot be a connection string; it is never repeated in a message.
 */
export async function openMongoStores(deps: LockDeps & ConnectionDeps): Promise<Stores> {
  const connection = new Connection(deps)
  const budgets = createTable<LoginBudgetRecord>(connection, collections.budgets, {
    idOf: ({ key }) => key,
  })
  const secrets = createTable<{ followerId: string; sealed: string }>(connection, collections.secrets, {
    idOf: ({ followerId }) => followerId,
  })
  const constants = createTable<{ name: string; value: string }>(connection, collections.constants, {
    idOf: ({ name }) => name,
  })
  return {
    kind: 'mongodb',
    followers: createFollowerStore(connection),
    gateways: createGatewayStore(connection),
    leases: createLeaseStore(connection),
    budgets: { get: (key) => budgets.get(key), put: (record) => budgets.put(record) },
    events: createEventStore(connection),
    alerts: createAlertStore(connection),
    secrets: {
      get: async (followerId) => (await secrets.get(followerId))?.sealed ?? null,
      put: (followerId, sealed) => secrets.put({ followerId, sealed }),
      delete: (followerId) => secrets.delete(followerId),
    },
    series: createSeriesStore(connection),
    outages: createOutageStore(connection),
    lock: createManagerLock(lockSlot(connection), deps),
    archive: {
      budgets: () => budgets.find(),
      secrets: () => secrets.find(),
      constants: () => constants.find(),
    },

    async constant(name, make) {
      const known = await constants.get(name)
      if (known) return known.value
      const value = make()
      const isOurs = await connection.on('write constants', collections.constants, (collection) =>
        collection.insertOne({ _id: name, name, value }).then(
          () => true,
          (error) => {
            if (isDuplicate(error)) return false
            throw error
          },
        ),
      )
      return isOurs ? value : ((await constants.get(name))?.value ?? value)
    },

    ping: () => ping(connection, deps.clock),
    close: () => connection.close(),
  }
}

async function ping(connection: Connection, clock: Clock): Promise<{ latencyMs: number }> {
  const startedMs = clock.monotonicMs()
  await connection.run('answer', (db) => db.command({ ping: 1 }))
  return { latencyMs: clock.monotonicMs() - startedMs }
}

function createGatewayStore(connection: Connection): GatewayStore {
  const gateways = createTable<GatewayRecord>(connection, collections.gateways, {
    idOf: ({ followerId }) => followerId,
  })
  return {
    list: () => gateways.find(),
    get: (followerId) => gateways.get(followerId),
    put: (record) => gateways.put(record),
    delete: (followerId) => gateways.delete(followerId),
  }
}

function createLeaseStore(connection: Connection): LeaseStore {
  // No follower's id has a slash.
  const idOf = ({ followerId, purpose }: Pick<LeaseRecord, 'followerId' | 'purpose'>) =>
    `${followerId}/${purpose}`
  const leases = createTable<LeaseRecord>(connection, collections.leases, { idOf })
  return {
    list: (followerId) => leases.find(followerId === undefined ? {} : { followerId: String(followerId) }),
    put: (lease) => leases.put(lease),
    delete: (followerId, purpose) => leases.delete(idOf({ followerId, purpose })),
  }
}
