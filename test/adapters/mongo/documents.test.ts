// What the store does to documents that people and other programs write too, on a real server.
import { ObjectId } from 'mongodb'
import t from 'tap'
import type { Follower } from '../../../schemas/follower.ts'
import { readProcesses } from '../../../src/adapters/embedded/processes.ts'
import { isFleetError } from '../../../src/ports/errors.ts'
import type { Log } from '../../../src/ports/log.ts'
import { processes } from '../../contracts/manager-lock.ts'
import { follower, never } from '../../contracts/stores.ts'
import { gate } from '../../integration-gate.ts'
import { log, mongoSubject, openStores } from './subject.ts'

const seed = { vault_secret_ref: 'ibkr/follower_123', enabled: true, state: 'ACTIVE' }

if (await gate(t, 'mongo')) {
  t.test("the seed's document, changed, keeps all else as it was", async (t) => {
    const subject = await mongoSubject(t)
    const { followers } = await subject.open()
    const { insertedId } = await subject.db
      .collection('followers')
      .insertOne({ id: 'follower_123', ...seed, broker: { fee: 1 } })
    const before = await followers.get('follower_123')
    t.match(before, { vaultSecretRef: 'ibkr/follower_123', tradingMode: 'paper', revision: 0 })
    const at = new Date('2026-02-01T00:00:00Z')
    const next: Follower = {
      ...follower('x'),
      ...before,
      state: 'DISABLED',
      updatedAt: at.toISOString(),
      revision: 1,
    }
    await followers.replace(next, 0)
    t.strictSame(await subject.db.collection('followers').findOne({ _id: insertedId }), {
      _id: insertedId,
      id: 'follower_123',
      ...seed,
      state: 'DISABLED',
      broker: { fee: 1 },
      updated_at: at,
      revision: 1,
    })
    t.strictSame((await followers.list()).followers, [next])
    await t.rejects(followers.insert(follower('follower_123')), { code: 'FOLLOWER_EXISTS' })
    t.equal(await followers.delete('follower_123'), true)
    t.equal(await subject.followers.countDocuments(), 0)
  })

  t.test('an edit by hand between reading and writing is kept', async (t) => {
    const subject = await mongoSubject(t)
    const { followers } = await subject.open()
    await followers.insert(follower('anna', { labels: { 'app.name': 'bot' } }))
    await subject.followers.updateOne({ _id: 'anna' }, { $set: { enabled: false, 'labels.team': 'red' } })
    const edited = await followers.get('anna')
    t.match(edited, { enabled: false, labels: { 'app.name': 'bot', team: 'red' }, revision: 0 })
    await followers.replace({ ...follower('anna'), ...edited, name: 'Anna', revision: 1 }, 0)
    t.match(await subject.followers.findOne({ _id: 'anna' }), { enabled: false, name: 'Anna', revision: 1 })
    await subject.followers.updateOne({ _id: 'anna' }, { $set: { revision: 5 } })
    await t.rejects(followers.replace(follower('anna', { revision: 2 }), 1), { message: /revision 5, not 1/ })
  })

  t.test('two documents of one follower: one counts, the other is told', async (t) => {
    const subject = await mongoSubject(t)
    await subject.db.collection('followers').insertMany([
      { _id: new ObjectId(), id: 'anna', ...seed, name: 'first' },
      { _id: new ObjectId(), id: 'anna', ...seed, name: 'second' },
      { _id: new ObjectId(), id: 'bert', ...seed },
      { _id: new ObjectId(), ...seed },
    ])
    const warned: object[] = []
    const listening: Log = { ...log, warn: (fields) => warned.push(fields) }
    const { database } = subject
    const { followers } = await openStores(t, {
      url: process.env.MONGODB_URL ?? '',
      database,
      log: listening,
    })
    const { followers: found, malformed } = await followers.list()
    t.strictSame(found.map(({ id }) => id).sort(), ['anna', 'bert'])
    t.match(malformed, [{ id: 'anna', message: /another document/ }, { message: /`id`/ }])
    t.strictSame(
      await followers.get('anna'),
      found.find(({ id }) => id === 'anna'),
    )
    t.match(warned, [{ collection: 'followers', key: { id: 1 } }], 'the index that could not be made')
    await t.rejects(followers.insert(follower('anna')), { code: 'FOLLOWER_EXISTS' })
    t.equal(await followers.delete('anna'), true)
    t.equal(await followers.get('anna'), null, 'both are gone')
  })

  t.test('operators in the place of ids are data', async (t) => {
    const subject = await mongoSubject(t)
    const stores = await subject.open()
    await stores.followers.insert(follower('anna'))
    await stores.secrets.put('anna', 'sealed')
    await stores.events.append({
      id: '1',
      at: '2026-01-05T12:00:00.000Z',
      type: 'x',
      message: '',
      followerId: 'anna',
    })
    for (const shape of [{ $gt: '' }, { $ne: null }, { $regex: '.*' }, [], null, 5]) {
      const id = shape as unknown as string
      t.equal(await stores.followers.get(id), null)
      t.equal(await stores.followers.delete(id), false)
      t.equal(await stores.secrets.get(id), null)
      await stores.secrets.delete(id)
      t.strictSame(await stores.leases.list(id), [])
      t.strictSame(await stores.events.list({ followerId: id, limit: 5 }), [])
      t.strictSame(await stores.events.list({ since: { $gt: '' } as unknown as string, limit: 5 }), [])
    }
    t.equal(await stores.secrets.get('anna'), 'sealed')
    t.ok(await stores.followers.get('anna'))
    await stores.events.append({
      id: '2',
      at: '2026-01-05T12:00:01.000Z',
      type: 'x',
      message: '',
      data: { $where: 'sleep(1)', 'a.b': { $gt: '' } },
    })
    t.match(await stores.events.list({ since: '1', limit: 5 }), [
      { data: { $where: 'sleep(1)', 'a.b': { $gt: '' } } },
    ])
  })

  t.test('two managers on one database', async (t) => {
    const subject = await mongoSubject(t)
    const first = await subject.open({ processes: readProcesses() })
    const second = await subject.open({ processes: processes({ host: 'another' }) })
    const outcomes = await Promise.allSettled([
      first.lock.acquire('manager-1', never),
      second.lock.acquire('manager-2', AbortSignal.timeout(500)),
    ])
    t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1, 'at the same moment, one wins')
    await first.lock.release()
    await second.lock.release()

    await first.lock.acquire('manager-1', never)
    const refused = second.lock.acquire('manager-2', never)
    await t.rejects(refused, {
      code: 'STORE_LOCKED',
      message: new RegExp(`${subject.database} is held by manager manager-1, process ${process.pid} on `),
    })
    await first.lock.release()
    await subject.db.collection('locks').insertOne({ damaged: true, _id: 'manager' as unknown as ObjectId })
    const damaged = second.lock.acquire('manager-2', AbortSignal.timeout(200))
    await damaged.catch((error) => t.notOk(isFleetError(error), 'it waits for a sign of life'))
  })

  t.test('5,000 followers', async (t) => {
    const subject = await mongoSubject(t)
    const { followers } = await subject.open()
    const documents = Array.from({ length: 5_000 }, (_, n) => ({ _id: `f${n}`, ...seed }))
    await subject.followers.insertMany(documents)
    const heapBefore = process.memoryUsage().heapUsed
    const startedMs = performance.now()
    const { followers: found } = await followers.list()
    const tookMs = performance.now() - startedMs
    t.equal(found.length, 5_000)
    t.ok(tookMs < 2_000, `read in ${Math.round(tookMs)} ms`)
    t.ok(process.memoryUsage().heapUsed - heapBefore < 100 * 2 ** 20)
  })
}
