// status, health, launch, stop, restart, reconnect against a made-up API.
import t from 'tap'
import type { Gateway } from '../../schemas/gateway.ts'
import { type AskedRequest, gateway, ibgm, problem, type StubAnswer, stubApi } from './harness.ts'

const rejected = {
  status: 'FAILED',
  phase: 'locked',
  reason: { code: 'CREDENTIALS_REJECTED', message: 'IBKR said no.', action: 'Put other credentials.' },
} as const

const dataConnection = { state: 'disabled', reconnects: 0 }

const noStream = problem(404, 'NOT_FOUND', 'There is no such route.')

/** A gateway that moves on to its next view each time it is looked at, once a verb has been asked for; its manager has no stream. */
function moving(views: ReadonlyArray<Partial<Gateway>>, accepted = 202) {
  let at = 0
  let begun = false
  return ({ method, path }: AskedRequest): StubAnswer => {
    if (path.startsWith('/events/stream')) return noStream
    if (method === 'POST') {
      begun = true
      return { status: accepted, body: gateway(views[0]) }
    }
    if (begun) at = Math.min(at + 1, views.length - 1)
    return { body: gateway({ since: `2026-01-01T00:00:0${at}Z`, ...views[at] }) }
  }
}

t.test(
  'status shows all gateways, page after page, with reason and action under those that fail',
  async (t) => {
    const pages: Record<string, object> = {
      '/gateways?limit=1000': { items: [gateway()], nextCursor: 'alpha', counts: {} },
      '/gateways?limit=1000&cursor=alpha': {
        items: [
          gateway({ followerId: 'bravo', status: 'STARTING', phase: 'pulling', progress: '40 % pulled' }),
          gateway({ followerId: 'charlie', ...rejected }),
        ],
        counts: {},
      },
      '/system/ib-status': { dataConnection },
    }
    const api = await stubApi(t, ({ path }) => ({ body: pages[path] }))
    const { code, stdout } = await ibgm(['status', '--url', api.url])
    t.equal(code, 0)
    const lines = stdout.split('\n')
    t.match(lines[0], /^FOLLOWER {2}STATUS {4}PHASE +ENDPOINT +ACCOUNTS +RTT +RECONNECTS {2}RESTARTS$/)
    t.match(lines[1], /^alpha {5}RUNNING {3}ready \d+s +127\.0\.0\.1:4100 {2}DU1234567 {2}1\.3 ms {2}0 +1$/)
    t.match(lines[2], /^bravo {5}STARTING {2}pulling \d+s/)
    t.equal(lines[3], '  40 % pulled')
    t.match(lines[4], /^charlie {3}FAILED/)
    t.equal(lines[5], '  CREDENTIALS_REJECTED: IBKR said no.')
    t.equal(lines[6], '  what to do: Put other credentials.')
    t.equal(lines[7], '3 gateways: 1 RUNNING, 1 STARTING, 1 FAILED')
    t.match(lines[8], /^data connection: none/)
    const json = JSON.parse((await ibgm(['status', '--json', '--url', api.url])).stdout)
    t.equal(json.items.length, 3)
  },
)

t.test('status of one gateway, and of none', async (t) => {
  const one = await stubApi(t, () => ({ body: gateway({ ...rejected, drift: true, image: 'img:1' }) }))
  const { stdout } = await ibgm(['status', 'alpha', '--url', one.url])
  t.match(stdout, /status +FAILED/)
  t.match(stdout, /reason +CREDENTIALS_REJECTED: IBKR said no\.\n +what to do: Put other credentials\./)
  t.match(stdout, /counters +1 restart, 0 reconnects, 0 failed connections/)
  t.match(stdout, /drift +.*ibgm restart --mode container/)
  const none = await stubApi(t, () => ({ body: { items: [], counts: {}, dataConnection } }))
  t.match((await ibgm(['status', '--url', none.url])).stdout, /no followers yet/)
})

