// Arbitrary headers, queries, paths and bodies: an answer below 500 that is a problem with a code, never a fault of ours.
import fc from 'fast-check'
import t from 'tap'
import { runs } from '../fuzz/runs.ts'
import { type Answer, testApp } from './app.ts'

const text = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      '"1"',
      'W/"1"',
      '*',
      '"',
      '""',
      '"1", "2"',
      '"999999999999999999"',
      ',',
      '1',
      '-1',
      '1e400',
      'NaN',
      'true',
    ],
    ...[
      '2026-11-20T00:00:00Z',
      '99999-01-01',
      '20261120',
      '../..',
      '%',
      '%00',
      '%ff',
      '__proto__',
      'null',
      '[]',
      '{}',
    ],
    'x'.repeat(5_000),
  ),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 10 }).filter((part) => !/[\ud800-\udfff]/.test(part)),
)
/** What Node lets a client put into a header. */
const header = text.map((value) => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?'))

const isOurs = ({ status, text: shown, body }: Answer) =>
  status < 500 && (status < 400 || typeof body?.code === 'string') && !shown.includes('node_modules')

t.test('If-Match', async (t) => {
  const { call } = await testApp(t)
  await call('POST', '/followers', { id: 'alice' })
  await fc.assert(
    fc.asyncProperty(header, fc.constantFrom('PATCH', 'DELETE', 'GET'), async (value, method) => {
      const answer = await call(method, '/followers/alice', method === 'PATCH' ? { name: 'A' } : undefined, {
        'if-match': value,
        'if-none-match': value,
        'last-event-id': value,
        authorization: value,
      })
      if (method === 'DELETE') await call('POST', '/followers', { id: 'alice' })
      return isOurs(answer)
    }),
    runs(200),
  )
})

t.test('queries and paths', async (t) => {
  const { call } = await testApp(t)
  const path = fc.constantFrom(
    ...[
      '/followers',
      '/gateways',
      '/events',
      '/alerts',
      '/bars/AAPL/1m',
      '/gaps',
      '/series',
      '/gateways/alice/timeline',
    ],
    ...['/gateways/alice', '/leases', '/system', '/status'],
  )
  const key = fc.constantFrom(
    'limit',
    'cursor',
    'since',
    'until',
    'start',
    'end',
    'followerId',
    'type',
    'hours',
    'format',
    'wait',
    '__proto__',
    'x',
  )
  const query = fc.array(fc.tuple(key, text), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(path, query, text, async (to, pairs, tail) => {
      const search = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
      return (
        isOurs(await call('GET', `${to}?${search}`)) &&
        isOurs(await call('GET', `${to}/${encodeURIComponent(tail)}`))
      )
    }),
    runs(200),
  )
})

t.test('bodies: any JSON, any bytes, and brackets as deep as a megabyte goes', async (t) => {
  const { app, call } = await testApp(t)
  await call('POST', '/followers', { id: 'alice' })
  const json = { 'content-type': 'application/json' }
  const routes = fc.constantFrom(
    ...[
      ['POST', '/followers'],
      ['PATCH', '/followers/alice'],
      ['PUT', '/followers/alice/credentials'],
    ],
    ...[
      ['POST', '/leases'],
      ['POST', '/gateways/alice/launch'],
      ['PUT', '/series'],
      ['POST', '/alerts/x/acknowledge'],
    ],
  )
  const deep = fc.constantFrom(
    '['.repeat(500_000) + ']'.repeat(500_000),
    `${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}`,
  )
  const follower = fc.dictionary(
    fc.constantFrom('id', 'name', 'enabled', 'labels', 'settings', 'tradingMode', '__proto__', 'constructor'),
    fc.jsonValue({ maxDepth: 3 }),
  )
  const body = fc.oneof(
    { weight: 5, arbitrary: fc.json() },
    { weight: 5, arbitrary: follower.map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: deep },
  )
  await fc.assert(
    fc.asyncProperty(routes, body, async ([method = '', path = ''], payload) => {
      const answer = await app.inject({
        method: method as 'POST',
        url: `/api/v1${path}`,
        headers: json,
        payload,
      })
      return answer.statusCode < 500 && (answer.statusCode < 400 || typeof answer.json().code === 'string')
    }),
    runs(200),
  )
  t.notOk('polluted' in {})
})
