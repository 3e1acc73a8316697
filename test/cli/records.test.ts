// followers, credentials, alerts, events, fault and logs against a made-up API.
import t from 'tap'
import { faultNames } from '../../src/simulator/faults.ts'
import { ibgm, stubApi } from './harness.ts'

const record = {
  id: 'alpha',
  enabled: true,
  state: 'ACTIVE',
  tradingMode: 'paper',
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
  revision: 3,
}

t.test('followers: list, show, create, patch, delete', async (t) => {
  const api = await stubApi(t, ({ method, path }) => {
    if (method === 'DELETE') return { status: 204 }
    return { status: method === 'POST' ? 201 : 200, body: path.includes('?') ? { items: [record] } : record }
  })
  const env = { IBGM_URL: api.url }
  t.match((await ibgm(['followers'], { env })).stdout, /^alpha {2}yes {6}ACTIVE {2}paper {2}- {9}3$/m)
  t.match(JSON.parse((await ibgm(['followers', 'show', 'alpha'], { env })).stdout), { revision: 3 })
  t.match(
    (
      await ibgm(
        [
          'followers',
          'create',
          'alpha',
          '--mode',
          'live',
          '--account',
          'U1234567',
          '--disabled',
          '--set',
          'labels.team.a=1',
        ],
        { env },
      )
    ).stdout,
    /created alpha; next: `ibgm followers credentials alpha`/,
  )
  const patch = ['--set', 'gateway.javaHeapMb=2048', '--set', 'gateway.timeZone=UTC', '--unset', 'name']
  await ibgm(['followers', 'patch', 'alpha', ...patch, '--if-match', '3'], { env })
  t.equal((await ibgm(['followers', 'delete', 'alpha'], { env })).stdout, 'deleted alpha\n')
  t.match(api.asked.slice(2), [
    {
      method: 'POST',
      path: '/followers',
      body: {
        id: 'alpha',
        tradingMode: 'live',
        accounts: ['U1234567'],
        enabled: false,
        labels: { 'team.a': '1' },
      },
    },
    {
      method: 'PATCH',
      path: '/followers/alpha',
      headers: { 'if-match': '"3"' },
      body: { gateway: { javaHeapMb: 2048, timeZone: 'UTC' }, name: null },
    },
    { method: 'DELETE', path: '/followers/alpha' },
  ])
})

t.test('a field that does not exist, or takes another type, never leaves this machine', async (t) => {
  const api = await stubApi(t, () => ({ body: record }))
  for (const [assignment, words] of [
    ['nonsense=1', /no field "nonsense" to set[\s\S]*fields here: .*tradingMode/],
    ['gateway.nonsense=1', /no field "gateway.nonsense"[\s\S]*timeZone/],
    ['__proto__.x=1', /no field/],
    ['id=other', /no field "id"/],
    ['gateway.javaHeapMb=lots', /gateway\.javaHeapMb takes JSON of type integer/],
    ['enabled', /PATH=VALUE/],
  ] as const) {
    const { code, stderr } = await ibgm([
      'followers',
      'patch',
      'alpha',
      '--set',
      assignment,
      '--url',
      api.url,
    ])
    t.equal(code, 2, assignment)
    t.match(stderr, words)
  }
  t.equal((await ibgm(['followers', 'patch', 'alpha', '--url', api.url])).code, 2, 'nothing to change')
  t.equal(api.asked.length, 0)
})

t.test('credentials come from stdin as JSON or two lines, or from a prompt', async (t) => {
  const api = await stubApi(t, () => ({ status: 204 }))
  const put = ['followers', 'credentials', 'alpha', '--url', api.url]
  const ran = [
    await ibgm([...put, '--stdin'], { stdin: '{"username":"u","password":"p 1"}' }),
    await ibgm([...put, '--stdin', '--store', 'embedded'], { stdin: 'u\r\np 1\r\n' }),
    // A slip of the finger on the way, taken back.
    await ibgm(put, { stdin: 'u\nx\x7fp 1\n', tty: true, env: { NO_COLOR: '1' } }),
  ]
  t.same(
    ran.map(({ code }) => code),
    [0, 0, 0],
  )
  t.same(
    api.asked.map(({ method, path, body }) => ({ method, path, body })),
    ['', '?store=embedded', ''].map((query) => ({
      method: 'PUT',
      path: `/followers/alpha/credentials${query}`,
      body: { username: 'u', password: 'p 1' },
    })),
  )
  for (const { stdout, stderr } of ran) t.notMatch(stdout + stderr, 'p 1', 'the password shows nowhere')
})

t.test('credentials that are none are wrong usage, and are not repeated', async (t) => {
  for (const stdin of [
    '',
    'only-a-name\n',
    'u\nhunter2\nthird\n',
    '{"username":"u","password":"hunter2"',
    '{"username":"u"}',
  ]) {
    const { code, stderr } = await ibgm(['followers', 'credentials', 'alpha', '--stdin'], { stdin })
    t.equal(code, 2)
    t.notMatch(stderr, 'hunter2')
  }
  const blind = await ibgm(['followers', 'credentials', 'alpha'])
  t.equal(blind.code, 2)
  t.match(blind.stderr, /--stdin/)
  const gone = await ibgm(['followers', 'credentials', 'alpha'], { stdin: '\x03', tty: true })
  t.equal(gone.code, 1, 'Ctrl-C at the prompt')
})

