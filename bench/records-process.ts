// The measured side of bench/records-reload: a manager over MongoDB that runs nothing, and what it takes to keep its followers known.
import { randomBytes } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { readProcesses } from '../src/adapters/embedded/processes.ts'
import { ibConnector } from '../src/adapters/ib/connector.ts'
import { openMongoStores } from '../src/adapters/mongo/stores.ts'
import { createSimulatedRuntime } from '../src/adapters/simulated/runtime.ts'
import { createStoredCredentials } from '../src/adapters/stored-credentials/credentials.ts'
import { systemClock } from '../src/adapters/system-clock.ts'
import { parseConfig } from '../src/config.ts'
import { GatewayManager } from '../src/fleet/manager.ts'
import type { Log } from '../src/ports/log.ts'
import type { Stores } from '../src/ports/stores.ts'
import { fleetSettings } from '../src/server/fleet-settings.ts'

export interface RecordsTask {
  readonly url: string
  readonly database: string
  readonly reloads: number
  /** Records that are switched on behind the manager's back, one after the other. */
  readonly changed: readonly string[]
}

export interface RecordsCosts {
  /** From nothing known, and from knowing them all. */
  readonly loadMs: number
  readonly reloadMs: readonly number[]
  /** Above what the process had with the database open and no record read. */
  readonly peakMb: number
  readonly changeMs: readonly number[]
}

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }
const clock = systemClock()
const peakMb = () => process.resourceUsage().maxRSS / 1024

process.once('message', async ({ url, database, reloads, changed }: RecordsTask) => {
  const stores = await openMongoStores({
    url,
    database,
    clock,
    log: quiet,
    processes: readProcesses(),
    onLockLost: () => {},
  })
  await stores.ping()
  const emptyMb = peakMb()
  const reloadMs: number[] = []
  const manager = managerOn(
    timed(stores, (ms) => reloadMs.push(ms)),
    url,
  )
  const startedAt = performance.now()
  await manager.load()
  const loadMs = performance.now() - startedAt
  reloadMs.length = 0
  await manager.start()
  await until(() => reloadMs.length >= reloads)
  const costs = { loadMs, reloadMs: reloadMs.slice(0, reloads), peakMb: peakMb() - emptyMb }

  const client = new MongoClient(url)
  const followers = client.db(database).collection<{ _id: string }>('followers')
  const changeMs: number[] = []
  for (const id of changed) {
    const changedAt = performance.now()
    await followers.updateOne({ _id: id }, { $set: { enabled: true } })
    // Without credentials it cannot be launched, and says so: the reconciler has had it.
    await until(() => manager.gatewayStatus(id).reason?.code === 'CREDENTIALS_MISSING')
    changeMs.push(performance.now() - changedAt)
  }
  await client.close()
  await manager.stop()
  await stores.close()
  process.send?.({ ...costs, changeMs } satisfies RecordsCosts)
  process.disconnect?.()
})

/** As the product configures it by itself. */
function managerOn(stores: Stores, url: string): GatewayManager {
  const { config } = parseConfig({ RUNTIME: 'simulated', MONGODB_URL: url })
  return new GatewayManager({
    settings: fleetSettings(config),
    stores,
    runtime: createSimulatedRuntime({ clock, log: quiet }),
    credentials: createStoredCredentials({ secrets: stores.secrets, key: randomBytes(32), clock }),
    connector: ibConnector(),
    sinks: [],
    clock,
    log: quiet,
    version: '0.0.0',
    managerId: 'bench',
    digestKey: randomBytes(32).toString('base64'),
    dataDir: '.',
  })
}

/** Tells how long each reading of the records takes, the comparison with what is known included: that follows in the same turn. */
function timed(stores: Stores, tell: (ms: number) => void): Stores {
  const { followers } = stores
  const list = async () => {
    const startedAt = performance.now()
    const found = await followers.list()
    setImmediate(() => tell(performance.now() - startedAt))
    return found
  }
  return { ...stores, followers: { ...followers, list } }
}

async function until(arrived: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 120_000
  while (!arrived()) {
    if (performance.now() > giveUpAt) throw new Error('what the bench waits for does not come')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
