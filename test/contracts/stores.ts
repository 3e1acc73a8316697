// What every store promises, as one suite that runs against each adapter.
import type { Test } from 'tap'
import type { Alert } from '../../schemas/alert.ts'
import type { FleetEvent } from '../../schemas/event.ts'
import type { Follower } from '../../schemas/follower.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { type FleetError, isFleetError } from '../../src/ports/errors.ts'
import type { Processes } from '../../src/ports/lock-holder.ts'
import type { GatewayRecord, LeaseRecord, Stores } from '../../src/ports/stores.ts'
import { lockContract } from './manager-lock.ts'
import { marketDataContract } from './market-data-stores.ts'

export interface OpenAs {
  readonly clock: Clock
  readonly processes: Processes
  readonly onLockLost: (error: FleetError) => void
}

/** One database, empty at first. What was opened is closed by the subject when the test ends. */
export interface StoresSubject {
  /** Opens the database once more, as this process or as another would. */
  open(as?: Partial<OpenAs>): Promise<Stores>
  /** Writes a follower's document past the store, as a person with a tool would: a good record, with `fields` on top. */
  plant(id: string, fields: Record<string, unknown>): Promise<void>
  /** One field of a follower's document as it is stored. */
  storedField(id: string, field: string): Promise<unknown>
}

export const never = new AbortController().signal

export function follower(id: string, over: Partial<Follower> = {}): Follower {
  const now = '2026-01-05T12:00:00.000Z'
  return {
    id,
    enabled: true,
    state: 'ACTIVE',
    tradingMode: 'paper',
    createdAt: now,
    updatedAt: now,
    revision: 0,
    ...over,
  }
}

