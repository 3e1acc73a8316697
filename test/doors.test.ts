// Doors with tokens: every route, every role, and every way of coming without a good token.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import type { AppDeps } from '../src/app.ts'
import type { Doors } from '../src/doors/doors.ts'
import { TokenBook } from '../src/doors/token-book.ts'
import { hashToken, type Role, roles } from '../src/doors/tokens.ts'
import { openapiDocument } from '../src/http/openapi.ts'
import { FakeClock, settle } from './fake-clock.ts'
import { type TestApp, testApp } from './routes/app.ts'

/** Who may use what. A route that is not here, or says otherwise, fails. */
const access: Record<string, Role | 'open'> = {
  'GET /livez': 'open',
  'GET /metrics': 'viewer',
  'GET /api/v1/events/stream': 'viewer',
  'GET /api/v1/gateways/{id}/screen': 'admin',
  'GET /api/v1/gateways/{id}/timeline': 'viewer',
  'GET /readyz': 'open',
  'GET /api/v1/followers': 'viewer',
  'POST /api/v1/followers': 'admin',
  'GET /api/v1/followers/{id}': 'viewer',
  'PATCH /api/v1/followers/{id}': 'admin',
  'DELETE /api/v1/followers/{id}': 'admin',
  'PUT /api/v1/followers/{id}/credentials': 'admin',
  'GET /api/v1/gateways': 'viewer',
  'GET /api/v1/gateways/{id}': 'viewer',
  'GET /api/v1/gateways/{id}/status': 'viewer',
  'GET /api/v1/gateways/{id}/health': 'viewer',
  'GET /api/v1/gateways/{id}/logs': 'viewer',
  'POST /api/v1/gateways/{id}/launch': 'operator',
  'POST /api/v1/gateways/{id}/stop': 'operator',
  'POST /api/v1/gateways/{id}/restart': 'operator',
  'POST /api/v1/gateways/{id}/reconnect': 'operator',
  'POST /api/v1/gateways/launch': 'operator',
  'POST /api/v1/gateways/stop': 'operator',
  'POST /api/v1/gateways/{id}/clients': 'operator',
  'PUT /api/v1/gateways/{id}/clients/{clientId}': 'operator',
  'DELETE /api/v1/gateways/{id}/clients/{clientId}': 'operator',
  'GET /api/v1/system/ib-status': 'viewer',
  'GET /api/v1/system/system-status': 'viewer',
  'GET /api/v1/alerts': 'viewer',
  'POST /api/v1/alerts/{id}/acknowledge': 'operator',
  'GET /api/v1/events': 'viewer',
  'POST /api/v1/simulator/{followerId}/faults': 'operator',
  'GET /api/v1/bars': 'viewer',
  'GET /api/v1/bars/stream': 'viewer',
  'GET /api/v1/series': 'viewer',
  'POST /api/v1/series': 'admin',
  'DELETE /api/v1/series': 'admin',
  'GET /api/v1/gaps': 'viewer',
  'GET /api/v1/system/gap-filler-status': 'viewer',
  'POST /api/v1/system/gap-filler/force-scan': 'operator',
}

/** Open, and in no description. */
const pages = [
  '/docs',
  '/docs/',
  '/docs/static/swagger-ui.css',
  '/docs/json',
  '/openapi.json',
  '/openapi.yaml',
]

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

async function guarded(
  t: Test,
  more: Partial<Doors> = {},
  overrides: Partial<AppDeps> = {},
): Promise<TestApp & { clock: FakeClock }> {
  const clock = new FakeClock()
  const tokens = roles.map((role) => ({ name: `${role}-1`, role, hash: hashToken(`token-of-${role}`) }))
  const book = new TokenBook({ tokens, clock, log: pino({ level: 'silent' }) })
  return { ...(await testApp(t, { doors: { clock, tokens: book, ...more }, ...overrides })), clock }
}

t.test('every route says who may use it, and so does the description', async (t) => {
  const { paths } = parse(await openapiDocument())
  const described = Object.entries<Record<string, { security: Array<{ token: string[] }> }>>(paths).flatMap(
    ([path, operations]) =>
      Object.entries(operations).map(([method, { security }]) => [
        `${method.toUpperCase()} ${path}`,
        security.length === 0 ? 'open' : security[0]?.token[0],
      ]),
  )
  t.strictSame(Object.fromEntries(described), access)
})