t.test('a gateway cannot steer the terminal', async (t) => {
  const evil = gateway({
    ...rejected,
    reason: { ...rejected.reason, message: 'a\x1b[2Jb\x07\u202ec\x9b31m' },
  })
  const api = await stubApi(t, () => ({ body: { items: [evil], counts: {}, dataConnection } }))
  const { stdout } = await ibgm(['status', '--url', api.url], { tty: true, env: { NO_COLOR: '1' } })
  t.match(stdout, 'CREDENTIALS_REJECTED: abc31m')
})

t.test('health is 0 or 1, and 503 with a body is an answer', async (t) => {
  const since = new Date().toISOString()
  const layers = [
    { name: 'container', status: 'ok', since },
    { name: 'heartbeat', status: 'failing', since, detail: 'no answer for 13 s' },
  ]
  const sick = await stubApi(t, () => ({
    status: 503,
    body: { followerId: 'alpha', healthy: false, status: 'STARTING', failing: 'heartbeat', layers },
    headers: { 'content-type': 'application/json' },
  }))
  const bad = await ibgm(['health', 'alpha', '--url', sick.url])
  t.equal(bad.code, 1)
  t.match(bad.stdout, /alpha STARTING not healthy: heartbeat/)
  t.match(bad.stdout, /heartbeat {2}failing {2}0s +no answer for 13 s/)
  const well = await stubApi(t, () => ({
    body: { followerId: 'alpha', healthy: true, status: 'RUNNING', layers: [] },
  }))
  t.equal((await ibgm(['health', 'alpha', '--url', well.url])).code, 0)
  const closing = await stubApi(t, () => problem(503, 'SHUTTING_DOWN', 'The manager is stopping.'))
  const shut = await ibgm(['health', 'alpha', '--url', closing.url])
  t.equal(shut.code, 1)
  t.match(shut.stderr, /SHUTTING_DOWN/)
})

t.test('launch without --wait asks once and says where it is', async (t) => {
  const api = await stubApi(t, moving([{ status: 'STARTING', phase: 'creating' }]))
  const { code, stdout } = await ibgm(['launch', 'alpha', '--url', api.url])
  t.equal(code, 0)
  t.equal(stdout, 'alpha  STARTING  creating\n')
  t.match(api.asked, [{ method: 'POST', path: '/gateways/alpha/launch' }])
  t.equal(api.asked.length, 1)
})

t.test('launch --wait tells each phase and ends RUNNING', async (t) => {
  const api = await stubApi(
    t,
    moving([
      { status: 'STOPPED', phase: 'stopped' },
      { status: 'STARTING', phase: 'booting' },
      { status: 'STARTING', phase: 'logging-in' },
      {},
    ]),
  )
  // The id after --wait is not its time.
  const { code, stdout } = await ibgm(['launch', '--wait', 'alpha', '--url', api.url])
  t.equal(code, 0)
  t.match(
    stdout,
    /^ +[\d.]+m?s {2}alpha {2}booting\n +[\d.]+m?s {2}alpha {2}logging-in\n +[\d.]+m?s {2}alpha {2}ready\n/,
  )
  t.match(stdout, /alpha is RUNNING after [\d.]+m?s\n$/)
})

t.test('launch --wait ends FAILED with reason and action, exit 1', async (t) => {
  const api = await stubApi(t, moving([{ status: 'STOPPED', phase: 'stopped' }, rejected]))
  const { code, stdout } = await ibgm(['launch', 'alpha', '--wait', '30', '--url', api.url])
  t.equal(code, 1)
  t.match(stdout, /alpha is FAILED, and waits for a person/)
  t.match(stdout, /CREDENTIALS_REJECTED: IBKR said no\.\n {2}what to do: Put other credentials\./)
})

t.test('launch --wait ends when somebody stops the gateway, exit 1', async (t) => {
  const stopped = {
    status: 'STOPPED',
    phase: 'stopped',
    desired: 'stopped',
    since: '2026-01-02T00:00:00Z',
  } as const
  const api = await stubApi(t, moving([{ status: 'STARTING', phase: 'booting' }, stopped]))
  const { code, stdout } = await ibgm(['launch', 'alpha', '--wait', '30', '--url', api.url])
  t.equal(code, 1)
  t.match(stdout, /alpha is STOPPED, somebody has stopped it\n$/)
})

