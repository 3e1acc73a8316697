// The bot beside a manager, over real HTTP: what it learns, how it keeps its client id, and that an absent manager harms nothing.
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { Gateway } from '../../schemas/gateway.ts'
import { createManagerLink, type GatewayNews, healthUrlOf } from '../../src/bot/manager-link.ts'
import type { Notice } from '../../src/bot/notifier.ts'
import { waitForGateway } from '../../src/bot/wait-for-gateway.ts'
import { TokenBook } from '../../src/doors/token-book.ts'
import { hashToken } from '../../src/doors/tokens.ts'
import { FleetError } from '../../src/ports/errors.ts'
import type { Log } from '../../src/ports/log.ts'
import { FakeClock } from '../fake-clock.ts'
import { listening, testApp, turnsUntil } from '../routes/app.ts'

const never = new AbortController().signal
const token = 'ibgm_canary0123456789'
const lookMs = 3_000

/** The link of a bot to what answers at `url`, not started; its clock stands still. */
function link(t: Test, url: string, tokenSent = token) {
  const clock = new FakeClock()
  const lines: Array<{ level: string; message: string; fields: object }> = []
  const write = (level: string) => (fields: object, message: string) => lines.push({ level, message, fields })
  const log: Log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  }
  const healthUrl = 'http://127.0.0.1:8081/health'
  const manager = createManagerLink({ clock, log }, { url, followerId: 'alice', token: tokenSent, healthUrl })
  const news: GatewayNews[] = []
  manager.onNews((item) => news.push(item))
  t.teardown(() => manager.stop())
  /** Only the wait for the next look is that long: then no request is under way. */
  const idle = () => turnsUntil(() => clock.nextTimerMs === lookMs)
  return {
    manager,
    clock,
    log,
    lines,
    news,
    messages: () => lines.filter(({ level }) => level !== 'debug').map(({ message }) => message),
    /** Lets the time of the next look come, `count` times, each to its end. */
    async looks(count = 1) {
      for (let done = 0; done < count; done += 1) {
        await idle()
        await clock.advance(lookMs)
      }
      await idle()
    },
  }
}

// One manager for all tests, as making its API takes a while; each test begins with a fresh gateway of alice and no leases.
const tokens = [{ name: 'bot', role: 'operator', hash: hashToken(token) }] as const
const book = new TokenBook({ tokens, clock: new FakeClock(), log: pino({ level: 'silent' }) })
const { app, fleet } = await testApp(t, { doors: { clock: new FakeClock(), tokens: book } })
const port = await listening(app)
await fleet.createFollower({ id: 'alice' }, { actor: 'test', requestId: 'test' })
const { getGateway, lease, renewLease } = fleet

/** The manager, whose gateway shows what `shown` holds, and a link to it. */
function world(t: Test, { tokenSent = token, status = 'RUNNING' as Gateway['status'] } = {}) {
  const shown: Partial<Gateway> = { endpoint: { host: '127.0.0.1', port: 4100 } }
  const asked: string[] = []
  fleet.settle('alice', status)
  fleet.leases.clear()
  fleet.getGateway = (id) => ({ ...getGateway.call(fleet, id), ...shown })
  fleet.lease = (id, body) => {
    asked.push(`lease ${id} ${body.purpose} ${body.ttlSeconds} ${body.healthUrl}`)
    return lease.call(fleet, id, body)
  }
  fleet.renewLease = (id, clientId) => {
    asked.push(`renew ${id} ${clientId}`)
    return renewLease.call(fleet, id, clientId)
  }
  return { shown, asked, ...link(t, `http://127.0.0.1:${port}`, tokenSent) }
}

/** What is no manager, on a free port. */
function stranger(t: Test, answer: RequestListener): Promise<string> {
  return listeningOn(t, createServer(answer))
}

