// --since: ages, times and event ids; anything else is wrong usage, not an empty answer.
import t from 'tap'
import { sincePlace } from '../../src/cli/since.ts'
import { ibgm, stubApi } from './harness.ts'

const now = Date.parse('2026-03-02T12:00:00Z')

t.test('an age is counted from now, a time is told in UTC, an id stays as it is', async (t) => {
  for (const [text, place] of [
    ['5m', '2026-03-02T11:55:00.000Z'],
    ['2h', '2026-03-02T10:00:00.000Z'],
    ['1d', '2026-03-01T12:00:00.000Z'],
    ['1.5s', '2026-03-02T11:59:58.500Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T10:00', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01T10:00:00Z', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01T10:00:00+02:00', '2026-03-01T08:00:00.000Z'],
    ['0mhx2q8ra-0003', '0mhx2q8ra-0003'],
  ] as const)
    t.equal(sincePlace(text, now), place, text)
})

t.test('anything else is wrong usage, and nobody is asked', async (t) => {
  const api = await stubApi(t, () => ({ body: { items: [] } }))
  for (const text of [
    'yesterday',
    '5',
    '5 m',
    '-5m',
    '2026-13-01',
    '2026-03-01T25:00Z',
    'e0',
    '9999999999d',
  ]) {
    const { code, stderr } = await ibgm(['events', `--since=${text}`, '--url', api.url])
    t.equal(code, 2, text)
    t.match(stderr, '--since takes an age')
  }
  t.same(api.asked, [])
})
