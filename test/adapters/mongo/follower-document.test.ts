// A follower as people keep it in MongoDB, and as we know it; without a server.
import { ObjectId } from 'mongodb'
import t from 'tap'
import type { Follower } from '../../../schemas/follower.ts'
import {
  type FollowerDocument,
  followerChange,
  newDocument,
  readFollower,
} from '../../../src/adapters/mongo/follower-document.ts'
import { follower } from '../../contracts/stores.ts'

const seed = { vault_secret_ref: 'ibkr/follower_123', enabled: true, state: 'ACTIVE' }

function read(document: FollowerDocument): Follower {
  const outcome = readFollower(document)
  if ('follower' in outcome) return outcome.follower
  throw new Error(outcome.message)
}

function change(document: FollowerDocument, over: { [K in keyof Follower]?: Follower[K] | undefined }) {
  const before = read(document)
  const next = { ...before, ...over } as Follower
  for (const [field, value] of Object.entries(over))
    if (value === undefined) delete next[field as keyof Follower]
  return followerChange(document, before, next)
}

t.test("the seed's document is enough", async (t) => {
  const expected = {
    id: 'follower_123',
    vaultSecretRef: 'ibkr/follower_123',
    enabled: true,
    state: 'ACTIVE',
    tradingMode: 'paper',
    revision: 0,
  }
  const epoch = new Date(0).toISOString()
  t.strictSame(read({ _id: 'follower_123', ...seed }), { ...expected, createdAt: epoch, updatedAt: epoch })
  const born = new Date('2026-01-05T12:00:00Z')
  const key = ObjectId.createFromTime(born.getTime() / 1000)
  const withKey = read({ _id: key, id: 'follower_123', ...seed })
  t.strictSame(withKey, { ...expected, createdAt: born.toISOString(), updatedAt: born.toISOString() })
})

t.test('every field, and what others write beside', async (t) => {
  const document = {
    _id: new ObjectId(),
    id: 'anna',
    ...seed,
    state: 'DISABLED',
    name: null,
    trading_mode: 'live',
    accounts: ['U1234567'],
    gateway: { time_zone: 'Europe/Zurich', javaHeapMb: 512, twofa_device: null, colour: 'blue' },
    labels: { desk: 'one' },
    created_at: '2026-01-05T12:00:00',
    updated_at: new Date('2026-01-06T12:00:00Z'),
    revision: 7,
    broker: { fee: 1 },
  }
  t.strictSame(read(document), {
    id: 'anna',
    vaultSecretRef: 'ibkr/follower_123',
    enabled: true,
    state: 'DISABLED',
    tradingMode: 'live',
    accounts: ['U1234567'],
    gateway: { timeZone: 'Europe/Zurich', javaHeapMb: 512 },
    labels: { desk: 'one' },
    createdAt: '2026-01-05T12:00:00.000Z',
    updatedAt: '2026-01-06T12:00:00.000Z',
    revision: 7,
  })
})

t.test('what cannot be read says why, in the words of the document', async (t) => {
  const faults: Array<[FollowerDocument, string, RegExp]> = [
    [{ ...seed, _id: new ObjectId('65a000000000000000000000') }, '65a000000000000000000000', /`id`/],
    [{ ...seed, _id: 'x', id: 5 }, '5', /`id`/],
    [{ ...seed, _id: 'no spaces', trading_mode: 'paper' }, 'no spaces', /\/id/],
    [{ ...seed, _id: 'a', trading_mode: 'both' }, 'a', /^\/trading_mode /],
    [{ ...seed, _id: 'a', enabled: undefined }, 'a', /enabled/],
    [{ ...seed, _id: 'a', state: null }, 'a', /state/],
    [{ ...seed, _id: 'a', gateway: { java_heap_mb: 'much' } }, 'a', /^\/gateway\/java_heap_mb /],
    [{ ...seed, _id: 'a', gateway: [] }, 'a', /^\/gateway /],
    [{ ...seed, _id: 'a', created_at: 'soon' }, 'a', /created_at is not a time/],
    [{ ...seed, _id: 'a', revision: 1.5 }, 'a', /revision/],
    [{ ...seed, _id: 'a', labels: { a: 1 } }, 'a', /labels/],
  ]
  for (const [document, id, message] of faults)
    t.match(readFollower(document), { id, message }, String(message))
})

t.test('a new document reads as what it was made from', async (t) => {
  const full = follower('anna', {
    name: 'Ännä €',
    accounts: ['DU1234567'],
    vaultSecretRef: 'ibkr/anna',
    gateway: { timeZone: 'Europe/Zurich', readOnlyApi: true },
    labels: { 'app.name': 'x', $y: '%' },
  })
  const document = newDocument(full)
  t.match(document, { _id: 'anna', id: 'anna', gateway: { time_zone: 'Europe/Zurich', read_only_api: true } })
  t.ok(document.created_at instanceof Date)
  t.strictSame(read(document), full)
})

t.test('a change names only what changed', async (t) => {
  const document = { _id: 'anna', ...seed, created_at: '2026-01-05T12:00:00Z', note: 'ours alone' }
  const at = '2026-02-01T00:00:00.000Z'
  t.strictSame(change(document, { state: 'DISABLED', updatedAt: at, revision: 1 }), {
    $set: { state: 'DISABLED', updated_at: new Date(at), revision: 1 },
    $unset: {},
  })
  t.strictSame(
    change({ ...document, updated_at: at }, { updatedAt: `${at.slice(0, -5)}.001Z` }),
    {
      $set: { updated_at: '2026-02-01T00:00:00.001Z' },
      $unset: {},
    },
    'a time that was text stays text',
  )
  t.strictSame(change(document, { vaultSecretRef: undefined }), {
    $set: {},
    $unset: { vault_secret_ref: '' },
  })
  t.strictSame(change(document, {}), { $set: {}, $unset: {} })
})

t.test('settings change one by one, in the names that the document has', async (t) => {
  const document = { _id: 'anna', ...seed, gateway: { time_zone: 'UTC', javaHeapMb: 512, colour: 'blue' } }
  t.strictSame(change(document, { gateway: { javaHeapMb: 600, vnc: true } }), {
    $set: { 'gateway.javaHeapMb': 600, 'gateway.vnc': true },
    $unset: { 'gateway.time_zone': '' },
  })
  t.strictSame(
    change(document, { gateway: undefined }),
    { $set: {}, $unset: { 'gateway.time_zone': '', 'gateway.javaHeapMb': '' } },
    "a stranger's setting stays",
  )
  const ours = { ...document, gateway: { time_zone: 'UTC' } }
  t.strictSame(change(ours, { gateway: undefined }), { $set: {}, $unset: { gateway: '' } })
  t.strictSame(change({ _id: 'anna', ...seed }, { gateway: { readOnlyApi: true } }), {
    $set: { gateway: { read_only_api: true } },
    $unset: {},
  })
})
