// Folders that cannot be used: named, explained, and never a crash of the process.
import { readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dataDirUnusable } from '../../../src/adapters/embedded/data-dir.ts'
import { openEmbeddedStores } from '../../../src/adapters/embedded/stores.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import { processes } from '../../contracts/manager-lock.ts'
import { testFolder } from '../../test-folder.ts'
import { log } from './subject.ts'

function open(dataDir: string) {
  const onLockLost = (error: Error) => t.fail(error.message)
  return openEmbeddedStores({ dataDir, clock: systemClock(), log, processes: processes(), onLockLost })
}

t.test('unusable folders', async (t) => {
  const dir = testFolder(t, {
    file: 'x',
    blocked: { 'store.mdb': {} },
    foreign: { 'store.mdb': 'no store'.repeat(2000) },
  })
  const unusable: Record<string, RegExp> = {
    [join(dir, 'file')]: /file cannot be used: .*not a folder.*Set DATA_DIR/,
    [join(dir, 'file', 'below')]: /below cannot be used: .*not a folder/,
    [join(dir, 'blocked')]: /store\.mdb cannot be used: a folder is where a file should be/,
    [join(dir, 'foreign')]: /store\.mdb is damaged or not a store of ours.*move it away/,
    ...(process.platform === 'linux' ? { '/proc/ibgm-data': /\/proc\/ibgm-data cannot be used: / } : {}),
  }
  for (const [path, message] of Object.entries(unusable))
    await t.rejects(open(path), { code: 'DATA_DIR_UNUSABLE', message }, path)
})

t.test('what the system refuses is told with a way out', async (t) => {
  const ways: Record<string, RegExp> = {
    EACCES: /^DATA_DIR \/data cannot be used: user .* Change its owner or mode/,
    EROFS: /read-only .* Set DATA_DIR to a folder that can be written/,
    ENOSPC: /disk is full .* Free some space/,
    EMFILE: /refused \(EMFILE\)/,
  }
  for (const [code, message] of Object.entries(ways))
    t.match(dataDirUnusable('/data', Object.assign(new Error('no'), { code })).message, message)
  t.match(dataDirUnusable('/data', { code: 28 }).message, /disk is full/, 'by number, as LMDB says it')
})

t.test('a store cut short is refused, an empty one is new, and the probe leaves nothing', async (t) => {
  const dir = testFolder(t)
  await (await open(dir)).close()
  t.strictSame(readdirSync(dir).sort(), ['store.mdb', 'store.mdb-lock'])
  const path = join(dir, 'store.mdb')
  truncateSync(path, 4096)
  await t.rejects(open(dir), { code: 'DATA_DIR_UNUSABLE', message: /damaged/ })
  truncateSync(path, 0)
  const stores = await open(dir)
  t.strictSame(await stores.gateways.list(), [])
  await stores.close()
})
