// The bot with a gateway of a manager: the whole product in one process, and a manager that says what a test wants.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { Gateway } from '../../schemas/gateway.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { startServer } from '../../src/server/server.ts'
import { apiCalls } from '../api-calls.ts'
import { FastClock } from '../fast-clock.ts'
import { portRange, until } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'
import { botWorld, ordersAt } from './bot-world.ts'

const operational = 'Bot operational, Gateway validated'
const lost = 'Gateway connection lost, Strategy C active'

interface LeaseView {
  clientId: number
  expiresAt: string
}

async function serve(t: Test) {
  const { from, to } = portRange(10)
  const server = await startServer({
    log: pino({ level: 'silent' }),
    env: {
      RUNTIME: 'simulated',
      PORT: '0',
      DATA_DIR: testFolder(t),
      SIM_LOGIN_SECONDS: '0.05',
      SIM_RESTART_SECONDS: '0.2',
      HEALTHCHECK_INTERVAL: '500ms',
      PORT_RANGE_START: String(from),
      PORT_RANGE_END: String(to),
    },
  })
  t.teardown(() => server.close())
  const call = apiCalls(server.url)
  const launch = async (id: string, username: string) => {
    await call('POST', '/api/v1/followers', { id })
    await call('PUT', `/api/v1/followers/${id}/credentials`, { username, password: 'sim' })
    await call('POST', `/api/v1/gateways/${id}/launch`)
  }
  return { server, call, launch }
}

/** The environment of a bot whose gateway a manager runs. */
const managed = (url: string, followerId: string) => ({
  GATEWAY_HOST: '',
  GATEWAY_PORT: '',
  GATEWAY_MANAGER_URL: url,
  FOLLOWER_ID: followerId,
})

/** A bot of alice's gateway that has bought two SPY, the only order of its first turn. */
async function buyer(world: Awaited<ReturnType<typeof botWorld>>, url: string) {
  const buysOnce =
    "return turn === 1 ? [{ symbol: 'SPY', action: 'BUY', quantity: 2, orderType: 'MKT', effect: 'open' }] : []"
  const strategies = await world.strategy('B', buysOnce)
  const bot = await world.startBot({
    env: { ...managed(url, 'alice'), DRY_RUN: 'false', STRATEGY_MODULES: strategies },
  })
  await bot.filled('SPY', 2)
  return bot
}

t.test('a locked gateway ends the wait at once, with the words for a failed login', async (t) => {
  const { server, call, launch } = await serve(t)
  await launch('bob', 'bob-badpass')
  const world = await botWorld(t)
  const bot = await world.startBot({ clock: systemClock(), env: managed(server.url, 'bob') })
  t.equal(await bot.ended, 1)
  t.match((await call<Gateway>('GET', '/api/v1/gateways/bob')).body, { phase: 'locked' })
  const { fields } = await bot.heard('Gateway authenticated but IBKR login failed')
  t.ok(fields.tries < 30 && fields.elapsedSeconds < 60, `${fields.tries} tries, ${fields.elapsedSeconds} s`)
  t.equal(bot.count('Gateway validation failed, cannot start bot'), 0)
  const told = await bot.toldAs('CRITICAL: Gateway authentication failed, check IBKR credentials')
  t.match(told, { text: /CREDENTIALS_REJECTED/, action: /launch the gateway again, then start the bot/ })
})

t.test('a lease is taken with the health address, renewed, and given back', async (t) => {
  const { server, call, launch } = await serve(t)
  await launch('alice', 'sim-alice')
  const world = await botWorld(t)
  const leases = async () =>
    (await call<{ bots: LeaseView[] }>('GET', '/api/v1/system/system-status')).body.bots
  // A minute between renewals is over in six seconds.
  const bot = await world.startBot({
    clock: new FastClock(Date.now(), 10),
    env: { ...managed(server.url, 'alice'), CLIENT_ID: '77' },
  })
  await bot.heard(operational)
  t.equal(await bot.healthStatus(), 200)
  const [lease] = await leases()
  t.match(await leases(), [
    {
      followerId: 'alice',
      purpose: 'trading-bot',
      clientId: (await bot.heard('session ready')).fields.clientId,
      healthUrl: `http://127.0.0.1:${bot.bot.healthPort}/health`,
    },
  ])
  t.not(lease?.clientId, 77, 'the manager says which id')

  await call('POST', '/api/v1/simulator/alice/faults', { fault: 'exit', value: '1' })
  await bot.toldAs(`CRITICAL: ${lost}`)
  await bot.heard('Gateway validated successfully', 2)
  t.equal(await bot.healthStatus(), 200, 'what the manager brings back, the bot finds')
  t.match(await leases(), [{ clientId: lease?.clientId }], 'with the same id')

  await until(
    leases,
    ([now]) => Date.parse(now?.expiresAt ?? '') > Date.parse(lease?.expiresAt ?? ''),
    'renewed',
    30_000,
    100,
  )
  t.equal(await bot.stop(), 0)
  t.strictSame(await leases(), [])
})

