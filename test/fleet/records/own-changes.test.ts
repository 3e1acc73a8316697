// Records that change while they are being read: what was read before the change does not undo it.
import t, { type Test } from 'tap'
import { OwnChanges } from '../../../src/fleet/records/own-changes.ts'
import { makeWorld, until } from '../world.ts'

t.test(
  'a reading knows of every change that was not over when it began, and of those that begin meanwhile',
  async (t) => {
    const changes = new OwnChanges()
    let end = () => {}
    const longChange = changes.during('a', () => new Promise<void>((resolve) => (end = resolve)))
    await changes.during('b', async () => undefined)
    await changes.whileReading(async (changed) => {
      t.strictSame([...changed], ['a'])
      await changes.during('c', async () => undefined)
      t.strictSame([...changed], ['a', 'c'])
    })
    end()
    await longChange
    await t.rejects(
      changes.during('d', () => Promise.reject(new Error('away'))),
      { message: 'away' },
    )
    await changes.whileReading(async (changed) => t.strictSame([...changed], [], 'all are over'))
  },
)

const asked = { actor: 'test' }

/** A manager whose readings of the records wait, each with what it has read, until told to go on. */
async function makeSlowReader(t: Test) {
  const world = await makeWorld(t, { recordIntervalMs: 10 })
  const { followers } = world.deps.stores
  const { list } = followers
  let waiting: (() => void) | null = null
  let isSlow = true
  Object.assign(followers, {
    async list() {
      const answer = await list()
      if (isSlow) await new Promise<void>((resolve) => (waiting = resolve))
      return answer
    },
  })
  const goOn = () => {
    waiting?.()
    waiting = null
  }
  t.teardown(() => {
    isSlow = false
    goOn()
  })
  const hasRead = () =>
    until(
      () => waiting !== null,
      (it) => it,
      'a reading that waits',
    )
  return {
    ...world,
    async start() {
      const started = world.manager.start()
      await hasRead()
      goOn()
      await started
    },
    /** Makes `change` between what a reading reads and what it does with it, and waits for that to be over. */
    async whileReading(change: () => Promise<unknown>) {
      await hasRead()
      await change()
      goOn()
      await hasRead()
    },
  }
}

t.test('a follower that is made while the records are read stays', async (t) => {
  const { manager, start, whileReading, deps } = await makeSlowReader(t)
  await start()
  await whileReading(() => manager.createFollower({ id: 'a' }, asked))
  t.match(manager.getGateway('a'), { desired: 'running' })
  await manager.launchGateway('a', asked)
  t.match(await deps.stores.gateways.get('a'), { desired: 'running' })
})

t.test('a follower that is disabled while the records are read is not wanted again', async (t) => {
  const { manager, start, whileReading } = await makeSlowReader(t)
  await start()
  await manager.createFollower({ id: 'a' }, asked)
  await whileReading(() => manager.patchFollower('a', { enabled: false }, asked))
  t.match(manager.getGateway('a'), { desired: 'stopped' })
  const wishes = (await manager.listEvents({ limit: 100 })).filter(({ type }) => type === 'gateway.wish')
  t.equal(wishes.length, 2, 'one to run, one to stop')
})

t.test('a follower that is deleted while the records are read does not come back', async (t) => {
  const { manager, start, whileReading, deps } = await makeSlowReader(t)
  await start()
  await manager.createFollower({ id: 'a' }, asked)
  await manager.createFollower({ id: 'b' }, asked)
  await whileReading(() => manager.deleteFollower('a', asked))
  t.throws(() => manager.getGateway('a'), { code: 'FOLLOWER_NOT_FOUND' })
  t.match(await deps.stores.gateways.list(), [{ followerId: 'b' }])
})
