// The fleet on a MongoDB server: records written by hand take effect, and a database that is away harms no gateway.
import { randomUUID } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { Gateway } from '../../schemas/gateway.ts'
import { startServer } from '../../src/server/server.ts'
import { apiCalls } from '../api-calls.ts'
import { portRange, until } from '../fleet/world.ts'
import { gate } from '../integration-gate.ts'
import { builtService, startService } from '../services/service.ts'
import { testFolder } from '../test-folder.ts'

const log = pino({ level: process.env.TEST_LOG ?? 'silent' })

async function fleetOn(t: Test, url: string, more: Record<string, string> = {}) {
  const { from, to } = portRange(10)
  const env = {
    RUNTIME: 'simulated',
    PORT: '0',
    DATA_DIR: testFolder(t),
    MONGODB_URL: url,
    MONGODB_DB: `fleet-${randomUUID().slice(0, 8)}`,
    SIM_LOGIN_SECONDS: '0.05',
    HEARTBEAT_INTERVAL: '1s',
    HEARTBEAT_TIMEOUT: '2s',
    PORT_RANGE_START: String(from),
    PORT_RANGE_END: String(to),
    ...more,
  }
  const start = async () => {
    const server = await startServer({ env, log })
    t.teardown(() => server.close())
    const call = apiCalls(server.url)
    const reach = (id: string, status: string) =>
      until(
        () => call<Gateway>('GET', `/api/v1/gateways/${id}`),
        (answer) => answer.body.status === status,
        `${id} ${status}`,
        30_000,
      )
    return { server, call, reach }
  }
  return { env, start }
}

t.test("a record in the original requirement's fields, written by hand, moves its gateway", async (t) => {
  if (!(await gate(t, 'mongo'))) return
  const url = process.env.MONGODB_URL ?? ''
  const { env, start } = await fleetOn(t, url)
  const { call, reach } = await start()
  const client = await MongoClient.connect(url)
  const followers = client
    .db(env.MONGODB_DB)
    .collection<{ _id: string; [field: string]: unknown }>('followers')
  t.teardown(async () => {
    await client.db(env.MONGODB_DB).dropDatabase()
    await client.close()
  })
  await followers.insertOne({
    _id: 'follower_123',
    vault_secret_ref: 'ibkr/follower_123',
    enabled: true,
    state: 'ACTIVE',
    strategy: 'vertical',
  })
  await until(
    () => call<Gateway>('GET', '/api/v1/gateways/follower_123'),
    ({ body }) => body.reason?.code === 'CREDENTIALS_MISSING',
    'seen',
  )
  await call('PUT', '/api/v1/followers/follower_123/credentials', { username: 'user', password: 'sim' })
  await reach('follower_123', 'RUNNING')
  await followers.updateOne({ _id: 'follower_123' }, { $set: { state: 'MANUAL_INTERVENTION' } })
  await reach('follower_123', 'STOPPED')
  await call('PATCH', '/api/v1/followers/follower_123', { state: 'ACTIVE', name: 'Anna' })
  await reach('follower_123', 'RUNNING')
  t.match(await followers.findOne({ _id: 'follower_123' }), {
    strategy: 'vertical',
    name: 'Anna',
    state: 'ACTIVE',
  })
  await followers.insertOne({ _id: 'broken', enabled: 'perhaps' })
  await until(
    () => call<{ items: Array<{ code: string }> }>('GET', '/api/v1/alerts'),
    ({ body }) => body.items.some(({ code }) => code === 'FOLLOWER_MALFORMED'),
    'told',
  )
  await followers.deleteOne({ _id: 'follower_123' })
  await until(
    () => call('GET', '/api/v1/gateways/follower_123'),
    ({ status }) => status === 404,
    'gone',
  )
})

t.test(
  'the database goes away and comes back: gateways stay up, nothing is half done, no restart is needed',
  async (t) => {
    if (!(await gate(t, 'mongo'))) return
    if (!(await builtService('mongo')))
      return t.plan(0, 'needs a MongoDB server of its own: .ci/services/build.sh mongo')
    const mongo = await startService('mongo')
    t.teardown(() => mongo.stop())
    const url = mongo.state.address
    const { start } = await fleetOn(t, url, { ON_SHUTDOWN: 'leave' })
    const { call, reach, server } = await start()
    t.match(await call('POST', '/api/v1/followers', { id: 'a' }), { status: 201 })
    await call('PUT', '/api/v1/followers/a/credentials', { username: 'user', password: 'sim' })
    const { body: before } = await reach('a', 'RUNNING')
    await mongo.kill()
    t.match(
      await until(
        () => call('GET', '/readyz'),
        ({ status }) => status === 503,
        'not ready',
        30_000,
      ),
      { body: { detail: /store/i } },
    )
    const refused = await call<{ code: string }>('POST', '/api/v1/followers', { id: 'b' })
    t.match(refused, { status: 503, body: { code: 'STORE_UNAVAILABLE' } })
    t.ok(Number(refused.headers.get('retry-after')) >= 1)
    t.match(
      await call('POST', '/api/v1/gateways/a/stop'),
      { status: 503 },
      'a wish that cannot be kept is not taken',
    )
    await call('POST', '/api/v1/simulator/a/faults', { fault: 'drop' })
    await until(
      () => call<Gateway>('GET', '/api/v1/gateways/a'),
      ({ body }) => body.status === 'RUNNING' && body.reconnects === 1,
      'watched meanwhile',
    )
    await mongo.restart()
    await until(
      () => call('GET', '/readyz'),
      ({ status }) => status === 200,
      'ready again',
      60_000,
    )
    t.match(await call('POST', '/api/v1/followers', { id: 'b' }), { status: 201 })
    t.match((await reach('a', 'RUNNING')).body, { containerId: before.containerId, restarts: 0 })
    await server.close()
  },
)

t.test(
  'the database is down at the start: not ready, followers as last known, then all by itself',
  async (t) => {
    if (!(await gate(t, 'mongo'))) return
    if (!(await builtService('mongo')))
      return t.plan(0, 'needs a MongoDB server of its own: .ci/services/build.sh mongo')
    const mongo = await startService('mongo')
    t.teardown(() => mongo.stop())
    const { start } = await fleetOn(t, mongo.state.address)
    const first = await start()
    t.match(await first.call('POST', '/api/v1/followers', { id: 'a' }), { status: 201 })
    await first.call('PUT', '/api/v1/followers/a/credentials', { username: 'user', password: 'sim' })
    await first.reach('a', 'RUNNING')
    await first.server.close()
    await mongo.kill()
    const { call, reach } = await start()
    t.equal((await call('GET', '/livez')).status, 200)
    t.match(await call('GET', '/readyz'), { status: 503 })
    t.match(
      await call<Gateway>('GET', '/api/v1/gateways/a'),
      { status: 200, body: { desired: 'running' } },
      'as last known',
    )
    t.match(await call('POST', '/api/v1/gateways/a/launch'), {
      status: 503,
      body: { code: 'STORE_UNAVAILABLE' },
    })
    await mongo.restart()
    await reach('a', 'RUNNING')
    t.equal((await call('GET', '/readyz')).status, 200)
  },
)
