import t from 'tap'
import {
  findToken,
  hashToken,
  hasRole,
  makeToken,
  parseTokens,
  type Role,
  roles,
  tokenLine,
} from '../../src/doors/tokens.ts'

const hex = (digit: string) => digit.repeat(64)

t.test('entries by line or comma, comments and empty lines aside', async (t) => {
  const text = `# desk: anna, bob\n\nanna:admin:${hex('a')}, bob:viewer:${hex('B')}\r\n  carl : operator : ${hex('c')}  \n,`
  const { tokens, faults } = parseTokens(text)
  t.strictSame(faults, [])
  t.strictSame(tokens.map(tokenLine), [
    `anna:admin:${hex('a')}`,
    `bob:viewer:${hex('b')}`,
    `carl:operator:${hex('c')}`,
  ])
  t.strictSame(parseTokens(''), { tokens: [], faults: [] })
})

t.test('what is no entry is named by its line and never quoted', async (t) => {
  const bad = [
    'ibgm_canary',
    `canary:boss:${hex('a')}`,
    `canary:admin:${hex('a')}a`,
    `canary:admin:${hex('g')}`,
    `local:admin:${hex('a')}`,
    `manager:admin:${hex('a')}`,
    `nobody:admin:${hex('a')}`,
    `-canary:admin:${hex('a')}`,
    `can/ary:admin:${hex('a')}`,
    `${'c'.repeat(64)}:admin:${hex('a')}`,
    `:admin:${hex('a')}`,
  ]
  for (const entry of bad) {
    const { tokens, faults } = parseTokens(`anna:admin:${hex('1')}\n${entry}`)
    t.equal(tokens.length, 1, entry)
    t.strictSame(faults, ['line 2 is not name:role:<sha256 hex>'])
  }
  t.strictSame(parseTokens(`a:viewer:${hex('1')}\na:admin:${hex('2')}\nb:admin:${hex('1')}`).faults, [
    'line 2 repeats a name',
    'line 3 repeats a token',
  ])
})

t.test('a token is found by its hash alone, and never an empty one', async (t) => {
  const token = makeToken()
  t.match(token, /^ibgm_[A-Za-z0-9_-]{43}$/)
  t.not(makeToken(), token)
  const empty = { name: 'empty', role: 'admin', hash: hashToken('') } as const
  const anna = { name: 'anna', role: 'viewer', hash: hashToken(token) } as const
  t.equal(findToken([empty, anna], token), anna)
  for (const other of [
    '',
    `${token}x`,
    token.slice(1),
    token.toUpperCase(),
    hashToken(token).toString('hex'),
  ])
    t.equal(findToken([empty, anna], other), undefined, other)
  // sha256sum's own example (FIPS 180-2, B.1).
  t.match(hashToken('abc').toString('hex'), /^ba7816bf8f01cfea414140de5dae2223/)
})

t.test('each role may do what those before it may', async (t) => {
  const may = (role: Role) =>
    roles.filter((needed) => hasRole({ name: 'x', role, hash: hashToken('x') }, needed))
  t.strictSame(roles.map(may), [['viewer'], ['viewer', 'operator'], ['viewer', 'operator', 'admin']])
})