t.test('alerts, their acknowledgement, events, faults', async (t) => {
  const now = new Date().toISOString()
  const alert = {
    id: 'a1',
    key: 'k',
    level: 'ERROR',
    code: 'CREDENTIALS_REJECTED',
    followerId: 'alpha',
    title: 'alpha cannot log in',
    message: 'IBKR said no.',
    action: 'Put other credentials.',
    runbook: 'http://127.0.0.1:8080/runbook#credentials-rejected',
    count: 2,
    raisedAt: new Date(Date.parse(now) - 600_000).toISOString(),
    lastRaisedAt: now,
  }
  const event = {
    id: 'e1',
    at: now,
    type: 'gateway.launch',
    followerId: 'alpha',
    actor: 'local',
    message: 'launched',
  }
  const api = await stubApi(t, ({ method, path }) => {
    if (path.startsWith('/events')) return { body: { items: [event] } }
    if (path.startsWith('/simulator')) return { status: 204 }
    return { body: method === 'POST' ? { ...alert, acknowledgedBy: 'local' } : { items: [alert] } }
  })
  const env = { IBGM_URL: api.url }
  const listed = (await ibgm(['alerts'], { env })).stdout
  t.match(
    listed,
    /^a1 {2}ERROR {2}CREDENTIALS_REJECTED {2}alpha +10m ago, 2 times, last 0s ago {2}open {3}alpha cannot log in$/m,
  )
  t.match(
    listed,
    '  IBKR said no.\n  what to do: Put other credentials.\n  step by step: http://127.0.0.1:8080/runbook#credentials-rejected\n1 open alert\n',
  )
  await ibgm(['alerts', '--open', '--follower', 'alpha'], { env })
  t.match(api.asked.at(-1), { path: '/alerts?open=true&followerId=alpha' })
  t.match((await ibgm(['alerts', 'ack', 'a1'], { env })).stdout, /acknowledged: alpha cannot log in/)
  t.match(
    (await ibgm(['events', '--follower', 'alpha', '--since', '0mhx2q8ra-0000'], { env })).stdout,
    /gateway\.launch {2}alpha/,
  )
  await ibgm(['fault', 'alpha', 'exit', '1'], { env })
  t.match(api.asked.slice(2), [
    { method: 'POST', path: '/alerts/a1/acknowledge' },
    { path: '/events?since=0mhx2q8ra-0000&followerId=alpha' },
    { method: 'POST', path: '/simulator/alpha/faults', body: { fault: 'exit', value: '1' } },
  ])
})

t.test('each fault of the simulator is in the help, in its order', async (t) => {
  for (const command of ['fault', 'simulator']) {
    const { stdout } = await ibgm([command, '--help'])
    const listed = stdout.slice(stdout.indexOf('Faults:\n')).match(/^ {2}\S+/gm)
    t.strictSame(
      listed?.map((line) => line.trim()),
      faultNames,
      command,
    )
  }
})

t.test('logs as text; only a terminal is protected from them', async (t) => {
  const text = { 'content-type': 'text/plain; charset=utf-8' }
  const api = await stubApi(t, () => ({ body: 'one\n\x1b[2Jtwo\n', headers: text }))
  const logs = ['logs', 'alpha', '--tail', '2', '--url', api.url]
  t.equal((await ibgm(logs)).stdout, 'one\n\x1b[2Jtwo\n')
  t.equal((await ibgm(logs, { tty: true })).stdout, 'one\ntwo\n')
  t.equal(api.asked[0]?.path, '/gateways/alpha/logs?tail=2')
  t.same(JSON.parse((await ibgm([...logs, '--json'])).stdout.split('\n')[0] ?? ''), {
    followerId: 'alpha',
    line: 'one',
  })
})

t.test('logs -f prints each event, and tells when the stream breaks', async (t) => {
  const stream = { 'content-type': 'text/event-stream' }
  const api = await stubApi(t, ({ path }) => ({
    body: path.includes('bravo')
      ? 'data: one\n\nevent: error\ndata: {"code":"ENGINE_UNAVAILABLE","detail":"The engine is gone."}\n\n'
      : ':\n\ndata: one\n\ndata: two\n\n',
    headers: stream,
  }))
  const good = await ibgm(['logs', 'alpha', '-f', '--url', api.url])
  t.match(good, { code: 0, stdout: 'one\ntwo\n' })
  t.equal(api.asked[0]?.path, '/gateways/alpha/logs?follow=true')
  const broken = await ibgm(['logs', 'bravo', '-f', '--url', api.url])
  t.equal(broken.code, 1)
  t.match(broken.stderr, /The engine is gone\.\n {2}code: ENGINE_UNAVAILABLE/)
})
