// Client leases: one id per purpose, none twice, kept after the end, taken over only when nothing else is left.
import fc from 'fast-check'
import t from 'tap'
import { Audit } from '../../../src/fleet/history/audit.ts'
import { LeaseDesk } from '../../../src/fleet/requests/lease-desk.ts'
import type { EventStore, LeaseRecord, LeaseStore } from '../../../src/ports/stores.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { keeperOf, runningKeeper } from '../keepers.ts'
import { container, silent } from '../looks.ts'

const bot = { actor: 'bot' }

function deskOf(range = { from: 1000, to: 1003 }) {
  const clock = new FakeClock()
  const records = new Map<string, LeaseRecord>()
  const store: LeaseStore = {
    list: async (followerId) => {
      await settle()
      return [...records.values()].filter(
        (lease) => followerId === undefined || lease.followerId === followerId,
      )
    },
    put: async (lease) => {
      await settle()
      records.set(`${lease.followerId} ${lease.purpose}`, lease)
    },
    delete: async (followerId, purpose) => {
      records.delete(`${followerId} ${purpose}`)
    },
  }
  const events = { append: async () => undefined } as unknown as EventStore
  const audit = new Audit({ events, clock, log: silent })
  return { clock, records, desk: new LeaseDesk({ store, clock, audit, range, random: () => 0 }) }
}
/** Its manager session has client id 1000. */
const up = runningKeeper()

t.test('what a lease says', async (t) => {
  const { desk } = deskOf()
  t.strictSame(await desk.lease(up, { purpose: 'bot', ttlSeconds: 60, readOnly: true }, bot), {
    clientId: 1001,
    host: '127.0.0.1',
    port: 4100,
    accounts: ['DU1'],
    readOnly: true,
    expiresAt: '2026-01-05T12:01:00.000Z',
  })
  t.match(await desk.lease(up, { purpose: 'other' }, bot), {
    clientId: 1002,
    readOnly: false,
    expiresAt: '2026-01-05T12:05:00.000Z',
  })
})

t.test('the same purpose has the same id, also asked at once, also after its end', async (t) => {
  const { desk, clock } = deskOf()
  const ask = () => desk.lease(up, { purpose: 'bot', ttlSeconds: 5 }, bot)
  const ids = (await Promise.all([ask(), ask(), ask()])).map(({ clientId }) => clientId)
  t.strictSame(ids, [1001, 1001, 1001])
  await clock.advance(10_000)
  await desk.lease(up, { purpose: 'second' }, bot)
  t.equal((await ask()).clientId, 1001)
})

t.test('the range is used up: 503, then the lease that ended first is taken over', async (t) => {
  const { desk, clock } = deskOf()
  for (const purpose of ['a', 'b', 'c']) await desk.lease(up, { purpose, ttlSeconds: 60 }, bot)
  await t.rejects(desk.lease(up, { purpose: 'd' }, bot), {
    code: 'CLIENT_ID_EXHAUSTED',
    retryAfterMs: 30_000,
  })
  await desk.release(up, 1002, bot)
  await clock.advance(1)
  await desk.release(up, 1001, bot)
  t.equal((await desk.lease(up, { purpose: 'd' }, bot)).clientId, 1002)
  t.equal(
    (await desk.lease(up, { purpose: 'b' }, bot)).clientId,
    1001,
    'b has lost its id and takes a free one',
  )
  const elsewhere = runningKeeper({ container: container({ clientId: 1003 }) })
  elsewhere.follower = { ...elsewhere.follower, id: 'f2' }
  t.equal(
    (await desk.lease(elsewhere, { purpose: 'd' }, bot)).clientId,
    1000,
    'every gateway has ids of its own',
  )
})

t.test('renew and release', async (t) => {
  const { desk, clock } = deskOf()
  const { clientId } = await desk.lease(up, { purpose: 'bot', ttlSeconds: 10 }, bot)
  t.match(await desk.renew(up, clientId, 60), { clientId, expiresAt: '2026-01-05T12:01:00.000Z' })
  await clock.advance(30_000)
  t.match(await desk.renew(up, clientId, 60), { clientId, expiresAt: '2026-01-05T12:01:30.000Z' })
  await t.rejects(desk.renew(keeperOf(), clientId, 60), { code: 'GATEWAY_NOT_RUNNING' })
  await clock.advance(60_000)
  await t.rejects(desk.renew(up, clientId, 60), { code: 'LEASE_NOT_FOUND' }, 'ended')
  await t.rejects(desk.renew(up, 4711, 60), { code: 'LEASE_NOT_FOUND' }, 'never was')
  await desk.lease(up, { purpose: 'bot' }, bot)
  t.match(await desk.renew(up, clientId, undefined), { expiresAt: '2026-01-05T12:06:30.000Z' })
  await desk.release(up, clientId, bot)
  await t.rejects(desk.release(up, clientId, bot), { code: 'LEASE_NOT_FOUND' }, 'once')
})

t.test('where a bot tells its health stays with its lease', async (t) => {
  const { desk, records } = deskOf()
  const healthUrl = 'http://127.0.0.1:8081/health'
  const { clientId } = await desk.lease(up, { purpose: 'bot', healthUrl }, bot)
  await desk.lease(up, { purpose: 'other' }, bot)
  await desk.renew(up, clientId, 60)
  t.strictSame(
    Array.from(records.values(), (record) => record.healthUrl),
    [healthUrl, undefined],
  )
})

t.test('only of a gateway that is RUNNING', async (t) => {
  const { desk, records } = deskOf()
  await t.rejects(desk.lease(keeperOf(), { purpose: 'bot' }, bot), {
    code: 'GATEWAY_NOT_RUNNING',
    retryAfterMs: 5000,
  })
  await t.rejects(desk.lease(runningKeeper({ session: null }), { purpose: 'bot' }, bot), {
    code: 'GATEWAY_NOT_RUNNING',
  })
  t.equal(records.size, 0)
})

t.test('bots that ask at once never share an id', async () => {
  const purposes = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(purposes, async (asked) => {
      const { desk } = deskOf({ from: 1000, to: 1006 })
      const leases = await Promise.all(
        asked.map(async (purpose) => [purpose, (await desk.lease(up, { purpose }, bot)).clientId] as const),
      )
      const byPurpose = new Map(leases)
      const consistent = leases.every(([purpose, id]) => byPurpose.get(purpose) === id && id !== 1000)
      return consistent && new Set(byPurpose.values()).size === byPurpose.size
    }),
    { numRuns: 30 },
  )
})

t.test('a wall clock that jumps never gives one id to two', async (t) => {
  for (const hours of [-2, 2]) {
    const { desk, clock } = deskOf()
    const { clientId } = await desk.lease(up, { purpose: 'bot' }, bot)
    clock.jumpWallClock(hours * 3_600_000)
    t.not((await desk.lease(up, { purpose: 'other' }, bot)).clientId, clientId)
    t.equal((await desk.lease(up, { purpose: 'bot' }, bot)).clientId, clientId, 'its own is given again')
  }
})