t.test('what failed before the launch is old news', async (t) => {
  const old = { ...rejected, since: '2026-01-01T00:00:00Z' }
  const api = await stubApi(t, moving([old, old, { status: 'STARTING', phase: 'booting' }, {}]))
  const { code, stdout } = await ibgm(['launch', 'alpha', '--wait', '--url', api.url])
  t.equal(code, 0, stdout)
})

t.test('restart --wait does not take the gateway before it for the one after', async (t) => {
  const before = { since: '2026-01-01T00:00:00Z' }
  const api = await stubApi(t, moving([before, before, { status: 'STARTING', phase: 'restarting' }, {}]))
  const { code, stdout } = await ibgm(['restart', 'alpha', '--mode', 'container', '--wait', '--url', api.url])
  t.equal(code, 0)
  t.match(stdout, /restarting\n.*ready\n.*alpha is RUNNING/)
  t.match(
    api.asked.find(({ method }) => method === 'POST'),
    { path: '/gateways/alpha/restart', body: { mode: 'container' } },
  )
})

t.test('a wait that ends too early is 1 and says that it goes on', async (t) => {
  const api = await stubApi(t, moving([{}, { status: 'STARTING', phase: 'awaiting-2fa' }]))
  const { code, stdout } = await ibgm(['launch', 'alpha', '--wait', '300ms', '--url', api.url])
  t.equal(code, 1)
  t.match(stdout, /alpha is STARTING, still awaiting-2fa after .*; it goes on/)
})

t.test('already so needs no wait', async (t) => {
  const api = await stubApi(t, moving([{}], 200))
  t.equal((await ibgm(['launch', 'alpha', '--wait', '--url', api.url])).code, 0)
})

t.test('stop --wait passes over an old failure', async (t) => {
  const api = await stubApi(
    t,
    moving([rejected, { status: 'STARTING', phase: 'stopping' }, { status: 'STOPPED', phase: 'stopped' }]),
  )
  const { code, stdout } = await ibgm(['stop', 'alpha', '--wait', '--url', api.url])
  t.equal(code, 0)
  t.match(stdout, /alpha is STOPPED/)
})

t.test('of several, one that fails keeps none of the others', async (t) => {
  const api = await stubApi(t, ({ path }) =>
    path.includes('nobody')
      ? problem(404, 'FOLLOWER_NOT_FOUND', 'There is no follower "nobody".')
      : { status: 202, body: gateway({ followerId: 'bravo', status: 'STARTING', phase: 'creating' }) },
  )
  const { code, stdout, stderr } = await ibgm(['launch', 'nobody', 'bravo', '--url', api.url])
  t.equal(code, 1)
  t.match(stdout, /bravo {2}STARTING/)
  t.match(stderr, /FOLLOWER_NOT_FOUND/)
})

t.test('--json of a verb is one document', async (t) => {
  const api = await stubApi(t, moving([{ status: 'STOPPED' }, { status: 'STARTING', phase: 'booting' }, {}]))
  const { stdout } = await ibgm(['launch', 'alpha', '--wait', '--json', '--url', api.url])
  t.match(JSON.parse(stdout), { followerId: 'alpha', status: 'RUNNING' })
})

t.test('Ctrl-C gives up waiting', async (t) => {
  const api = await stubApi(t, moving([{}, { status: 'STARTING', phase: 'logging-in' }]))
  const interrupt = new AbortController()
  const { code, stderr } = await ibgm(['launch', 'alpha', '--wait', '--url', api.url], {
    signal: interrupt.signal,
    onOutput: (stdout) => stdout.includes('logging-in') && interrupt.abort(),
  })
  t.equal(code, 1)
  t.match(stderr, /interrupted/)
})
