import { rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { TokenBook } from '../../src/doors/token-book.ts'
import { hashToken, parseTokens } from '../../src/doors/tokens.ts'
import { FakeClock } from '../fake-clock.ts'
import { testFolder } from '../test-folder.ts'

const line = (name: string, role = 'viewer') =>
  `${name}:${role}:${hashToken(`token of ${name}`).toString('hex')}\n`

async function bookOf(t: Test, text: string) {
  const file = join(testFolder(t), 'tokens')
  await writeFile(file, text)
  const clock = new FakeClock()
  const logged: Array<Record<string, unknown>> = []
  const log = pino({}, { write: (entry: string) => void logged.push(JSON.parse(entry)) })
  const book = new TokenBook({ tokens: parseTokens(text).tokens, file, clock, log })
  return {
    file,
    clock,
    logged,
    knows: (name: string) => book.find(`token of ${name}`) !== undefined,
    role: (name: string) => book.find(`token of ${name}`)?.role,
    /** One look later. */
    later: () => clock.advance(100),
  }
}

t.test('granted, revoked and changed at once, without a restart', async (t) => {
  const { file, knows, role, later, logged } = await bookOf(t, line('anna') + line('bob'))
  t.strictSame([knows('anna'), knows('bob'), knows('carl')], [true, true, false])
  await writeFile(file, line('anna', 'admin') + line('carl'))
  await later()
  t.strictSame([role('anna'), knows('bob'), knows('carl')], ['admin', false, true])
  t.match(logged, [{ level: 30, granted: ['anna', 'carl'], revoked: ['anna', 'bob'] }])
  await writeFile(`${file}.new`, line('bob'))
  await rename(`${file}.new`, file)
  await later()
  t.strictSame([knows('anna'), knows('bob')], [false, true], 'a file put in its place is seen too')
  await writeFile(file, '# nobody\n')
  await later()
  t.notOk(knows('bob'), 'an empty list lets nobody in')
})

t.test('the file is looked at ten times a second at most', async (t) => {
  const { file, knows, clock } = await bookOf(t, line('anna'))
  t.ok(knows('anna'))
  await writeFile(file, line('bob'))
  await clock.advance(99)
  t.ok(knows('anna'))
  await clock.advance(1)
  t.notOk(knows('anna'))
})

t.test('a broken or missing file changes nothing, and is told once', async (t) => {
  const { file, knows, later, logged } = await bookOf(t, line('anna'))
  t.ok(knows('anna'))
  await writeFile(file, `${line('bob')}canary\n`)
  for (let look = 0; look < 3; look += 1) {
    await later()
    t.strictSame([knows('anna'), knows('bob')], [true, false])
  }
  await rm(file)
  for (let look = 0; look < 3; look += 1) {
    await later()
    t.ok(knows('anna'))
  }
  t.match(logged, [
    { level: 50, faults: ['line 2 is not name:role:<sha256 hex>'], msg: /broken/ },
    { level: 50, err: { code: 'ENOENT' }, msg: /cannot be read/ },
  ])
  t.equal(logged.length, 2)
  t.notMatch(JSON.stringify(logged), 'canary')
  await writeFile(file, line('bob'))
  await later()
  t.strictSame([knows('anna'), knows('bob')], [false, true], 'mended')
})

t.test('an edit of the same length counts', async (t) => {
  const { file, knows, later } = await bookOf(t, line('anna'))
  t.ok(knows('anna'))
  await writeFile(file, line('carl'))
  await utimes(file, 1, 1)
  await later()
  t.strictSame([knows('anna'), knows('carl')], [false, true])
})
