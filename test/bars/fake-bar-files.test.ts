// The fake keeps the promises of the real thing.
import t from 'tap'
import { barFilesContract } from '../contracts/bar-files.ts'
import { FakeBarFiles } from './fake-bar-files.ts'

barFilesContract(t, async () => {
  const files = new FakeBarFiles()
  return {
    files,
    damage: async (name) => files.damage(name),
    remove: async (name) => files.remove(name),
  }
})

t.test('troubles come and go', async (t) => {
  const files = new FakeBarFiles()
  const name = { symbol: 'AAPL', timeframe: '1m' } as const
  const bar = { timeMs: 0, open: 1, high: 1, low: 1, close: 1, volume: -1 }
  files.lock(name)
  await t.rejects(files.merge(name, [bar]), { code: 'BAR_FILE_LOCKED' })
  files.mend(name)
  files.setDiskFull(true)
  await t.rejects(files.merge(name, [bar]), { code: 'BARS_DIR_UNUSABLE' })
  files.setDiskFull(false)
  t.strictSame(await files.merge(name, [bar]), { added: 1, changed: 0 })
  t.strictSame(files.calls, ['merge AAPL 1m', 'merge AAPL 1m', 'merge AAPL 1m'])
})
