// The lock of a bar file: who holds it clears away drafts, and may meet one of somebody who is about to ask for the lock.
import { join } from 'node:path'
import t from 'tap'
import { withLock } from '../../../src/adapters/csv/lock-file.ts'
import { removeDrafts } from '../../../src/adapters/csv/replace.ts'
import { readProcesses } from '../../../src/adapters/embedded/processes.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import { testFolder } from '../../test-folder.ts'

t.test('whose draft of a lock is cleared away asks again', async (t) => {
  const path = join(testFolder(t), '1m.csv')
  const deps = { clock: systemClock(), processes: readProcesses() }
  let isOver = false
  const clearing = (async () => {
    while (!isOver) await removeDrafts(path)
  })()
  let held = 0
  for (let n = 0; n < 300; n++) await withLock(path, deps, async () => void held++)
  isOver = true
  await clearing
  t.equal(held, 300)
})
