// watch, events -f and timeline against a made-up stream: what is drawn, told and resumed.
import t from 'tap'
import type { Alert } from '../../schemas/alert.ts'
import type { Gateway } from '../../schemas/gateway.ts'
import { openScreen } from '../../src/cli/screen.ts'
import { painter } from '../../src/cli/terminal.ts'
import { fit, WatchBoard } from '../../src/cli/watch-board.ts'
import { closedUrl, eventStream, gateway, ibgm, problem, type RunOptions, sse, stubApi } from './harness.ts'

const plain = painter({ write() {} }, {})
const locked = {
  followerId: 'zulu',
  status: 'FAILED',
  phase: 'locked',
  reason: { code: 'CREDENTIALS_REJECTED', message: 'IBKR said no.', action: 'Put others.' },
} as const
const alert = {
  ...{ id: 'a1', key: 'k', level: 'ERROR', code: 'X', title: 'Login rejected', message: 'm', count: 1 },
  raisedAt: '2026-01-01T00:00:00Z',
  lastRaisedAt: '2026-01-01T00:00:00Z',
}

const synced: [string, object] = ['synced', { asOf: '2026-01-01T00:00:00Z' }]

/** Runs until stdout fits, then presses Ctrl-C. */
async function until(argv: string[], fits: RegExp, options: RunOptions = {}) {
  const interrupt = new AbortController()
  return ibgm(argv, {
    ...options,
    signal: interrupt.signal,
    onOutput: (stdout) => {
      if (fits.test(stdout)) interrupt.abort()
    },
  })
}

t.test('in a pipe each change is a line; a stream that ends is told of and taken up again', async (t) => {
  const bodies = [
    sse(['gateway', gateway()], ['alert', alert], synced),
    sse(),
    sse(
      ['gateway', gateway()],
      synced,
      ['gateway', gateway({ heartbeatRttMs: 9 })],
      ['gateway', gateway({ status: 'STARTING', phase: 'reconnecting' })],
      ['gateway-removed', { followerId: 'alpha' }],
      ['alert', { ...alert, resolvedAt: '2026-01-01T00:00:01Z' }],
    ),
  ]
  const api = await stubApi(t, () => eventStream(bodies.shift() ?? sse()))
  const { code, stdout, stderr } = await until(['watch', '--url', api.url], /resolved: Login rejected/)
  t.equal(code, 0)
  t.strictSame(
    stdout
      .replace(/^ *[\d.]+m?s /gm, '')
      .trimEnd()
      .split('\n')
      .map((line) => line.trim()),
    [
      'alpha  ready',
      'alert ERROR: Login rejected',
      'alpha  reconnecting',
      'alpha  removed',
      'resolved: Login rejected',
    ],
  )
  t.equal(stderr, 'not live: the manager ended the stream; trying again\nlive again\n')
  t.match(api.asked, [{ path: '/events/stream?include=gateways%2Calerts' }])
})

t.test('--json prints each item on a line', async (t) => {
  const api = await stubApi(t, () => eventStream(sse(['gateway', gateway()], synced)))
  const { stdout } = await until(['watch', '--json', '--url', api.url], /synced/)
  const [first, second] = stdout.split('\n').map((line) => line && JSON.parse(line))
  t.match(first, { kind: 'gateway', gateway: { followerId: 'alpha' } })
  t.match(second, { kind: 'synced' })
})

t.test('on a terminal it takes an alternate screen and gives it back', async (t) => {
  const api = await stubApi(t, () =>
    eventStream(sse(['gateway', gateway()], ['gateway', gateway(locked)], synced)),
  )
  const env = { NO_COLOR: '1' }
  const { code, stdout } = await until(['watch', '--url', api.url], /zulu.*alpha/s, { tty: true, env })
  t.equal(code, 0)
  t.ok(stdout.startsWith('\x1b[?1049h\x1b[?25l'))
  t.ok(stdout.endsWith('\x1b[?25h\x1b[?1049l'))
  t.match(stdout, /2 gateways: 1 RUNNING, 1 FAILED · 1 needs a person/)
})

t.test('the first picture has the whole fleet', async (t) => {
  const fleet = Array.from({ length: 11 }, (_, n): [string, object] => [
    'gateway',
    gateway({ followerId: `run-${n}` }),
  ])
  const api = await stubApi(t, () => eventStream(sse(...fleet, synced)))
  const { stdout } = await until(['watch', '--url', api.url], /RUNNING/, {
    tty: true,
    env: { NO_COLOR: '1' },
  })
  t.strictSame(stdout.match(/\d+ gateways?: \d+ RUNNING/g), ['11 gateways: 11 RUNNING'])
})

