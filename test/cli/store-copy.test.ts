// `ibgm store copy`: between folders, and to MongoDB and back where there is one.
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readProcesses } from '../../src/adapters/embedded/processes.ts'
import { openEmbeddedStores } from '../../src/adapters/embedded/stores.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { managerIdConstant, type Stores } from '../../src/ports/stores.ts'
import { log, mongoSubject } from '../adapters/mongo/subject.ts'
import { outage, seriesRecord } from '../contracts/market-data-stores.ts'
import { follower, never } from '../contracts/stores.ts'
import { gate } from '../integration-gate.ts'
import { testFolder } from '../test-folder.ts'
import { closedUrl, ibgm } from './harness.ts'

const moment = '2026-01-05T12:00:00.000Z'
const counts = {
  followers: 2,
  gateways: 1,
  leases: 2,
  budgets: 1,
  events: 1050,
  alerts: 1,
  constants: 2,
  secrets: 1,
  series: 3,
  outages: 2,
}

async function inStore<T>(dataDir: string, work: (stores: Stores) => Promise<T>): Promise<T> {
  const processes = readProcesses()
  const stores = await openEmbeddedStores({ dataDir, clock: systemClock(), log, processes, onLockLost() {} })
  try {
    return await work(stores)
  } finally {
    await stores.close()
  }
}

/** A folder with a store that has something of everything. */
async function filled(t: Test): Promise<string> {
  const dataDir = join(testFolder(t), 'from')
  await inStore(dataDir, async (stores) => {
    await stores.constant(managerIdConstant, () => 'manager-1')
    await stores.constant('digestKey', () => 'key')
    const labels = { 'app.kubernetes.io/name': 'bot', $x: '%' }
    await stores.followers.insert(follower('anna', { labels, gateway: { timeZone: 'UTC' }, revision: 3 }))
    await stores.followers.insert(follower('bert', { enabled: false }))
    await stores.gateways.put({
      followerId: 'anna',
      desired: 'running',
      seen: { enabled: true, state: 'ACTIVE' },
      hold: { code: 'CREDENTIALS_REJECTED', at: 5 },
      crashes: [1],
      clientId: 1000,
      hostPort: 4100,
      restarts: 2,
      secretHash: 'x',
    })
    for (const purpose of ['bot', 'Übersicht'])
      await stores.leases.put({ followerId: 'anna', purpose, clientId: 1, readOnly: true, expiresAt: 9 })
    await stores.budgets.put({ key: 'digest:paper', rejected: [1], starts: [2, 3] })
    await stores.secrets.put('anna', 'sealed')
    const empty = [{ fromMs: 0, toMs: 60_000, bars: 1, askedAt: 5 }]
    await stores.series.put(seriesRecord('BRK B', { empty }))
    await stores.series.put(seriesRecord('../x', { origin: 'file' }))
    await stores.series.put(seriesRecord('$x.y', { origin: 'ignored', timeframe: '1d' }))
    await stores.outages.put(outage('over', 100, 200))
    await stores.outages.put(outage('lasting', 150))
    await stores.alerts.put({
      id: 'a1',
      key: 'k',
      level: 'ERROR',
      code: 'CRASH_LOOP',
      title: 't',
      message: 'm',
      count: 1,
      raisedAt: moment,
      lastRaisedAt: moment,
      resolvedAt: moment,
    })
    const events = Array.from({ length: 1050 }, (_, n) =>
      stores.events.append({
        id: String(n).padStart(6, '0'),
        at: new Date(n * 1000).toISOString(),
        type: 'x',
        message: `event ${n}`,
        data: { 'a.b': n },
      }),
    )
    await Promise.all(events)
  })
  return dataDir
}

function contents(dataDir: string) {
  return inStore(dataDir, async (stores) => ({
    followers: await stores.followers.list(),
    gateways: await stores.gateways.list(),
    leases: await stores.leases.list(),
    events: await stores.events.list({ limit: 5000 }),
    alerts: await stores.alerts.list({ limit: 50 }),
    budgets: await stores.archive.budgets(),
    secrets: await stores.archive.secrets(),
    constants: await stores.archive.constants(),
    series: (await stores.series.list()).sort((a, b) => (a.symbol < b.symbol ? -1 : 1)),
    outages: await stores.outages.list(0),
  }))
}

