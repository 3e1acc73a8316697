// The embedded store: everything the manager remembers, in one LMDB file under DATA_DIR.
import { createManagerLock, type LockDeps } from '../../ports/manager-lock.ts'
import type {
  GatewayRecord,
  GatewayStore,
  LeaseRecord,
  LeaseStore,
  LoginBudgetRecord,
  LoginBudgetStore,
  SealedSecretStore,
  StoreArchive,
  Stores,
} from '../../ports/stores.ts'
import { createAlertStore } from './alerts.ts'
import { constantsTable, Database, type Table } from './database.ts'
import { createEventStore } from './events.ts'
import { createFollowerStore } from './followers.ts'
import { lockSlot } from './manager-lock.ts'
import { createOutageStore, createSeriesStore } from './market-data.ts'

/** Opens (makes, on the first start) the store in `dataDir`; a second process may open it too, but not hold its lock. DATA_DIR_UNUSABLE. */
export async function openEmbeddedStores(deps: LockDeps & { readonly dataDir: string }): Promise<Stores> {
  const database = new Database(deps.dataDir)
  const constants = database.table<string>(constantsTable)
  return {
    kind: 'embedded',
    followers: createFollowerStore(database),
    gateways: createGatewayStore(database),
    leases: createLeaseStore(database),
    budgets: createBudgetStore(database),
    events: createEventStore(database),
    alerts: createAlertStore(database),
    secrets: createSecretStore(database),
    series: createSeriesStore(database),
    outages: createOutageStore(database),
    lock: createManagerLock(lockSlot(database, deps.dataDir), deps),
    archive: createArchive(database),

    async constant(name, make) {
      const known = await database.read(() => constants.get(name))
      if (known !== null) return known
      const made = make()
      return database.write(() => {
        const stored = constants.get(name)
        if (stored !== null) return stored
        constants.put(name, made)
        return made
      })
    },

    async ping() {
      const startedMs = deps.clock.monotonicMs()
      await database.read(() => constants.get('ping'))
      return { latencyMs: deps.clock.monotonicMs() - startedMs }
    },

    close: () => database.close(),
  }
}

function createGatewayStore(database: Database): GatewayStore {
  const gateways = database.table<GatewayRecord>('gateways')
  return {
    list: () => database.read(() => [...gateways.documents()]),
    get: (followerId) => database.read(() => gateways.get(followerId)),
    put: (record) => database.write(() => gateways.put(record.followerId, record)),
    delete: (followerId) => database.write(() => void gateways.remove(followerId)),
  }
}

function createLeaseStore(database: Database): LeaseStore {
  const leases = database.table<LeaseRecord>('leases')

  function* ofFollower(followerId: string): Generator<LeaseRecord> {
    for (const lease of leases.documents({ start: [followerId] })) {
      if (lease.followerId !== followerId) return
      yield lease
    }
  }

  return {
    list: (followerId) =>
      database.read(() => [...(followerId === undefined ? leases.documents() : ofFollower(followerId))]),
    put: (lease) => database.write(() => leases.put([lease.followerId, lease.purpose], lease)),
    delete: (followerId, purpose) => database.write(() => void leases.remove([followerId, purpose])),
  }
}

function createBudgetStore(database: Database): LoginBudgetStore {
  const budgets = database.table<LoginBudgetRecord>('login-budgets')
  return {
    get: (key) => database.read(() => budgets.get(key)),
    put: (record) => database.write(() => budgets.put(record.key, record)),
  }
}

function createSecretStore(database: Database): SealedSecretStore {
  const secrets = database.table<string>('secrets')
  return {
    get: (followerId) => database.read(() => secrets.get(followerId)),
    put: (followerId, sealed) => database.write(() => secrets.put(followerId, sealed)),
    delete: (followerId) => database.write(() => void secrets.remove(followerId)),
  }
}

function createArchive(database: Database): StoreArchive {
  const budgets = database.table<LoginBudgetRecord>('login-budgets')
  const secrets = database.table<string>('secrets')
  const constants = database.table<string>(constantsTable)

  function pairs(table: Table<string>): { key: string; value: string }[] {
    return [...table.entries()].map(({ key, text }) => ({ key: String(key), value: JSON.parse(text) }))
  }

  return {
    budgets: () => database.read(() => [...budgets.documents()]),
    secrets: () =>
      database.read(() => pairs(secrets).map(({ key, value }) => ({ followerId: key, sealed: value }))),
    constants: () => database.read(() => pairs(constants).map(({ key, value }) => ({ name: key, value }))),
  }
}