t.test('a stream that ends before it has told all is told of on the board', async (t) => {
  const api = await stubApi(t, () => eventStream(sse(['gateway', gateway()])))
  const { code, stdout } = await until(['watch', '--url', api.url], /not live/, { tty: true })
  t.equal(code, 0)
  t.match(stdout, /not live for 0 s \(the manager ended the stream\)/)
})

t.test('no manager is 3, a missing role 1, and the screen stays as it is', async (t) => {
  const gone = await ibgm(['watch', '--url', await closedUrl()], { tty: true })
  t.equal(gone.code, 3)
  t.equal(gone.stdout, '')
  const api = await stubApi(t, () => problem(401, 'UNAUTHORIZED', 'Say who you are.'))
  t.equal((await ibgm(['watch', '--url', api.url], { tty: true })).code, 1)
})

t.test('the board: who needs a person first, and no more than fits', async (t) => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const board = new WatchBoard()
  const take = (changes: Partial<Gateway>) => board.take({ kind: 'gateway', gateway: gateway(changes) }, now)
  take({})
  take(locked)
  take({
    followerId: 'kilo',
    status: 'STARTING',
    phase: 'awaiting-2fa',
    deadline: '2026-01-01T00:01:50Z',
    pushExpiresAt: '2026-01-01T00:01:30Z',
  })
  for (let n = 10; n < 40; n++) take({ followerId: `run-${n}` })
  board.take({ kind: 'synced' }, now)
  const lines = board.lines(now, { rows: 14, columns: 60 }, plain)
  t.ok(lines.length <= 14, `${lines.length} lines`)
  t.ok(lines.every((line) => line.length <= 60))
  t.match(lines[3], /^kilo/, 'a countdown first')
  t.match(lines[4], /approve in IBKR Mobile within 90s/)
  t.match(lines[5], /^zulu/)
  t.match(lines.at(-1), /^… and \d+ more that need less$/)

  board.take({ kind: 'lost', why: 'gone' }, now)
  t.match(board.lines(now + 5_000, { rows: 14, columns: 80 }, plain)[1], 'not live for 5 s (gone)')
  take({})
  board.take({ kind: 'synced' }, now)
  const after = board.lines(now, { rows: 14, columns: 80 }, plain)
  t.equal(after.length, 4, 'who is not there any more after a return is gone')
  t.notMatch(after.join('\n'), 'not live')
})

t.test('open alerts are those that are not resolved; who looks at some is said', async (t) => {
  const board = new WatchBoard()
  const headline = () => board.lines(0, { rows: 14, columns: 80 }, plain)[0]
  const take = (changes: object) => board.take({ kind: 'alert', alert: { ...alert, ...changes } as Alert }, 0)
  take({})
  t.match(headline(), / · 1 open alert$/)
  take({ id: 'a2', acknowledgedAt: '2026-01-01T00:00:00Z' })
  t.match(headline(), / · 2 open alerts, 1 acknowledged$/)
  take({ resolvedAt: '2026-01-01T00:00:00Z' })
  t.match(headline(), / · 1 open alert, 1 acknowledged$/)
})

t.test('what to do is read to its end, on a narrow screen on several lines', async (t) => {
  const board = new WatchBoard()
  const action =
    'Correct the stored credentials; nothing is tried until they change, because IBKR locks a user.'
  board.take({ kind: 'gateway', gateway: gateway({ ...locked, reason: { ...locked.reason, action } }) }, 0)
  t.strictSame(board.lines(0, { rows: 24, columns: 50 }, plain).slice(5), [
    '  what to do: Correct the stored credentials;',
    '    nothing is tried until they change, because',
    '    IBKR locks a user.',
  ])
  t.equal(board.lines(0, { rows: 6, columns: 50 }, plain).length, 5, 'no more than fits')
})

t.test('a terminal that does not know its size is 24 by 80', async (t) => {
  const drawn: string[] = []
  const output = { write: (text: string) => drawn.push(text), columns: 0, rows: 0 }
  const screen = openScreen(output, () => {})
  t.strictSame(screen.size, { rows: 24, columns: 80 })
})

t.test('a line is cut by what is seen, and its colour ends with it', async (t) => {
  t.equal(fit('abcdef', 4), 'abcd')
  t.equal(fit('\x1b[31mabcdef\x1b[0m', 4), '\x1b[31mabcd\x1b[0m')
  t.equal(fit('\x1b[31mab\x1b[0mcdef', 4), '\x1b[31mab\x1b[0mcd')
  t.equal(fit('a😀b', 2), 'a😀')
})