t.test('every route by every role', async (t) => {
  const { app, clock } = await guarded(t)
  for (const [route, needed] of Object.entries(access)) {
    const [method = '', path = ''] = route.split(' ')
    // A stream that is let in would never end, so it is asked for something that it refuses.
    const query = path.endsWith('/stream') ? '?include=nothing' : ''
    const url = path.replace('{clientId}', '1000').replace(/\{\w+\}/, 'anna') + query
    const statusFor = async (headers: Record<string, string>) => {
      const { statusCode } = await app.inject({ method: method as 'GET', url, headers })
      return statusCode === 401 || statusCode === 403 ? statusCode : 'in'
    }
    // Bad tokens are counted.
    await clock.advance(60_000)
    const expected = {
      none: needed === 'open' ? 'in' : 401,
      bad: needed === 'open' ? 'in' : 401,
      viewer: needed === 'open' || needed === 'viewer' ? 'in' : 403,
      operator: needed === 'admin' ? 403 : 'in',
      admin: 'in',
    }
    const seen = {
      none: await statusFor({}),
      bad: await statusFor(bearer('garbage')),
      viewer: await statusFor(bearer('token-of-viewer')),
      operator: await statusFor(bearer('token-of-operator')),
      admin: await statusFor(bearer('token-of-admin')),
    }
    t.strictSame(seen, expected, route)
  }
})

t.test('a route without a role does not start', async (t) => {
  const { default: fastify } = await import('fastify')
  const { guardDoors } = await import('../src/doors/doors.ts')
  const app = fastify()
  guardDoors(app)
  app.get('/new', async () => 'hello')
  await t.rejects(async () => app.ready(), /do not say who may use them \(config.access\): GET \/new/)
})

t.test('open pages, and what is nowhere', async (t) => {
  const { app, call } = await guarded(t)
  for (const path of pages) t.ok((await call('GET', `/${path}`)).status < 400, path)
  for (const [method, path] of [
    ['GET', '/nowhere'],
    ['DELETE', '/gateways/launch'],
    ['OPTIONS', '/followers'],
    ['GET', '//metrics/'],
  ] as const) {
    t.equal((await call(method, path)).status, 401, `${method} ${path} tells a stranger nothing`)
  }
  t.equal((await call('GET', '/nowhere', undefined, bearer('token-of-viewer'))).status, 404)
  const head = (headers = {}) => app.inject({ method: 'HEAD', url: '/api/v1/followers', headers })
  t.equal((await head()).statusCode, 401)
  t.equal((await head(bearer('token-of-viewer'))).statusCode, 200)
})

t.test('what a refusal says', async (t) => {
  const { call } = await guarded(t)
  t.match(await call('GET', '/gateways'), {
    status: 401,
    headers: { 'www-authenticate': 'Bearer realm="ibgm"', 'content-type': /^application\/problem\+json/ },
    body: { code: 'UNAUTHORIZED', detail: /Authorization: Bearer/ },
  })
  t.match(await call('GET', '/gateways', undefined, bearer('canary')), {
    status: 401,
    headers: { 'www-authenticate': 'Bearer realm="ibgm", error="invalid_token"' },
    body: { code: 'UNAUTHORIZED' },
  })
  t.match(await call('POST', '/gateways/anna/stop', undefined, bearer('token-of-viewer')), {
    status: 403,
    body: {
      code: 'FORBIDDEN',
      detail: 'This takes a token of the role operator or above; viewer-1 is viewer.',
    },
  })
})

t.test('a token counts in its header only, spelt as it is', async (t) => {
  const { call } = await guarded(t)
  const good = 'token-of-viewer'
  for (const query of [`access_token=${good}`, `token=${good}`, `authorization=Bearer%20${good}`])
    t.equal((await call('GET', `/gateways?${query}`)).status, 401, query)
  const token = 'token-of-viewer'
  const rows: Array<[headers: Record<string, string>, status: number]> = [
    [{ authorization: `bearer   ${token} ` }, 200],
    [{ authorization: token }, 401],
    [{ authorization: `Bearer${token}` }, 401],
    [{ authorization: `Basic ${Buffer.from(`viewer-1:${token}`).toString('base64')}` }, 401],
    [{ authorization: 'Bearer' }, 401],
    [{ authorization: '' }, 401],
    [{ authorization: `Bearer ${token}, ${token}` }, 401],
    [{ 'x-api-key': token, cookie: `token=${token}` }, 401],
  ]
  for (const [headers, status] of rows)
    t.equal((await call('GET', '/gateways', undefined, headers)).status, status, JSON.stringify(headers))
})

