// A process of its own for the tests of the embedded store: holds the locks, or writes as fast as it can, until it is killed.
import { createDataDirLock } from '../../../src/adapters/embedded/data-dir-lock.ts'
import { readProcesses } from '../../../src/adapters/embedded/processes.ts'
import { openEmbeddedStores } from '../../../src/adapters/embedded/stores.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import { follower } from '../../contracts/stores.ts'
import { log } from './subject.ts'

const [, , task, dataDir = ''] = process.argv
const onLockLost = (error: Error) => {
  throw error
}
const deps = { dataDir, clock: systemClock(), log, processes: readProcesses(), onLockLost }
const stores = await openEmbeddedStores(deps)

if (task === 'hold') {
  const { signal } = new AbortController()
  await createDataDirLock(deps).acquire('manager-1', signal)
  await stores.lock.acquire('manager-1', signal)
  console.log('held')
  setInterval(() => {}, 1000)
} else {
  const lanes = ['a', 'b', 'c'].map(async (lane) => {
    for (let n = 0; ; n++) {
      await stores.followers.insert(follower(`${lane}${n}`))
      // Straight to the pipe: what is printed is acknowledged.
      process.stdout.write(`${lane}${n}\n`)
    }
  })
  await Promise.all(lanes)
}