t.test('events -f goes on after the last event seen', async (t) => {
  const event = (id: string, message: string) => ({
    id,
    at: '2026-01-01T00:00:00Z',
    type: 'gateway.phase',
    message,
    followerId: 'alpha',
  })
  const bodies = [sse(['', event('e1', 'one'), 'e1']), sse(['', event('e2', 'two'), 'e2'])]
  const api = await stubApi(t, () => eventStream(bodies.shift() ?? sse()))
  const argv = [
    'events',
    '-f',
    '--since',
    '0mhx2q8ra-0000',
    '--follower',
    'alpha',
    '--type',
    'gateway.*',
    '--url',
    api.url,
  ]
  const { code, stdout } = await until(argv, /two/)
  t.equal(code, 0)
  t.match(stdout, /^2026-01-01T00:00:00Z {2}alpha {2}one {2}gateway\.phase\n.*two/)
  t.match(api.asked, [
    { path: '/events/stream?include=history&since=0mhx2q8ra-0000&followerId=alpha&type=gateway.*' },
    { path: '/events/stream?include=history&since=e1&followerId=alpha&type=gateway.*' },
  ])
})

t.test('events of one type', async (t) => {
  const event = (type: string) => ({ id: type, at: '2026-01-01T00:00:00Z', type, message: type })
  const items = [event('gateway.phase'), event('gateway.launch'), event('credentials.read')]
  const api = await stubApi(t, () => ({ body: { items } }))
  const typed = async (type: string) => {
    const { stdout } = await ibgm(['events', '--type', type, '--json', '--url', api.url])
    return JSON.parse(stdout).items.map(({ id }: { id: string }) => id)
  }
  t.strictSame(await typed('gateway.*'), ['gateway.phase', 'gateway.launch'])
  t.strictSame(await typed('credentials.read'), ['credentials.read'])
})

t.test('events of a rare type are looked for page after page, until there are enough', async (t) => {
  const event = (id: string, type: string) => ({ id, at: '2026-01-01T00:00:00Z', type, message: id })
  const pages: Record<string, object> = {
    '': { items: [event('e1', 'credentials.read'), event('e2', 'gateway.phase')], nextCursor: 'e2' },
    e2: { items: [event('e3', 'gateway.phase'), event('e4', 'gateway.launch')], nextCursor: 'e4' },
    e4: { items: [event('e5', 'gateway.launch'), event('e6', 'gateway.launch')] },
  }
  const api = await stubApi(t, ({ path }) => ({
    body: pages[new URLSearchParams(path.split('?')[1]).get('since') ?? ''],
  }))
  const found = async (limit: string) => {
    const argv = ['events', '--type', 'gateway.launch', '--limit', limit, '--json', '--url', api.url]
    const { items, nextCursor } = JSON.parse((await ibgm(argv)).stdout)
    return [...items.map(({ id }: { id: string }) => id), nextCursor]
  }
  t.strictSame(await found('2'), ['e4', 'e5', 'e5'])
  t.strictSame(await found('10'), ['e4', 'e5', 'e6', undefined])
})

t.test('timeline: phases, how long, and what was down', async (t) => {
  const at = (minute: number) => `2026-01-01T00:0${minute}:00Z`
  const body = {
    ...{ followerId: 'alpha', from: at(0), to: at(9), heartbeats: [], outages: 1, outageSeconds: 120 },
    spans: [
      { phase: 'ready', status: 'RUNNING', from: at(0), to: at(3) },
      { phase: 'reconnecting', status: 'STARTING', from: at(3), to: at(5), reason: 'SESSION_LOST' },
      { phase: 'ready', status: 'RUNNING', from: at(5) },
    ],
  }
  const api = await stubApi(t, () => ({ body }))
  const { stdout } = await ibgm(['timeline', 'alpha', '--hours', '2', '--url', api.url])
  t.strictSame(stdout.trimEnd().split('\n'), [
    'FROM (UTC)            FOR  PHASE         REASON',
    '2026-01-01T00:00:00Z  3m   ready',
    '2026-01-01T00:03:00Z  2m   reconnecting  SESSION_LOST',
    '2026-01-01T00:05:00Z  4m   ready',
    '1 outage, 2m in all',
  ])
  t.match(api.asked, [{ path: '/gateways/alpha/timeline?hours=2' }])
  t.equal((await ibgm(['timeline', 'alpha', '--hours', '200'])).code, 2)
})
