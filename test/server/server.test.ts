// The whole product in one process, asked over HTTP as a user would: simulated gateways, embedded store, real sockets.
import { createServer } from 'node:net'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { Gateway, GatewayHealth } from '../../schemas/gateway.ts'
import type { Lease } from '../../schemas/lease.ts'
import { ibConnector } from '../../src/adapters/ib/connector.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { startServer } from '../../src/server/server.ts'
import { IbSession } from '../../src/session/session.ts'
import { apiCalls } from '../api-calls.ts'
import { portRange, until } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'

const log = pino({ level: 'silent' })

function environment(t: Test, more: Record<string, string> = {}): Record<string, string> {
  const { from, to } = portRange(10)
  return {
    RUNTIME: 'simulated',
    PORT: '0',
    DATA_DIR: testFolder(t),
    SIM_LOGIN_SECONDS: '0.05',
    SIM_RESTART_SECONDS: '0.2',
    HEARTBEAT_INTERVAL: '500ms',
    HEARTBEAT_TIMEOUT: '500ms',
    PORT_RANGE_START: String(from),
    PORT_RANGE_END: String(to),
    ...more,
  }
}

async function serve(t: Test, more: Record<string, string> = {}) {
  const env = environment(t, more)
  const server = await startServer({ env, log })
  t.teardown(() => server.close())
  const call = apiCalls(server.url)
  const add = async (id: string, username = `user-${id}`) => {
    await call('POST', '/api/v1/followers', { id })
    await call('PUT', `/api/v1/followers/${id}/credentials`, { username, password: 'sim-canary-7261' })
  }
  return { env, server, call, add }
}

t.test('launch, health, fault, recovery, lease, stop over HTTP', async (t) => {
  const { call, add } = await serve(t)
  await add('alpha')
  const launched = await call<Gateway>('POST', '/api/v1/gateways/alpha/launch?wait=20')
  t.match(launched, { status: 200, body: { status: 'RUNNING', endpoint: { host: '127.0.0.1' } } })
  t.match(await call<GatewayHealth>('GET', '/api/v1/gateways/alpha/health'), {
    status: 200,
    body: { healthy: true },
  })
  t.match(await call('POST', '/api/v1/simulator/alpha/faults', { fault: 'no-such' }), {
    status: 400,
    body: { code: 'UNKNOWN_FAULT' },
  })
  await call('POST', '/api/v1/simulator/alpha/faults', { fault: 'exit', value: '1' })
  await until(
    () => call<Gateway>('GET', '/api/v1/gateways/alpha'),
    ({ body }) => body.status === 'RUNNING' && body.restarts === 1,
    'back again',
  )

  const lease = await call<Lease>('POST', '/api/v1/gateways/alpha/clients', { purpose: 'bot' })
  t.equal(lease.status, 201)
  t.equal(
    (await call<Lease>('POST', '/api/v1/gateways/alpha/clients', { purpose: 'bot' })).body.clientId,
    lease.body.clientId,
  )
  const { host, port, clientId } = lease.body
  const settings = {
    heartbeatIntervalMs: 0,
    heartbeatTimeoutMs: 0,
    reconnectAttempts: 1,
    reconnectWindowMs: 5_000,
  }
  const bot = new IbSession(
    { connector: ibConnector(), clock: systemClock(), log },
    { followerId: 'alpha', host, port, clientId, onClientIdInUse: 'keep', ...settings },
  )
  t.teardown(() => bot.disconnect())
  await bot.connect()
  t.same(bot.snapshot().accounts, lease.body.accounts, 'a bot connects with its lease, and meets no 326')
  t.match(await call('GET', '/api/v1/system/ib-status'), {
    body: {
      connected: true,
      healthy: true,
      fleet: { total: 1, RUNNING: 1 },
      dataConnection: { state: 'disabled' },
    },
  })
  t.match(await call('GET', '/api/v1/system/system-status'), {
    body: { engine: { reachable: true }, store: { reachable: true }, bots: [{ clientId }] },
  })
  t.match(await call('POST', '/api/v1/gateways/alpha/stop?wait=10'), {
    status: 200,
    body: { status: 'STOPPED' },
  })
  t.match(await call('POST', '/api/v1/gateways/alpha/clients', { purpose: 'bot' }), {
    status: 503,
    body: { code: 'GATEWAY_NOT_RUNNING' },
  })
})

t.test('the password is in no answer, event or log line', async (t) => {
  const lines: string[] = []
  const loud = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const env = environment(t)
  const server = await startServer({ env, log: loud })
  t.teardown(() => server.close())
  const call = apiCalls(`${server.url}/api/v1`)
  await call('POST', '/followers', { id: 'a' })
  await call('PUT', '/followers/a/credentials', { username: 'u', password: 'sim-canary-7261' })
  await call('PUT', '/followers/a/credentials', { username: 'u', password: ' sim-canary-7261' })
  await call('POST', '/gateways/a/launch?wait=20', {})
  const answers = await Promise.all(
    [
      'followers/a',
      'gateways/a',
      'events',
      'alerts',
      'gateways/a/logs?tail=1000',
      'system/system-status',
    ].map(async (path) => (await call('GET', `/${path}`)).text),
  )
  t.match(answers.join(), /Login has completed/, 'the run was a real one')
  t.notMatch(answers.join(), /canary-7261/)
  t.notMatch(lines.join(), /canary-7261/)
})

t.test('a held launch is answered 503 when the server stops, and closing leaves nothing open', async (t) => {
  const { call, add, server } = await serve(t)
  await add('slow', 'user-2fa')
  const held = call('POST', '/api/v1/gateways/slow/launch?wait=600')
  await until(
    () => call<Gateway>('GET', '/api/v1/gateways/slow'),
    ({ body }) => body.phase === 'awaiting-2fa',
    'waiting',
  )
  const startedAt = performance.now()
  await server.close()
  t.match(await held, { status: 503, body: { code: 'SHUTTING_DOWN' } })
  t.ok(performance.now() - startedAt < 5_000, 'at once')
  const open = () =>
    process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap' || kind === 'Timeout')
  await until(open, (kinds) => kinds.length === 0, 'no server and no timer left')
})

t.test('starts that cannot be: each says why and leaves nothing open', async (t) => {
  await t.rejects(startServer({ env: { RUNTIME: 'simulated', PORT: 'eighty', DATA_DIR: '/tmp' }, log }), {
    name: 'ConfigError',
    message: /PORT/,
  })
  const stranger = createServer().listen(0, '127.0.0.1')
  t.teardown(() => stranger.close())
  await until(() => stranger.listening, Boolean, 'listening')
  const { port } = stranger.address() as { port: number }
  const env = environment(t)
  await t.rejects(startServer({ env: { ...env, PORT: String(port) }, log }), { code: 'EADDRINUSE' })
  const first = await startServer({ env, log })
  t.teardown(() => first.close())
  await t.rejects(startServer({ env, log }), {
    code: 'STORE_LOCKED',
    message: /is held by manager .*, process \d+/,
  })
  await first.close()
  const second = await startServer({ env, log })
  await second.close()
})
