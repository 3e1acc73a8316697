// `ibgm token create`: the token on the terminal this once, its line in a file.
import { createHash } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parseTokens } from '../../src/doors/tokens.ts'
import { testFolder } from '../test-folder.ts'
import { ibgm } from './harness.ts'

const create = (...words: string[]) => ibgm(['token', 'create', ...words])

t.test('the token once, and the line that knows it', async (t) => {
  const { code, stdout } = await create('--name', 'anna', '--role', 'operator')
  t.equal(code, 0)
  const [token = '', ...others] = stdout.match(/ibgm_[\w-]{43}/g) ?? []
  t.strictSame(others, [])
  const hash = createHash('sha256').update(token).digest('hex')
  t.match(stdout, new RegExp(`^ {2}anna:operator:${hash}$`, 'm'))
  const json = JSON.parse((await create('--name', 'anna', '--role', 'operator', '--json')).stdout)
  t.match(json, { name: 'anna', role: 'operator', token: /^ibgm_/, line: /^anna:operator:[0-9a-f]{64}$/ })
  t.not(json.token, token)
})

t.test('into a file that only its owner reads', async (t) => {
  const file = join(testFolder(t), 'tokens')
  await create('--name', 'anna', '--role', 'admin', '--file', file)
  t.equal((await stat(file)).mode & 0o777, 0o600)
  await writeFile(file, (await readFile(file, 'utf8')).trimEnd())
  const { stdout } = await create('--name', 'bob', '--role', 'viewer', '--file', file)
  const text = await readFile(file, 'utf8')
  t.strictSame(
    parseTokens(text).tokens.map(({ name }) => name),
    ['anna', 'bob'],
  )
  t.notMatch(text, /ibgm_/, 'never the token itself')
  t.match(stdout, `Its line, now in ${file}`)

  const again = await create('--name', 'bob', '--role', 'admin', '--file', file)
  t.equal(again.code, 1)
  t.match(again.stderr, /has a token named bob already\n {2}code: NAME_IN_USE\n {2}what to do: /)
  t.equal(await readFile(file, 'utf8'), text)
  t.notMatch(again.stdout, /ibgm_/)
})

t.test('many at once lose no line', async (t) => {
  const file = join(testFolder(t), 'tokens')
  const names = Array.from({ length: 20 }, (_, i) => `bot-${i}`)
  await Promise.all(names.map((name) => create('--name', name, '--role', 'viewer', '--file', file)))
  const { tokens, faults } = parseTokens(await readFile(file, 'utf8'))
  t.strictSame(faults, [])
  t.strictSame(tokens.map(({ name }) => name).sort(), names.sort())
})

t.test('what it refuses', async (t) => {
  const broken = join(testFolder(t, { tokens: 'canary\n' }), 'tokens')
  const rows: Array<[words: string[], code: number, says: RegExp]> = [
    [['--name', 'anna'], 2, /--role/],
    [['--role', 'admin'], 2, /--name/],
    [['--name', 'anna', '--role', 'boss'], 2, /viewer, operator, admin/],
    [['--name', 'an:na', '--role', 'admin'], 2, /"an:na" cannot name a token/],
    [['--name', 'local', '--role', 'admin'], 2, /cannot name a token/],
    [['--name', 'anna', '--role', 'admin', '--file', broken], 1, /is broken: line 1 is not/],
    [
      ['--name', 'anna', '--role', 'admin', '--file', '/no/such/folder/tokens'],
      1,
      /cannot be written \(ENOENT\)/,
    ],
  ]
  for (const [words, code, says] of rows) {
    const ran = await create(...words)
    t.equal(ran.code, code, words.join(' '))
    t.match(ran.stderr, says)
    t.notMatch(ran.stdout + ran.stderr, /ibgm_|canary/)
  }
})
