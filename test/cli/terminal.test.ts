// What reaches a screen: columns, ages, and nothing that steers it.
import t from 'tap'
import { age, counted, duration, painter, printable, renderTable } from '../../src/cli/terminal.ts'

t.test('durations by their largest unit', async (t) => {
  for (const [ms, text] of [
    [-5, '0ms'],
    [42, '42ms'],
    [400, '0.4s'],
    [12_900, '12s'],
    [119_000, '119s'],
    [300_000, '5m'],
    [7_200_000, '2h'],
    [172_800_000, '2d'],
  ] as const) {
    t.equal(duration(ms), text)
  }
  const now = Date.parse('2026-01-01T00:00:10Z')
  t.equal(age('2026-01-01T00:00:08.5Z', now), '1s')
  t.equal(age('2026-01-01T00:00:20Z', now), '0s', 'a server whose clock is ahead')
  t.equal(age('whenever', now), '?')
  t.same([counted(1, 'gateway'), counted(0, 'gateway')], ['1 gateway', '0 gateways'])
})

t.test('printable text keeps letters, tabs and line ends, and drops what steers', async (t) => {
  for (const [raw, shown] of [
    ['é\t日\n', 'é\t日\n'],
    ['\x1b[1;31mred\x1b[0m', 'red'],
    ['\x1b]0;title\x07after', 'after'],
    ['\x1b]8;;http://x\x1b\\link', 'link'],
    ['a\rb\x00\x08\x7f\x9bc', 'abc'],
    ['abc\u202efed\u2069', 'abcfed'],
    ['lone \x1b', 'lone '],
  ] as const) {
    t.equal(printable(raw), shown, JSON.stringify(raw))
  }
})

t.test('a table pads by what is seen, not by its colours', async (t) => {
  const paint = painter({ write: () => {}, isTTY: true }, {})
  const rows = [[{ text: 'a', colour: 'red' as const }, 'x'], ['longer', ''], { note: 'hangs\nunder it' }]
  t.same(renderTable(['ID', 'WHAT'], rows, paint), [
    '\x1b[2mID\x1b[0m      \x1b[2mWHAT\x1b[0m',
    '\x1b[31ma\x1b[0m       x',
    'longer',
    '  hangs under it',
  ])
})
