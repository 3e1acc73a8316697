// Values between our records and BSON, without a server.
import fc from 'fast-check'
import t from 'tap'
import { decode, encode, timestamp } from '../../../src/adapters/mongo/values.ts'

t.test('keys that servers refuse are escaped, and come back', async (t) => {
  const value = { 'app.kubernetes.io/name': 'bot', $cost: 1, '100%': [{ 'a.b': null }], '%2E': 'x' }
  const stored = encode(value)
  t.strictSame(stored, {
    'app%2Ekubernetes%2Eio/name': 'bot',
    '%24cost': 1,
    '100%25': [{ 'a%2Eb': null }],
    '%252E': 'x',
  })
  t.strictSame(decode(stored), value)
  t.strictSame(
    decode({ 'a.b': 1, '50% off': 2 }),
    { 'a.b': 1, '50% off': 2 },
    "people's own stay as they are",
  )
})

t.test('any JSON survives', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      t.strictSame(JSON.stringify(decode(encode(value))), JSON.stringify(value))
    }),
    { numRuns: 200 },
  )
})

t.test('times', async (t) => {
  const moment = '2026-01-05T12:00:00.000Z'
  for (const written of [new Date(moment), moment, '2026-01-05T12:00:00', '2026-01-05T13:00:00+01:00'])
    t.equal(timestamp(written), moment, String(written))
  for (const written of ['soon', 5, null, new Date(Number.NaN), {}]) t.equal(timestamp(written), undefined)
  t.strictSame(decode({ at: new Date(moment) }), { at: moment })
})