export function storesContract(t: Test, makeSubject: (t: Test) => Promise<StoresSubject>): void {
  t.test('followers', async (t) => {
    const subject = await makeSubject(t)
    const { followers } = await subject.open()
    t.strictSame(await followers.list(), { followers: [], malformed: [] })
    t.equal(await followers.get('anna'), null)
    const anna = follower('anna', { labels: { desk: 'one' }, accounts: ['DU1234567'], name: 'Ännä €' })
    await followers.insert(anna)
    await t.rejects(followers.insert(follower('anna')), { code: 'FOLLOWER_EXISTS' })
    t.strictSame(await followers.get('anna'), anna)

    const disabled = follower('anna', { state: 'DISABLED', revision: 1 })
    await followers.replace(disabled, 0)
    t.strictSame(
      await followers.get('anna'),
      disabled,
      'a replaced record has no field left that it no longer names',
    )
    await t.rejects(followers.replace(disabled, 0), { code: 'REVISION_MISMATCH' })
    await t.rejects(followers.replace(follower('nobody'), 0), { code: 'FOLLOWER_NOT_FOUND' })

    t.equal(await followers.delete('anna'), true)
    t.equal(await followers.delete('anna'), false)
    t.equal(await followers.get('anna'), null)
  })

  t.test('of changes made on one revision, one wins', async (t) => {
    const { followers } = await (await makeSubject(t)).open()
    await followers.insert(follower('anna'))
    const changes = Array.from({ length: 20 }, (_, n) =>
      followers.replace(follower('anna', { revision: 1, name: `change ${n}` }), 0),
    )
    const outcomes = await Promise.allSettled(changes)
    t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected')
    t.ok(lost.every(({ reason }) => isFleetError(reason, 'REVISION_MISMATCH')))
  })

  t.test('what people put into the store', async (t) => {
    const subject = await makeSubject(t)
    const { followers } = await subject.open()
    await subject.plant('good', { note: 'ours alone' })
    await subject.plant('bad', { enabled: 'perhaps' })
    await subject.plant('old', { revision: undefined })
    const { followers: found, malformed } = await followers.list()
    t.strictSame(
      found.map(({ id }) => id).filter((id) => id !== 'old'),
      ['good'],
      'one bad record hides no other',
    )
    t.match(
      malformed.find(({ id }) => id === 'bad'),
      { id: 'bad', message: /enabled/ },
    )
    t.equal(await followers.get('bad'), null)
    t.notOk('note' in (found[0] ?? {}), 'a field that is not ours is not shown')

    await followers.replace(follower('good', { revision: 1 }), 0)
    t.equal(await subject.storedField('good', 'note'), 'ours alone', 'and not lost')
    await followers.replace(follower('old', { revision: 1 }), 0)
    t.match(await followers.get('old'), { revision: 1 }, 'a missing revision counts as 0')
    await t.rejects(followers.insert(follower('bad')), { code: 'FOLLOWER_EXISTS' })
    t.equal(await subject.storedField('bad', 'enabled'), 'perhaps', 'a malformed record is never changed')
  })

  t.test('ids are data, whatever they look like', async (t) => {
    const { followers } = await (await makeSubject(t)).open()
    for (const id of ['$gt', '__proto__', '../../etc', 'a.b', '"', '\u{1F600}'.repeat(15)])
      t.equal(await followers.get(id), null, id)
  })

  t.test('gateways', async (t) => {
    const { gateways } = await (await makeSubject(t)).open()
    const record: GatewayRecord = {
      followerId: 'anna',
      desired: 'running',
      seen: { enabled: true, state: 'ACTIVE' },
      hold: { code: 'CREDENTIALS_REJECTED', at: 5, secretHash: 'x' },
      crashes: [1, 2],
      secretHash: null,
      clientId: 1000,
      hostPort: null,
      restarts: 3,
    }
    await gateways.put(record)
    await gateways.put({ ...record, followerId: 'bert', hold: null })
    await gateways.put({ ...record, desired: 'stopped' })
    t.strictSame(await gateways.get('anna'), { ...record, desired: 'stopped' })
    t.strictSame((await gateways.list()).map(({ followerId }) => followerId).sort(), ['anna', 'bert'])
    await gateways.delete('anna')
    await gateways.delete('anna')
    t.equal(await gateways.get('anna'), null)
  })

  t.test('leases', async (t) => {
    const { leases } = await (await makeSubject(t)).open()
    const lease = (followerId: string, purpose: string, clientId: number): LeaseRecord => ({
      followerId,
      purpose,
      clientId,
      readOnly: false,
      expiresAt: 9,
    })
    await leases.put(lease('ann', 'bot', 1))
    await leases.put(lease('anna', 'bot', 2))
    await leases.put(lease('anna', 'Übersicht \u{1F600}', 3))
    await leases.put(lease('anna', 'bot', 4))
    const ids = async (followerId?: string) =>
      (await leases.list(followerId)).map(({ clientId }) => clientId).sort()
    t.strictSame(await ids(), [1, 3, 4])
    t.strictSame(await ids('ann'), [1], 'of this follower only, though another id begins alike')
    t.strictSame(await ids('anna'), [3, 4])
    await leases.delete('anna', 'bot')
    await leases.delete('anna', 'bot')
    t.strictSame(await ids('anna'), [3])
  })

  t.test('login budgets, constants and secrets', async (t) => {
    const { budgets, constant, secrets } = await (await makeSubject(t)).open()
    t.equal(await budgets.get('digest:paper'), null)
    await budgets.put({ key: 'digest:paper', rejected: [1], starts: [] })
    t.strictSame(await budgets.get('digest:paper'), { key: 'digest:paper', rejected: [1], starts: [] })

    let made = 0
    const makers = Array.from({ length: 10 }, () => constant('id', () => `made ${++made}`))
    t.equal(new Set(await Promise.all(makers)).size, 1, 'asked for by many at once, it is one')
    t.equal(await constant('id', () => 'another'), await makers[0])

    t.equal(await secrets.get('anna'), null)
    await secrets.put('anna', 'sealed 1')
    await secrets.put('anna', 'sealed 2')
    t.equal(await secrets.get('anna'), 'sealed 2')
    await secrets.delete('anna')
    await secrets.delete('anna')
    t.equal(await secrets.get('anna'), null)
  })

  t.test('events', async (t) => {
    const { events } = await (await makeSubject(t)).open()
    const event = (n: number, followerId?: string): FleetEvent => ({
      id: `0${n}`,
      at: new Date(n * 1000).toISOString(),
      type: 'gateway.phase',
      message: `event ${n}`,
      data: { n },
      ...(followerId === undefined ? {} : { followerId }),
    })
    for (const n of [14, 11, 13, 12]) await events.append(event(n, n % 2 === 0 ? 'anna' : 'ann'))
    await events.append(event(15))
    const ids = async (query: Parameters<typeof events.list>[0]) =>
      (await events.list(query)).map(({ id }) => id)
    t.strictSame(await ids({ limit: 10 }), ['011', '012', '013', '014', '015'], 'oldest first')
    t.strictSame(await events.list({ limit: 1 }), [event(11, 'ann')])
    t.strictSame(await ids({ limit: 2, since: '012' }), ['013', '014'], 'after an id')
    t.strictSame(await ids({ limit: 10, since: 12_000 }), ['013', '014', '015'], 'after a moment')
    t.strictSame(await ids({ limit: 10, since: 11_999.5 }), ['012', '013', '014', '015'])
    t.strictSame(await ids({ limit: 10, since: '999' }), [])
    t.strictSame(await ids({ limit: 10, since: 99_000 }), [])
    t.strictSame(await ids({ limit: 10, followerId: 'ann' }), ['011', '013'])
    t.strictSame(await ids({ limit: 10, followerId: 'anna', since: '012' }), ['014'])
    t.strictSame(await ids({ limit: 1, followerId: 'anna', since: 0 }), ['012'])

    t.equal(await events.sweep(13_000), 2)
    t.equal(await events.sweep(13_000), 0)
    t.strictSame(await ids({ limit: 10 }), ['013', '014', '015'])
    t.strictSame(await ids({ limit: 10, since: '011' }), ['013', '014', '015'], 'after an id that is gone')
    t.strictSame(await ids({ limit: 10, followerId: 'ann' }), ['013'])
  })

  t.test('a long history is swept whole', async (t) => {
    const { events } = await (await makeSubject(t)).open()
    const many = Array.from({ length: 1200 }, (_, n) => ({
      id: String(n).padStart(6, '0'),
      at: new Date(n).toISOString(),
      type: 'x',
      message: '',
    }))
    await Promise.all(many.map((event) => events.append(event)))
    t.equal(await events.sweep(1100), 1100)
    t.equal((await events.list({ limit: 1000 })).length, 100)
  })

  t.test('alerts', async (t) => {
    const { alerts } = await (await makeSubject(t)).open()
    const alert = (n: number, over: Partial<Alert> = {}): Alert => {
      const at = new Date(n * 1000).toISOString()
      const alert: Alert = {
        id: `a${n}`,
        key: `k${n}`,
        level: 'ERROR',
        code: 'CRASH_LOOP',
        title: 't',
        message: 'm',
        count: 1,
        raisedAt: at,
        lastRaisedAt: at,
      }
      return { ...alert, ...over }
    }
    await alerts.put(alert(1))
    await alerts.put(alert(3))
    await alerts.put(alert(2))
    await alerts.put(alert(2, { resolvedAt: new Date(5000).toISOString() }))
    const ids = async (query: Parameters<typeof alerts.list>[0]) =>
      (await alerts.list(query)).map(({ id }) => id)
    t.strictSame(await ids({ limit: 10 }), ['a3', 'a2', 'a1'], 'newest first')
    t.strictSame(await ids({ limit: 1, open: true }), ['a3'])
    t.strictSame(await ids({ limit: 10, open: true }), ['a3', 'a1'])
    t.strictSame(await ids({ limit: 10, open: false }), ['a2'])
    t.strictSame(await ids({ limit: 10, followerId: 'f1' }), [])
    const told = { toldAt: new Date(4000).toISOString(), levelSince: new Date(3000).toISOString() }
    const owed = {
      ...alert(4, { followerId: 'f1' }),
      ...told,
      escalatedFrom: 'ERROR',
      owedTo: ['x'],
    } as const
    await alerts.put(owed)
    t.strictSame(await alerts.list({ limit: 10, followerId: 'f1', open: true }), [owed])
    await alerts.put({ ...owed, followerId: 'f2', resolvedAt: new Date(4500).toISOString() })
    t.strictSame(await ids({ limit: 10, followerId: 'f1' }), [])
    await alerts.sweep(4501)
    t.equal(await alerts.sweep(5000), 0)
    t.equal(await alerts.sweep(5001), 1, 'resolved before; open ones stay, however old')
    t.equal(await alerts.get('a2'), null)
    t.strictSame(await alerts.get('a1'), alert(1))
  })

  t.test('what was written is there after closing and opening', async (t) => {
    const subject = await makeSubject(t)
    const first = await subject.open()
    const writes = [first.followers.insert(follower('anna')), first.secrets.put('anna', 'sealed')]
    await Promise.all(writes)
    await first.close()
    await first.close()
    await t.rejects(first.followers.get('anna'), { code: 'STORE_UNAVAILABLE' })
    await t.rejects(first.followers.insert(follower('bert')), { code: 'STORE_UNAVAILABLE' })
    const second = await subject.open()
    t.strictSame((await second.followers.list()).followers, [follower('anna')])
    t.ok((await second.ping()).latencyMs >= 0)
  })

  marketDataContract(t, makeSubject)
  lockContract(t, makeSubject)
}