t.test('from folder to folder, once and again', async (t) => {
  const from = await filled(t)
  const to = join(from, '..', 'to')
  const first = await ibgm(['store', 'copy', from, to, '--json'])
  t.equal(first.code, 0, first.stderr)
  t.strictSame(JSON.parse(first.stdout), { counts, skipped: [] })
  t.strictSame(await contents(to), await contents(from))

  await inStore(from, (stores) => stores.followers.replace(follower('anna', { name: 'new', revision: 4 }), 3))
  const again = await ibgm(['store', 'copy', from, 'embedded'], { env: { DATA_DIR: to } })
  t.equal(again.code, 0, again.stderr)
  t.match(again.stdout, /^followers +2\n[\s\S]*events +1050\n[\s\S]*series +3\noutages +2\nall copied\n$/)
  t.strictSame(await contents(to), await contents(from))
})

t.test('a store that a manager holds is left alone, on either side', async (t) => {
  const from = await filled(t)
  const to = join(from, '..', 'to')
  await inStore(to, async (held) => {
    await held.lock.acquire('manager-2', never)
    const tries = [ibgm(['store', 'copy', from, to]), ibgm(['store', 'copy', to, from])]
    for (const { code, stderr } of await Promise.all(tries)) {
      t.equal(code, 1)
      t.match(stderr, /held by manager manager-2[\s\S]*code: STORE_LOCKED[\s\S]*stop the manager/)
    }
    t.strictSame((await held.followers.list()).followers, [])
    await held.lock.release()
  })
  t.equal((await ibgm(['store', 'copy', from, to])).code, 0, 'and the locks are free again')
})

t.test("another manager's store is not mixed in", async (t) => {
  const from = await filled(t)
  const to = join(from, '..', 'to')
  await inStore(to, (stores) => stores.constant(managerIdConstant, () => 'manager-2'))
  const { code, stderr } = await ibgm(['store', 'copy', from, to])
  t.equal(code, 1)
  t.match(stderr, /another manager's: it has a manager-id[\s\S]*code: STORE_IN_USE/)
  t.strictSame((await contents(to)).followers, { followers: [], malformed: [] })
})

t.test('places that are none', async (t) => {
  const from = await filled(t)
  const usage: Array<[string[], RegExp]> = [
    [[from, from], /the same store/],
    [[from, 'nowhere'], /\.\/nowhere\?/],
    [[from, 'mongodb'], /MONGODB_URL is not set/],
    [[from, 'mongodb://me:k9-canary@db'], /holds a password/],
    [[from, 'mongodb://db:port'], /MONGODB_URL is not/],
  ]
  for (const [argv, message] of usage) {
    const { code, stderr } = await ibgm(['store', 'copy', ...argv])
    t.equal(code, 2, argv.join(' '))
    t.match(stderr, message)
    t.notMatch(stderr, /k9-canary/)
  }
  const missing = await ibgm(['store', 'copy', join(from, 'none'), 'embedded'])
  t.equal(missing.code, 1)
  t.match(missing.stderr, /there is no store in/)
  const MONGODB_URL = `mongodb://me:k9-canary@${(await closedUrl()).slice('http://'.length)}`
  const down = await ibgm(['store', 'copy', from, 'mongodb'], { env: { MONGODB_URL } })
  t.equal(down.code, 3)
  t.match(down.stderr, /code: STORE_UNAVAILABLE/)
  t.notMatch(down.stderr, /k9-canary/)
})

t.test('to MongoDB and back', async (t) => {
  if (!(await gate(t, 'mongo'))) return
  const from = await filled(t)
  const { database, followers } = await mongoSubject(t)
  const env = { MONGODB_URL: process.env.MONGODB_URL ?? '', MONGODB_DB: database }
  const there = await ibgm(['store', 'copy', from, 'mongodb', '--json'], { env })
  t.equal(there.code, 0, there.stderr)
  t.strictSame(JSON.parse(there.stdout), { counts, skipped: [] })
  t.match(await followers.findOne({ _id: 'anna' }), { trading_mode: 'paper', gateway: { time_zone: 'UTC' } })

  const back = join(from, '..', 'back')
  t.equal((await ibgm(['store', 'copy', 'mongodb', back], { env })).code, 0)
  t.strictSame(await contents(back), await contents(from), 'nothing is lost on the way')

  await followers.insertOne({ _id: 'carl', enabled: 'perhaps', state: 'ACTIVE' })
  const partly = await ibgm(['store', 'copy', 'mongodb', back], { env })
  t.equal(partly.code, 1)
  t.match(partly.stdout, /skipped +follower carl: .*enabled[\s\S]*1 record not copied/)
})
