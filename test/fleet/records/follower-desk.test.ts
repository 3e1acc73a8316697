// What people ask of one follower at the same moment: nothing of it is lost, and nothing outlives a deletion.
import t from 'tap'
import { FleetError } from '../../../src/ports/errors.ts'
import { settle } from '../../fake-clock.ts'
import { makeWorld, until } from '../world.ts'

const asked = { actor: 'test' }

t.test('changes at the same time are all made, in their order, and the wish follows the last', async (t) => {
  const { manager, deps } = await makeWorld(t)
  const { gateways } = deps.stores
  const { put } = gateways
  // As slow as a database, so that changes meet.
  gateways.put = async (record) => {
    await settle()
    await put(record)
  }
  await manager.start()
  await manager.createFollower({ id: 'a' }, asked)
  for (let round = 0; round < 20; round++) {
    const last = round % 2 === 0
    const changes = [!last, last, !last, last].map((enabled) =>
      manager.patchFollower('a', { enabled }, asked),
    )
    const labelled = [1, 2, 3].map((n) =>
      manager.patchFollower('a', { labels: { [`${round}`]: `${n}` } }, asked),
    )
    await Promise.all([...changes, ...labelled])
    const follower = await manager.getFollower('a')
    t.match(follower, { enabled: last, labels: { [`${round}`]: '3' }, revision: 1 + (round + 1) * 7 })
    t.equal(manager.getGateway('a').desired, last ? 'running' : 'stopped')
    t.match(await gateways.get('a'), { desired: last ? 'running' : 'stopped' })
  }
})

t.test('a wish that could not be written down is moved when the records are read again', async (t) => {
  const { manager, deps } = await makeWorld(t, { recordIntervalMs: 20 })
  await manager.start()
  await manager.createFollower({ id: 'a' }, asked)
  const { gateways } = deps.stores
  const { put } = gateways
  gateways.put = () => Promise.reject(new FleetError('STORE_UNAVAILABLE', 'away'))
  await t.rejects(manager.patchFollower('a', { enabled: false }, asked), { code: 'STORE_UNAVAILABLE' })
  t.equal(manager.getGateway('a').desired, 'running')
  gateways.put = put
  await until(
    () => manager.getGateway('a'),
    ({ desired }) => desired === 'stopped',
    'stopped after all',
  )
})

t.test(
  'somebody else at the database at the same moment: the change is made again, unless If-Match asks for one revision',
  async (t) => {
    const { manager, deps } = await makeWorld(t)
    await manager.start()
    await manager.createFollower({ id: 'a' }, asked)
    const { followers } = deps.stores
    const { replace } = followers
    const meet = () => {
      followers.replace = async (follower, revision) => {
        followers.replace = replace
        const stored = await manager.getFollower('a')
        await replace({ ...stored, name: `by hand ${revision}`, revision: revision + 1 }, revision)
        await replace(follower, revision)
      }
    }
    meet()
    t.match(await manager.patchFollower('a', { state: 'DISABLED' }, asked), {
      state: 'DISABLED',
      name: 'by hand 1',
      revision: 3,
    })
    meet()
    await t.rejects(manager.patchFollower('a', { state: 'ACTIVE' }, { ...asked, ifMatch: 3 }), {
      code: 'REVISION_MISMATCH',
    })
  },
)

t.test('credentials that are put while their follower is deleted are gone with it, or refused', async (t) => {
  const { manager, deps } = await makeWorld(t)
  await manager.start()
  const login = { username: 'u', password: 'sim' }
  for (let round = 0; round < 10; round++) {
    const follower = await manager.createFollower({ id: 'a', enabled: false }, asked)
    const both = [() => manager.deleteFollower('a', asked), () => manager.putCredentials('a', login, asked)]
    if (round % 2 === 0) both.reverse()
    const [first, second] = await Promise.allSettled(both.map((ask) => ask()))
    t.equal(first?.status, 'fulfilled')
    if (round % 2 === 1) t.match(second, { status: 'rejected', reason: { code: 'FOLLOWER_NOT_FOUND' } })
    await t.rejects(deps.credentials.read(follower, AbortSignal.timeout(1_000)), {
      code: 'CREDENTIALS_MISSING',
    })
  }
})

t.test('deleted by several at once, it is deleted once', async (t) => {
  const { manager } = await makeWorld(t)
  await manager.start()
  await manager.createFollower({ id: 'a', enabled: false }, asked)
  const deleted = await Promise.allSettled([1, 2, 3].map(() => manager.deleteFollower('a', asked)))
  t.match(deleted, [
    { status: 'fulfilled' },
    { status: 'rejected', reason: { code: 'FOLLOWER_NOT_FOUND' } },
    { status: 'rejected', reason: { code: 'FOLLOWER_NOT_FOUND' } },
  ])
  const events = await manager.listEvents({ limit: 100 })
  t.equal(events.filter(({ type }) => type === 'follower.deleted').length, 1)
})

t.test('labels that patches add up to more than there may be', async (t) => {
  const { manager } = await makeWorld(t)
  await manager.start()
  const labels = (from: number, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`label ${from + index}`, 'x']))
  await manager.createFollower({ id: 'a', labels: labels(0, 40) }, asked)
  await manager.patchFollower('a', { labels: labels(40, 10) }, asked)
  await t.rejects(manager.patchFollower('a', { labels: labels(50, 1) }, asked), {
    code: 'INVALID_REQUEST',
    message: /labels takes at most 50 labels, and these would be 51/,
  })
  await manager.patchFollower('a', { labels: { 'label 0': null as never, 'label 50': 'x' } }, asked)
})

t.test(
  'who waits for a launch is told when somebody stops the gateway, or deletes its follower',
  async (t) => {
    const { manager, add } = await makeWorld(t)
    await manager.start()
    await add('a', 'a-2fa')
    await add('b', 'b-2fa')
    const launch = (id: string) => manager.launchGateway(id, { ...asked, waitMs: 60_000 })
    const [stopped, deleted] = [launch('a'), launch('b')] as const
    for (const id of ['a', 'b'])
      await until(
        () => manager.getGateway(id),
        ({ phase }) => phase === 'awaiting-2fa',
        'it waits',
      )
    const gone = t.rejects(deleted, { code: 'FOLLOWER_NOT_FOUND' })
    await manager.stopGateway('a', { ...asked, waitMs: 10_000 })
    t.match(await stopped, { outcome: 'pending', gateway: { status: 'STOPPED', desired: 'stopped' } })
    await manager.deleteFollower('b', asked)
    await gone
  },
)
