// The copy of followers beside a store elsewhere: it follows the store, and never loses a follower on the way.
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { readProcesses } from '../../../src/adapters/embedded/processes.ts'
import { openEmbeddedStores } from '../../../src/adapters/embedded/stores.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import { rememberedIn } from '../../../src/fleet/records/last-known.ts'
import type { Stores } from '../../../src/ports/stores.ts'
import { follower } from '../../contracts/stores.ts'
import { testFolder } from '../../test-folder.ts'

async function openCopy(t: Test) {
  const warnings: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) })
  const open = async (dataDir: string) => {
    const options = { dataDir, clock: systemClock(), log, processes: readProcesses(), onLockLost: () => {} }
    const stores = await openEmbeddedStores(options)
    t.teardown(() => stores.close())
    return stores
  }
  const folder = testFolder(t, { primary: {}, local: {} })
  const [primary, local]: Stores[] = [await open(`${folder}/primary`), await open(`${folder}/local`)]
  if (!primary || !local) throw new Error('two stores were opened')
  const copied = async () => (await local.followers.list()).followers
  return { primary, local, copied, warnings, log }
}

t.test('a record that is written while all are read is copied without a word', async (t) => {
  const { primary, local, copied, warnings, log } = await openCopy(t)
  const stores = rememberedIn(local, primary, log)
  await stores.followers.insert(follower('a'))
  const next = follower('a', { name: 'Anna', revision: 1 })
  await Promise.all([stores.followers.list(), stores.followers.replace(next, 0), stores.followers.list()])
  await stores.followers.list()
  t.match(await copied(), [{ id: 'a', name: 'Anna' }])
  const another = rememberedIn(local, primary, log)
  await Promise.all([another.followers.list(), another.followers.list()])
  t.match(await copied(), [{ id: 'a', name: 'Anna' }])
  t.strictSame(warnings, [])
})

t.test('a copy that cannot be written leaves the one before', async (t) => {
  const { primary, local, copied, warnings, log } = await openCopy(t)
  await rememberedIn(local, primary, log).followers.insert(follower('a'))
  const full = async () => Promise.reject(new Error('the disk is full'))
  const onFullDisk = { ...local, followers: { ...local.followers, insert: full, replace: full } }
  const stores = rememberedIn(onFullDisk, primary, log)
  await stores.followers.replace(follower('a', { name: 'Anna', revision: 1 }), 0)
  t.match(await copied(), [{ id: 'a', revision: 0 }])
  t.equal(warnings.length, 1)
  t.match(await primary.followers.get('a'), { name: 'Anna' })
})

t.test('a follower that is no more is forgotten', async (t) => {
  const { primary, local, copied, log } = await openCopy(t)
  const stores = rememberedIn(local, primary, log)
  await stores.followers.insert(follower('a'))
  await stores.followers.insert(follower('b'))
  await stores.followers.list()
  await primary.followers.delete('a')
  await stores.followers.list()
  t.match(await copied(), [{ id: 'b' }])
  t.equal((await copied()).length, 1)
})
