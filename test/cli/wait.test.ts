// `--wait` on a manager's event stream: every phase is told, and what the stream does not tell is asked for.
import t from 'tap'
import type { Gateway } from '../../schemas/gateway.ts'
import { type AskedRequest, eventStream, gateway, ibgm, type StubAnswer, sse, stubApi } from './harness.ts'

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`
const stopped: Partial<Gateway> = { status: 'STOPPED', phase: 'stopped', since: at(0) }

type Item = [event: string, data: object, id?: string]
const view = (changes: Partial<Gateway>): Item => ['gateway', gateway(changes)]
const synced: Item = ['synced', { asOf: at(0) }]
const phase = (to: string, reason?: string): Item => {
  const data = { to, status: to === 'ready' ? 'RUNNING' : 'STARTING', ...(reason && { reason }) }
  return ['', { id: to, at: at(1), type: 'gateway.phase', followerId: 'alpha', message: '', data }, `e-${to}`]
}

/** Answers the stream with `streamed`, a verb with 202 and everything else with `asked`. */
const manager =
  (streamed: StubAnswer, asked: Partial<Gateway>) =>
  ({ method, path }: AskedRequest): StubAnswer => {
    if (path.startsWith('/events/stream')) return streamed
    if (method === 'POST') return { status: 202, body: gateway(stopped) }
    return { body: gateway(asked) }
  }

/** The phases told, each with its note, and the outcome. */
const toldBy = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ *[\d.]+m?s {2}alpha {2}/, '').replace(/after [\d.]+m?s/, 'after a time'))

t.test('phases too short to be seen are told, in their order and once', async (t) => {
  const body = sse(
    ...[view(stopped), synced, phase('creating'), phase('booting')],
    ...[view({ status: 'STARTING', phase: 'booting', since: at(2) }), phase('booting')],
    ...[phase('logging-in'), phase('backing-off', 'LOGIN_ERROR'), phase('connecting'), phase('ready')],
    view({ since: at(3) }),
  )
  const api = await stubApi(t, manager({ ...eventStream(body), open: true }, stopped))
  const { code, stdout } = await ibgm(['launch', 'alpha', '--wait', '--url', api.url])
  t.equal(code, 0)
  t.strictSame(toldBy(stdout), [
    ...['creating', 'booting', 'logging-in', 'backing-off (LOGIN_ERROR)', 'connecting', 'ready'],
    'alpha is RUNNING after a time',
  ])
  t.strictSame(
    api.asked.map(({ method, path }) => `${method} ${path}`),
    ['GET /events/stream?include=history%2Cgateways&followerId=alpha', 'POST /gateways/alpha/launch'],
    'the stream is there before the verb, and nothing else is asked',
  )
})

t.test('whoever has to approve a login sees how long is left', async (t) => {
  const left = (seconds: number) =>
    view({
      ...{ status: 'STARTING', phase: 'awaiting-2fa', since: at(2) },
      deadline: new Date(Date.now() + seconds * 1_000).toISOString(),
    })
  const body = sse(view(stopped), synced, phase('awaiting-2fa'), left(119), left(118), left(89))
  const api = await stubApi(t, manager({ ...eventStream(body), open: true }, stopped))
  const { code, stdout } = await ibgm(['launch', 'alpha', '--wait', '500ms', '--url', api.url])
  t.equal(code, 1)
  t.match(toldBy(stdout).slice(0, 2), [
    /^awaiting-2fa, approve in IBKR Mobile within 11\ds$/,
    /^awaiting-2fa, approve in IBKR Mobile within 8\ds$/,
  ])
})

t.test('a stream that breaks off is made up for by asking', async (t) => {
  const body = sse(view(stopped), synced, phase('booting'))
  const api = await stubApi(t, manager(eventStream(body), { since: at(3) }))
  const { code, stdout } = await ibgm(['launch', 'alpha', '--wait', '--url', api.url])
  t.equal(code, 0)
  t.strictSame(toldBy(stdout), ['booting', 'ready', 'alpha is RUNNING after a time'])
})

t.test('a stream that a proxy holds back is made up for by asking', async (t) => {
  let asked = 0
  const api = await stubApi(t, (request) => {
    const since = request.method === 'GET' && !request.path.startsWith('/events') ? at(asked++) : at(0)
    return manager({ ...eventStream(''), open: true }, { since })(request)
  })
  const { code, stdout } = await ibgm(['restart', 'alpha', '--wait', '--url', api.url])
  t.equal(code, 0)
  t.strictSame(toldBy(stdout), ['ready', 'alpha is RUNNING after a time'])
})

t.test('a follower that nobody knows is not waited for', async (t) => {
  const api = await stubApi(t, ({ path }) =>
    path.startsWith('/events/stream')
      ? { ...eventStream(sse(synced)), open: true }
      : {
          status: 404,
          body: { code: 'FOLLOWER_NOT_FOUND', detail: 'There is no follower "alpha".', status: 404 },
        },
  )
  const { code, stderr } = await ibgm(['launch', 'alpha', '--wait', '--url', api.url])
  t.equal(code, 1)
  t.match(stderr, /FOLLOWER_NOT_FOUND/)
  t.notOk(api.asked.some(({ method }) => method === 'POST'))
})
