// 5,000 follower records in MongoDB: what it costs a manager to read them again and again, and how soon a change made there is acted on.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { MongoClient } from 'mongodb'
import { emptyRecord } from '../src/fleet/reconcile/keeper.ts'
import { builtService, startService } from '../test/services/service.ts'
import { type Bench, NotHere } from './bench.ts'
import type { RecordsCosts, RecordsTask } from './records-process.ts'
import { atMost, type BenchRow, median } from './row.ts'

const database = 'ibgm-bench'

export async function run(bench: Bench): Promise<BenchRow[]> {
  const [count, reloads, changes] = bench.short ? [100, 1, 1] : [5_000, 7, 5]
  if (!builtService('mongo'))
    throw new NotHere('the MongoDB-protocol server is not built: .ci/services/build.sh mongo')
  const mongo = await startService('mongo')
  bench.defer(() => mongo.stop())
  const url = mongo.state.address
  const ids = await seed(url, count)

  const child = fork(fileURLToPath(new URL('records-process.js', import.meta.url)))
  bench.defer(() => void child.kill('SIGKILL'))
  const task: RecordsTask = { url, database, reloads, changed: ids.slice(0, changes) }
  child.send(task)
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the manager has ended')))
  const [costs] = (await Promise.race([once(child, 'message'), ended])) as [RecordsCosts]

  bench.say(`first load, nothing known in the process: ${(costs.loadMs / 1000).toFixed(1)} s`)
  return [
    atMost(`reload of ${count}, median of ${reloads}`, median(costs.reloadMs) / 1000, 's', 2),
    atMost('reload, slowest', Math.max(...costs.reloadMs) / 1000, 's', 2),
    atMost('memory (peak RSS) of all records, read again and again', costs.peakMb, 'MB', 100),
    atMost(`a changed record is acted on, slowest of ${changes}`, Math.max(...costs.changeMs) / 1000, 's', 5),
  ]
}

/** Records as others write them, in the seeds' field names, switched off; and that the manager has seen them before. */
async function seed(url: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `follower_${index + 1}`)
  const client = new MongoClient(url)
  try {
    const documents = ids.map((id) => ({
      _id: id,
      name: `Follower ${id}`,
      vault_secret_ref: `ibkr/${id}`,
      enabled: false,
      state: 'ACTIVE',
      trading_mode: 'paper',
      accounts: [],
      gateway: { autoRestartTime: '04:30 PM', javaHeapMb: 1024 },
      labels: { desk: 'bench' },
      created_at: new Date(),
      updated_at: new Date(),
      revision: 1,
    }))
    const gateways = ids.map((id) => ({
      ...emptyRecord(id),
      _id: id,
      seen: { enabled: false, state: 'ACTIVE' },
    }))
    const db = client.db(database)
    for (let at = 0; at < count; at += 500) {
      await db.collection<{ _id: string }>('followers').insertMany(documents.slice(at, at + 500))
      await db.collection<{ _id: string }>('gateways').insertMany(gateways.slice(at, at + 500))
    }
    return ids
  } finally {
    await client.close()
  }
}
