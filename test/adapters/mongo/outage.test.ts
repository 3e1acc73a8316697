// A MongoDB that goes and comes: what fails, how soon, and that nothing acknowledged is lost. On a server of its own, to be killed.
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { Stores } from '../../../src/ports/stores.ts'
import { follower } from '../../contracts/stores.ts'
import { until } from '../../fleet/world.ts'
import { gate } from '../../integration-gate.ts'
import { builtService, type Service, startService } from '../../services/service.ts'
import { openStores } from './subject.ts'

const unavailable = { code: 'STORE_UNAVAILABLE', retryAfterMs: Number }
/** Usually 3 to 8; machines that run tests are busy. */
const fewSeconds = 15_000

async function server(t: Test): Promise<Service> {
  const service = await startService('mongo')
  t.teardown(() => service.stop())
  return service
}

function open(t: Test, { state }: Service): Promise<Stores> {
  return openStores(t, { url: state.address, database: 'ibgm' })
}

async function failsSoon(t: Test, promise: Promise<unknown>, message: string): Promise<void> {
  const startedMs = performance.now()
  await t.rejects(promise, unavailable, message)
  t.ok(performance.now() - startedMs < fewSeconds, 'within a few seconds')
}

if (!(await gate(t, 'mongo'))) {
  // Said there.
} else if (!builtService('mongo')) t.plan(0, 'needs a server to kill: .ci/services/build.sh mongo')
else {
  // Each has a server of its own, and waits more than it works.
  t.jobs = 4
  t.test('down when it is opened, there later', { buffered: true }, async (t) => {
    const service = await server(t)
    await service.kill()
    const stores = await open(t, service)
    await failsSoon(t, stores.ping(), 'nothing answers yet')
    await service.restart()
    await stores.followers.insert(follower('anna'))
    t.strictSame(await stores.followers.get('anna'), follower('anna'))
    await t.rejects(stores.followers.insert(follower('anna')), { code: 'FOLLOWER_EXISTS' })
  })

  t.test('down while it is used, and back without a restart of ours', { buffered: true }, async (t) => {
    const service = await server(t)
    const stores = await open(t, service)
    await stores.followers.insert(follower('anna'))
    await service.kill()
    await Promise.all([
      failsSoon(t, stores.followers.list(), 'reading'),
      failsSoon(t, stores.followers.replace(follower('anna', { revision: 1 }), 0), 'writing'),
      failsSoon(
        t,
        stores.events.append({ id: '1', at: new Date().toISOString(), type: 'x', message: '' }),
        'event',
      ),
    ])
    await service.restart()
    t.strictSame((await stores.followers.list()).followers, [follower('anna')], 'nothing was half done')
    await stores.followers.replace(follower('anna', { revision: 1 }), 0)
    t.match(await stores.followers.get('anna'), { revision: 1 })
  })

  t.test('killed while it writes: what was acknowledged is there', { buffered: true }, async (t) => {
    const service = await server(t)
    const stores = await open(t, service)
    await stores.ping()
    const acknowledged: string[] = []
    const failed: unknown[] = []
    const lanes = ['a', 'b', 'c'].map(async (lane) => {
      for (let n = 0; n < 2_000; n++) {
        try {
          await stores.followers.insert(follower(`${lane}${n}`))
          acknowledged.push(`${lane}${n}`)
        } catch (error) {
          failed.push(error)
          return
        }
        if (acknowledged.length === 60) await service.kill()
      }
    })
    await Promise.all(lanes)
    t.match(failed, [unavailable, unavailable, unavailable])
    await service.restart()
    const { followers, malformed } = await stores.followers.list()
    const found = new Set(followers.map(({ id }) => id))
    t.strictSame(
      acknowledged.filter((id) => !found.has(id)),
      [],
    )
    t.strictSame(malformed, [])
    t.ok(found.size <= acknowledged.length + 3, 'and no more than what was under way')
  })

  t.test('frozen, it is given up on; thawed, it serves', { buffered: true }, async (t) => {
    const service = await server(t)
    const stores = await open(t, service)
    await stores.followers.insert(follower('anna'))
    service.process.kill('SIGSTOP')
    // The signal is on its way when kill returns; what is asked meanwhile is still answered.
    await until(
      () => processState(service.process.pid),
      (state) => state === 'T',
      'stopped',
    )
    t.teardown(() => service.process.kill('SIGCONT'))
    await failsSoon(t, stores.followers.get('anna'), 'mute')
    service.process.kill('SIGCONT')
    t.strictSame(await stores.followers.get('anna'), follower('anna'))
  })
}

/** One letter of /proc/PID/stat: T for stopped. */
function processState(pid: number | undefined): string {
  return /^\d+ \(.*\) (\w)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? ''
}