t.test('with tokens it may be asked by any name, and still no page of another site gets in', async (t) => {
  const { call } = await guarded(t)
  const page = { host: 'manager.example', origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  t.equal((await call('POST', '/gateways/stop', undefined, page)).status, 401)
  const answer = await call('GET', '/gateways', undefined, { ...page, ...bearer('token-of-viewer') })
  t.equal(answer.status, 200)
  t.notOk(answer.headers['access-control-allow-origin'], 'no browser hands the answer to that page')
  const preflight = { ...page, 'access-control-request-method': 'POST' }
  t.equal((await call('OPTIONS', '/gateways/stop', undefined, preflight)).status, 401)
})

t.test('ten bad tokens a minute from one address, then 429; a good one always passes', async (t) => {
  const { call, clock, logged } = await guarded(t)
  const bad = () => call('GET', '/gateways', undefined, bearer('canary'))
  for (let attempt = 1; attempt <= 10; attempt += 1) t.equal((await bad()).status, 401, `attempt ${attempt}`)
  await clock.advance(20_000)
  t.match(await bad(), {
    status: 429,
    headers: { 'retry-after': '40' },
    body: { code: 'TOO_MANY_REQUESTS', detail: /bad tokens/ },
  })
  t.equal((await call('GET', '/gateways', undefined, bearer('token-of-viewer'))).status, 200)
  t.equal((await call('GET', '/gateways')).status, 401, 'no token is no bad token')
  await clock.advance(40_000)
  t.equal((await bad()).status, 401)
  t.equal(logged.filter(({ msg }) => msg === 'bad token').length, 11, 'those beyond the tenth are not logged')
  t.notMatch(JSON.stringify(logged), 'canary')
})

t.test('10,000 bad tokens from as many addresses', async (t) => {
  const { app, call } = await guarded(t, {}, { log: pino({ level: 'silent' }) })
  const attempt = (i: number) =>
    app.inject({
      url: '/livez/x',
      headers: bearer(`canary ${i}`),
      remoteAddress: `2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`,
    })
  const statuses = new Set<number>()
  const runMany = async (from: number, to: number) => {
    for (let i = from; i < to; i += 1) {
      statuses.add((await attempt(i)).statusCode)
      // What inject holds on to goes with the turn of the event loop.
      if (i % 100 === 0) await settle()
    }
  }
  await runMany(0, 2_000)
  const before = liveBytes()
  await runMany(2_000, 10_000)
  const grownMb = (liveBytes() - before) / 1_048_576
  t.strictSame([...statuses], [401])
  t.ok(grownMb < 10, `${grownMb.toFixed(1)} MB more`)
  t.equal((await call('GET', '/gateways', undefined, bearer('token-of-viewer'))).status, 200)
})

/** Bytes of the heap after a full collection, which Node does at our wish only with this flag. */
function liveBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

t.test('a rate for each token, and for each address without one', async (t) => {
  const { call, clock } = await guarded(t, { rateLimit: { limit: 2, windowMs: 1000 } })
  const ask = (path: string, headers = {}) => call('GET', path, undefined, headers)
  const viewer = bearer('token-of-viewer')
  t.strictSame([(await ask('/gateways', viewer)).status, (await ask('/alerts', viewer)).status], [200, 200])
  t.match(await ask('/gateways', viewer), {
    status: 429,
    headers: { 'retry-after': '1' },
    body: { code: 'TOO_MANY_REQUESTS' },
  })
  t.equal((await ask('/gateways', bearer('token-of-admin'))).status, 200)
  t.strictSame(
    [
      (await ask('//openapi.json')).status,
      (await ask('//openapi.yaml')).status,
      (await ask('//openapi.yaml')).status,
    ],
    [200, 200, 429],
  )
  for (let time = 0; time < 5; time++) t.equal((await ask('//livez')).status, 200, 'probes count for nothing')
  await clock.advance(1000)
  t.strictSame([(await ask('/gateways', viewer)).status, (await ask('//openapi.yaml')).status], [200, 200])
})

t.test('without tokens a rate counts addresses, and none is no limit', async (t) => {
  const rateLimit = { limit: 1, windowMs: 1000 }
  const limited = await testApp(t, { doors: { clock: new FakeClock(), rateLimit } })
  t.strictSame(
    [(await limited.call('GET', '/gateways')).status, (await limited.call('GET', '/gateways')).status],
    [200, 429],
  )
  const free = await guarded(t, { rateLimit: { limit: 0, windowMs: 1000 } })
  for (let i = 0; i < 200; i += 1) await free.call('GET', '/gateways', undefined, bearer('token-of-viewer'))
  t.equal((await free.call('GET', '/gateways', undefined, bearer('token-of-viewer'))).status, 200)
})

t.test('the history and the log name the token', async (t) => {
  const { call, fleet, logged } = await guarded(t)
  await call('POST', '/followers', { id: 'anna' }, bearer('token-of-admin'))
  await call('POST', '/gateways/anna/stop', {}, bearer('token-of-viewer'))
  await call('POST', '/gateways/anna/stop', {}, bearer('garbage'))
  t.match(fleet.events, [{ actor: 'admin-1', followerId: 'anna' }])
  t.match(
    logged.filter(({ msg }) => msg === 'request answered'),
    [
      { level: 30, method: 'POST', status: 201, actor: 'admin-1', requestId: /./ },
      { level: 30, path: '/api/v1/gateways/anna/stop', status: 403, actor: 'viewer-1' },
      { level: 30, status: 401, actor: 'nobody' },
    ],
  )
})

t.test('headers for browsers are on pages only', async (t) => {
  const { call } = await guarded(t)
  const page = await call('GET', '//docs')
  t.match(page.headers, {
    'content-security-policy': /default-src 'self'.*frame-ancestors 'none'/,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
  })
  t.notMatch(page.headers['content-security-policy'], /upgrade-insecure-requests/)
  t.notOk(page.headers['strict-transport-security'])
  t.notOk((await call('GET', '//livez')).headers['content-security-policy'])
})
