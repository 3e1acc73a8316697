// Containers that no follower record speaks of: told, left alone, and told no more once the record is back or the container gone.
import t, { type Test } from 'tap'
import { makeWorld, until, type World } from '../world.ts'

const asked = { actor: 'test' }
const soon = () => AbortSignal.timeout(5_000)

/** A manager that finds the gateways of `a` and `b` running, and no record of either. */
async function findStrays(t: Test) {
  const world = await makeWorld(t, { onShutdown: 'leave', recordIntervalMs: 20 })
  const { manager, add, reach, deps, again } = world
  await manager.start()
  for (const id of ['a', 'b']) await add(id)
  for (const id of ['a', 'b']) await reach(id, 'RUNNING')
  const records = (await deps.stores.followers.list()).followers
  await manager.stop()
  for (const { id } of records) await deps.stores.followers.delete(id)
  const next = again({ onShutdown: 'stop' })
  await next.start()
  return { ...world, manager: next, records, stray: () => strayAlert(next) }
}

const strayAlert = async (manager: World['manager']) =>
  (await manager.listAlerts({ open: true, limit: 100 })).find(({ code }) => code === 'STRAY_CONTAINER')

t.test('a stray container is told until its record is back, or it is gone', async (t) => {
  const { manager, deps, runtime, records, reach, stray } = await findStrays(t)
  await until(stray, (alert) => /follower a\).*follower b\)/.test(alert?.message ?? ''), 'both are told')
  const [first] = records
  if (!first) throw new Error('a record was there')
  await deps.stores.followers.insert(first)
  const left = await until(stray, (alert) => !alert?.message.includes('follower a)'), 'a is known again')
  t.match(left, { message: /follower b\)/ })
  await reach('a', 'RUNNING')
  for (const { id, followerId } of await runtime.list(soon())) {
    if (followerId !== 'b') continue
    await runtime.kill(id, soon())
    await runtime.remove(id, soon())
  }
  await until(stray, (alert) => alert === undefined, 'b is gone')
  await manager.deleteFollower('a', asked)
})

t.test('while the engine does not answer, nothing tells that a stray container is gone', async (t) => {
  const { runtime, manager, stray, deps } = await findStrays(t)
  runtime.setEngineDown(true)
  let readings = 0
  const { list } = deps.stores.followers
  Object.assign(deps.stores.followers, {
    list: () => {
      readings++
      return list()
    },
  })
  await until(
    () => readings,
    (it) => it > 2,
    'readings of the records',
  )
  t.match(await stray(), { message: /follower a\).*follower b\)/ })
  runtime.setEngineDown(false)
  await manager.readiness()
})