/** Says of a gateway what `shown` holds, and leases client id 4321, or the one that `leased` says by then, to whoever asks. */
async function managerStub(
  t: Test,
  shown: Record<string, unknown>,
  port: number,
  leased = { clientId: 4321 },
) {
  const asked: string[] = []
  let looks = 0
  const server = createServer(async (request, response) => {
    const body = await text(request)
    if (request.method === 'GET') looks++
    else asked.push(`${request.method} ${request.url} ${body}`)
    const lease = { ...leased, host: '127.0.0.1', port, accounts: [], readOnly: false }
    const answer = request.method === 'GET' ? { status: 'RUNNING', phase: 'ready', ...shown } : lease
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, looks: () => looks }
}

t.test(
  'a planned restart closes the gate 60 s before it; nothing is sent and nothing is closed out',
  async (t) => {
    const world = await botWorld(t)
    const gateway = await world.startGateway()
    await world.writeGameplan()
    const shown: Record<string, unknown> = { endpoint: { host: '127.0.0.1', port: world.port } }
    const manager = await managerStub(t, shown, world.port)
    const bot = await buyer(world, manager.url)
    t.match(
      manager.asked[0],
      /^POST \/api\/v1\/gateways\/alice\/clients .*"purpose":"trading-bot".*"healthUrl":"http/,
    )

    // Heard of within a look of three seconds, the gate has some seconds left.
    const restartAtMs = world.clock.now() + 70_000
    shown.plannedRestartAt = new Date(restartAtMs).toISOString()
    const began = world.clock.now()
    const closed = await bot.heard('order gate closed')
    const closedMs = world.clock.now()
    t.match(closed.fields, { reason: `the gateway is to restart at ${shown.plannedRestartAt}` })
    t.ok(closedMs - began >= 9_000, 'not before it was due')
    t.ok(restartAtMs - closedMs > 50_000, `${restartAtMs - closedMs} ms before the restart`)
    t.equal(await bot.healthStatus(), 503)
    await bot.toldAs('WARNING: Gateway restarts, no orders meanwhile')
    t.equal(bot.count(lost), 0)

    delete shown.plannedRestartAt
    gateway.fault('nightly-restart')
    await bot.heard('Gateway validated successfully', 2)
    await bot.heard('Strategy C has nothing left to close, the gameplan counts again')
    t.strictSame(ordersAt(gateway), ['BUY 2 SPY'])
    t.equal(world.held('SPY'), 2, 'positions stay')
    t.notOk(
      bot.told().some((head) => head.startsWith('CRITICAL')),
      bot.told().join(),
    )
    t.ok(
      gateway.requests.filter(({ name }) => name === 'placeOrder').every(({ clientId }) => clientId === 4321),
    )
  },
)

t.test('a restart that comes a moment after its time is still the planned one', async (t) => {
  const world = await botWorld(t, { speed: 20 })
  const gateway = await world.startGateway()
  await world.writeGameplan()
  const shown: Record<string, unknown> = { endpoint: { host: '127.0.0.1', port: world.port } }
  const manager = await managerStub(t, shown, world.port)
  const restartAtMs = world.clock.now() + 80_000
  shown.plannedRestartAt = new Date(restartAtMs).toISOString()
  const bot = await world.startBot({ env: managed(manager.url, 'alice') })
  await bot.heard(operational)
  await bot.heard('order gate closed')
  await until(
    () => world.clock.now(),
    (now) => now >= restartAtMs,
    'its time',
  )
  // As a manager does: from then on it speaks of the next day's.
  shown.plannedRestartAt = new Date(restartAtMs + 86_400_000).toISOString()
  const before = manager.looks()
  await until(manager.looks, (looks) => looks > before + 1, 'the bot has heard of it')
  t.equal(bot.count('Gateway validated successfully'), 1, 'the gate stays shut')
  gateway.fault('nightly-restart')
  await bot.heard('Gateway validated successfully', 2)
  t.equal(bot.count(lost), 0)
  t.notOk(
    bot.told().some((head) => head.startsWith('CRITICAL')),
    bot.told().join(),
  )
})

t.test('a lock that comes while it trades closes the gate', async (t) => {
  const world = await botWorld(t)
  const gateway = await world.startGateway()
  const shown: Record<string, unknown> = { endpoint: { host: '127.0.0.1', port: world.port } }
  const manager = await managerStub(t, shown, world.port)
  const bot = await world.startBot({ env: managed(manager.url, 'alice') })
  await bot.heard(operational)
  Object.assign(shown, {
    phase: 'locked',
    reason: { code: 'ACCOUNT_LOCKED', message: 'IBKR has locked the account.', action: 'Call IBKR.' },
  })
  const closed = await bot.heard('order gate closed')
  t.match(closed.fields, { reason: /the gateway is locked: IBKR has locked the account/ })
  t.match(await bot.toldAs(`CRITICAL: ${lost}`), { text: /ACCOUNT_LOCKED/ })
  const before = manager.looks()
  await until(manager.looks, (looks) => looks > before + 1, 'the manager has been looked at again')
  t.equal(bot.count('Gateway validated successfully'), 1, 'whatever its API answers, it is not trusted')
  t.equal(await bot.healthStatus(), 503)
  t.strictSame(ordersAt(gateway), [])
  Object.assign(shown, { phase: 'ready', reason: undefined })
  await bot.heard('Gateway validated successfully', 2)
})

t.test(
  'another client id is followed: the gate shuts, and nothing more is sent with the one of before',
  async (t) => {
    // So fast, the minute between renewals is over in three seconds.
    const world = await botWorld(t, { speed: 20 })
    const gateway = await world.startGateway()
    await world.writeGameplan()
    const leased = { clientId: 4321 }
    const shown = { endpoint: { host: '127.0.0.1', port: world.port } }
    const manager = await managerStub(t, shown, world.port, leased)
    const bot = await buyer(world, manager.url)
    leased.clientId = 4322
    const closed = await bot.heard('order gate closed')
    t.match(closed.fields, { reason: 'the manager gave client id 4322 instead of 4321' })
    await bot.heard('Gateway validated successfully', 2)
    t.match((await bot.heard('session ready', 2)).fields, { clientId: 4322 })
    t.equal(await bot.healthStatus(), 200)
    await bot.filled('SPY', 0)
    t.strictSame(
      gateway.requests.filter(({ name }) => name === 'placeOrder').map(({ clientId }) => clientId),
      [4321, 4322],
      'what it bought with the one, Strategy C sells with the other',
    )
  },
)