async function listeningOn(t: Test, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('it knows the gateway, and hears of planned restarts and of moves', async (t) => {
  const { manager, shown, news, looks, messages } = world(t)
  await manager.start()
  t.match(manager.gateway, { status: 'RUNNING', phase: 'ready', endpoint: { host: '127.0.0.1', port: 4100 } })
  t.equal(manager.trouble, undefined)
  t.strictSame(news.splice(0), [{ kind: 'endpoint', endpoint: { host: '127.0.0.1', port: 4100 } }])
  await looks()
  t.strictSame(news.splice(0), [], 'nothing has changed')

  shown.plannedRestartAt = '2026-01-05T21:30:00.000Z'
  await looks()
  t.strictSame(news.splice(0), [{ kind: 'planned-restart', atMs: Date.UTC(2026, 0, 5, 21, 30) }])
  t.equal(manager.gateway?.plannedRestartAtMs, Date.UTC(2026, 0, 5, 21, 30))
  shown.plannedRestartAt = '2026-01-05T17:00:00.000Z'
  shown.endpoint = { host: '127.0.0.1', port: 4117 }
  await looks()
  t.strictSame(news.splice(0), [
    { kind: 'planned-restart', atMs: Date.UTC(2026, 0, 5, 17) },
    { kind: 'endpoint', endpoint: { host: '127.0.0.1', port: 4117 } },
  ])
  delete shown.plannedRestartAt
  delete shown.endpoint
  await looks()
  t.strictSame(news.splice(0), [
    { kind: 'planned-restart', atMs: undefined },
    { kind: 'endpoint', endpoint: undefined },
  ])
  t.strictSame(messages(), [])
})

t.test('a locked gateway is told with its reason, and so is its end', async (t) => {
  const { manager, shown, news, looks } = world(t, { status: 'STARTING' })
  await manager.start()
  news.splice(0)
  const signal = manager.lockSignal()
  t.equal(signal.aborted, false)
  const reason = {
    code: 'CREDENTIALS_REJECTED',
    message: 'IBKR rejected the password.',
    action: 'Store the right one, then launch.',
  } as const
  Object.assign(shown, { status: 'FAILED', phase: 'locked', reason })
  await looks()
  const why = 'IBKR rejected the password. [CREDENTIALS_REJECTED] Store the right one, then launch'
  t.strictSame(news.splice(0), [{ kind: 'locked', why }])
  t.match(signal.reason, { message: why })
  t.equal(manager.lockSignal().aborted, true)
  Object.assign(shown, { status: 'STARTING', phase: 'booting', reason: undefined })
  await looks()
  t.strictSame(news.splice(0), [{ kind: 'unlocked' }])
  t.equal(manager.lockSignal().aborted, false)
})

t.test('a locked gateway ends the wait at the start at once, with the authentication text', async (t) => {
  const { manager, shown, clock, log, lines } = world(t)
  const reason = { code: 'CREDENTIALS_REJECTED', message: 'IBKR rejected the password.' } as const
  Object.assign(shown, { status: 'FAILED', phase: 'locked', reason })
  await manager.start()
  const notices: Notice[] = []
  const outcome = await waitForGateway(
    {
      clock,
      log,
      notifier: { notify: (notice) => notices.push(notice) },
      check: async () => ({ ok: false, kind: 'refused', detail: 'not asked' }),
    },
    {
      gateway: 'alice',
      maxTries: 30,
      timeoutMs: 300_000,
      retryIntervalMs: 5_000,
      orchestration: 'native',
      hopeless: manager.lockSignal(),
    },
    never,
  )
  t.match(outcome, {
    ready: false,
    failure: 'locked',
    text: 'Gateway authenticated but IBKR login failed',
    tries: 0,
  })
  t.match(notices, [{ level: 'CRITICAL', title: 'Gateway authentication failed, check IBKR credentials' }])
  t.match(lines.at(-1), { level: 'error', fields: { detail: /\[CREDENTIALS_REJECTED\]$/ } })
})

t.test(
  'the client id is leased, renewed at half of its time, taken again when lost, and given back',
  async (t) => {
    const { manager, asked, looks, news } = world(t)
    await manager.start()
    t.match(await manager.lease(never), {
      clientId: 1000,
      host: '127.0.0.1',
      port: 4100,
      accounts: ['DU1234567'],
    })
    t.strictSame(asked.splice(0), ['lease alice trading-bot 120 http://127.0.0.1:8081/health'])
    await looks(19)
    t.strictSame(asked.splice(0), [], 'not before half of 120 s')
    await looks(1)
    t.strictSame(asked.splice(0), ['renew alice 1000'])
    await looks(20)
    t.strictSame(asked.splice(0), ['renew alice 1000'])

    fleet.leases.clear()
    news.splice(0)
    await looks(20)
    t.strictSame(asked.splice(0), [
      'renew alice 1000',
      'lease alice trading-bot 120 http://127.0.0.1:8081/health',
    ])
    t.strictSame(news, [], 'the same id again')
    await manager.stop()
    t.equal(fleet.leases.size, 0)
    await manager.stop()
  },
)

t.test('another client id than before is told', async (t) => {
  const { manager, looks, news } = world(t)
  await manager.start()
  await manager.lease(never)
  news.splice(0)
  const [before] = fleet.leases.values()
  t.ok(before)
  fleet.leases.clear()
  if (before) fleet.lease = async () => ({ ...before, clientId: 1001 })
  await looks(20)
  t.strictSame(news, [{ kind: 'client-id', clientId: 1001 }])
})

t.test('a lease waits a minute for a gateway that is not RUNNING yet', async (t) => {
  const { manager, clock, asked, looks } = world(t, { status: 'STARTING' })
  await manager.start()
  const leasing = manager.lease(never)
  await turnsUntil(() => asked.length === 1)
  await looks(2)
  fleet.settle('alice', 'RUNNING')
  await looks(2)
  t.match(await leasing, { clientId: 1000 })

  fleet.settle('alice', 'STARTING')
  t.equal(clock.pendingTimers, 1)
  const again = manager.lease(never)
  let isOver = false
  void again.finally(() => {
    isOver = true
  })
  while (!isOver) await looks()
  t.match(await again, { clientId: 1000, port: 4100 }, 'the lease of before counts')
})

t.test(
  'a lease that never was ends with what the manager said, and an aborted one with its reason',
  async (t) => {
    const { manager, looks } = world(t, { status: 'STARTING' })
    await manager.start()
    const refused = t.rejects(manager.lease(never), { code: 'GATEWAY_NOT_RUNNING', message: /says 503: / })
    await looks(22)
    await refused
    const stop = new AbortController()
    const aborted = t.rejects(manager.lease(stop.signal), { message: 'SIGTERM' })
    stop.abort(new Error('SIGTERM'))
    await aborted
  },
)

t.test('a manager that goes away harms nothing: one line, and what was known stays', async (t) => {
  const { manager, shown, news, looks, messages } = world(t)
  shown.plannedRestartAt = '2026-01-05T21:30:00.000Z'
  await manager.start()
  await manager.lease(never)
  news.splice(0)
  const view = fleet.getGateway
  fleet.getGateway = () => {
    throw new FleetError('STORE_UNAVAILABLE', 'The store does not answer.')
  }
  await looks(30)
  t.match(manager.trouble, /says 503: The store does not answer$/)
  t.match(manager.gateway, { status: 'RUNNING', plannedRestartAtMs: Date.UTC(2026, 0, 5, 21, 30) })
  t.strictSame(messages(), ['No news of the gateway from the manager, going on without'])
  fleet.getGateway = view
  await looks()
  t.equal(manager.trouble, undefined)
  t.strictSame(messages().slice(1), ['The manager answers again'])
  t.strictSame(news, [])
})

t.test('a manager that is gone for good: looking goes on, and the end is quick', async (t) => {
  const answers = {
    gateways: getGateway.call(fleet, 'alice'),
    clients: { clientId: 1000, host: '127.0.0.1', port: 4100 },
  }
  const mortal = createServer(({ url }, response) =>
    response.end(JSON.stringify(url?.endsWith('/clients') ? answers.clients : answers.gateways)),
  )
  const { manager, looks, messages } = link(t, await listeningOn(t, mortal))
  await manager.start()
  await manager.lease(never)
  mortal.closeAllConnections()
  mortal.close()
  await looks(25)
  t.match(manager.trouble, /does not answer \(ECONN(REFUSED|RESET)\)$/)
  t.equal(manager.gateway?.phase, answers.gateways.phase)
  t.strictSame(messages(), ['No news of the gateway from the manager, going on without'])
  await manager.stop()
})

t.test('a manager that takes the connection and is silent is given 2.5 s', async (t) => {
  const { manager, clock, lines } = link(t, await stranger(t, () => {}))
  const started = manager.start()
  await clock.advance(2_500)
  await started
  t.equal(manager.gateway, undefined)
  t.match(manager.trouble, /does not answer \(not within 2\.5 s\)$/)
  t.equal(lines.length, 1)
  await manager.stop()
  t.equal(clock.pendingTimers, 0)
})

t.test('an end during the first look does not wait for it', async (t) => {
  const { manager, lines } = link(t, await stranger(t, () => {}))
  const stop = new AbortController()
  const started = manager.start(stop.signal)
  stop.abort(new Error('SIGTERM'))
  await started
  await manager.stop()
  t.strictSame(lines, [])
})

t.test('what is no manager is told so, and gets the token of nobody', async (t) => {
  const page = link(t, await stranger(t, (_request, response) => response.end('<html>')))
  await page.manager.start()
  t.match(page.manager.trouble, /is no IB Gateway Manager: its answer is not JSON$/)
  const other = link(t, await stranger(t, (_request, response) => response.end('{"status":7}')))
  await other.manager.start()
  t.match(other.manager.trouble, /is no IB Gateway Manager: it shows no gateway$/)
  await t.rejects(other.manager.lease(never), { message: /is no IB Gateway Manager/ })

  let followed = 0
  const target = await stranger(t, (_request, response) => {
    followed += 1
    response.end('{}')
  })
  const redirect = await stranger(t, (_request, response) =>
    response.writeHead(307, { location: target }).end(),
  )
  const led = link(t, redirect)
  await led.manager.start()
  t.match(led.manager.trouble, /says 307/)
  t.equal(followed, 0)
})

t.test('the token is in no line and no error', async (t) => {
  const bad = 'ibgm_canary_bad'
  const { manager, lines } = world(t, { tokenSent: bad })
  await manager.start()
  t.match(manager.trouble, /says 401: /)
  const error: Error = await manager.lease(never).then(
    () => new Error('leased'),
    (failure) => failure,
  )
  t.match(error, { code: 'UNAUTHORIZED' })
  const echo = await stranger(t, ({ headers }, response) =>
    response.writeHead(500).end(JSON.stringify({ code: 'INTERNAL', detail: `got ${headers.authorization}` })),
  )
  const echoed = link(t, echo)
  await echoed.manager.start()
  t.match(echoed.manager.trouble, /says 500: got Bearer \(token\)$/)
  t.notMatch(JSON.stringify([lines, echoed.lines, error.message, error.stack]), /canary/)
})

t.test('what of its health the manager may ask', async (t) => {
  const rows = [
    ['127.0.0.1', 'http://127.0.0.1:8081/health'],
    ['0.0.0.0', 'http://127.0.0.1:8081/health'],
    ['::', 'http://127.0.0.1:8081/health'],
    ['localhost', 'http://localhost:8081/health'],
    ['::1', 'http://[::1]:8081/health'],
    ['192.168.1.7', undefined],
  ] as const
  for (const [host, url] of rows) t.equal(healthUrlOf(host, 8081), url)
})

// After the tests above: closes the manager.
t.end()
