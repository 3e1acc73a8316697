// Who may read a secret of the first run, and that it stays the same.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { SecretFiles } from '../../src/first-run/secret-files.ts'
import { testFolder } from '../test-folder.ts'

t.test('one reader, the same secret for ever', async (t) => {
  const folder = testFolder(t)
  const files = new SecretFiles({ folder })
  // Only root can give a file away.
  const owner = process.getuid?.() === 0 ? 1000 : (process.getuid?.() ?? 0)
  t.equal(files.read('password'), undefined)
  t.equal(
    files.keep('password', () => 'first', owner),
    'first',
  )
  t.equal(
    files.keep('password', () => 'second', owner),
    'first',
  )
  const { mode, uid } = statSync(join(folder, 'password'))
  t.strictSame({ mode: mode & 0o777, uid }, { mode: 0o400, uid: owner })
  files.write('password', 'changed', owner)
  t.equal(files.read('password'), 'changed')
})
