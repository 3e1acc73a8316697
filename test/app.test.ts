import { type AddressInfo, connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { errorCodes, FleetError } from '../src/ports/errors.ts'
import { problemKinds, problemOf } from '../src/problems.ts'
import { testApp } from './routes/app.ts'

t.test('every answer has its id, and is neither sniffed nor stored', async (t) => {
  const { call } = await testApp(t)
  for (const path of ['/followers', '/followers/nobody', '/nowhere']) {
    const { headers, body } = await call('GET', path)
    t.match(headers, {
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-request-id': /^[\w-]{36}$/,
    })
    if (body.instance) t.equal(body.instance, headers['x-request-id'])
  }
})

t.test('paths and methods that are not there', async (t) => {
  const { call } = await testApp(t)
  const rows: Array<[method: string, path: string, status: number, allow?: string]> = [
    ['GET', '/nowhere', 404],
    ['GET', '//nowhere', 404],
    ['POST', '/nowhere', 404],
    ['GET', '/followers/', 400],
    ['PUT', '/followers', 405, 'GET, HEAD, POST'],
    ['POST', '/followers/anna', 405, 'DELETE, GET, HEAD, PATCH'],
    ['GET', '/followers/anna/credentials', 405, 'PUT'],
    ['DELETE', '/gateways/launch', 405, 'GET, HEAD, POST'],
    ['GET', '/gateways/anna/launch?wait=1', 405, 'POST'],
    ['OPTIONS', '/followers', 405, 'GET, HEAD, POST'],
    ['POST', '//livez', 405, 'GET, HEAD'],
    ['POST', '//docs/static/x/y.js', 405, 'GET, HEAD'],
  ]
  for (const [method, path, status, allow] of rows) {
    const answer = await call(method, path)
    t.match(
      answer,
      { status, headers: { 'content-type': /^application\/problem\+json/ } },
      `${method} ${path}`,
    )
    t.equal(answer.headers.allow, allow, `${method} ${path}`)
    t.equal(answer.body.status, status)
  }
  const text = { 'content-type': 'text/plain' }
  t.equal((await call('PUT', '/followers', 'x', text)).status, 405, 'the method is judged before the body')
})

t.test('bad ids', async (t) => {
  const { call } = await testApp(t)
  const ids = [
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e',
    '..',
    'a%2fb',
    'a%00',
    '%C3%A9',
    '%F0%9F%92%A3',
    'é',
    '-a',
    'a b',
    'a%20b',
    'a'.repeat(64),
    'a'.repeat(10_000),
    '%7B%22%24gt%22%3A%22%22%7D',
    'a%0d%0ab',
  ]
  for (const id of ids) {
    for (const [method, path] of [
      ['GET', `/followers/${id}`],
      ['POST', `/gateways/${id}/launch`],
      ['POST', `/gateways/${id}/clients`],
    ] as const) {
      const answer = await call(method, path)
      t.ok([400, 404].includes(answer.status), `${method} ${path.slice(0, 60)} is ${answer.status}`)
      t.match(answer.headers['content-type'], /^application\/problem\+json/)
      t.ok(answer.text.length < 2000, 'a long id is not echoed')
    }
  }
  t.match(await call('GET', `/followers/${'a'.repeat(10_000)}`), {
    status: 400,
    body: { errors: [{ path: 'path/id', message: /at most 63/ }] },
  })
  for (const path of ['/followers/%', '/followers/%zz', '/followers/%c3']) {
    t.match(await call('GET', path), { status: 400, body: { code: 'INVALID_REQUEST', instance: /./ } })
  }
})

t.test('bodies that cannot be read', async (t) => {
  const { call, fleet } = await testApp(t, { bodyLimitBytes: 2000 })
  const json = 'application/json'
  const rows: Array<[type: string | undefined, body: string, status: number, code: string]> = [
    ['text/plain', '{"id":"x"}', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['application/x-www-form-urlencoded', 'id=x', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['application/merge-patch+json', '{"id":"x"}', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['rubbish', '{"id":"x"}', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [undefined, '{"id":"x"}', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [json, '{"id":', 400, 'INVALID_REQUEST'],
    [json, 'id', 400, 'INVALID_REQUEST'],
    [json, '"x"', 400, 'INVALID_REQUEST'],
    [json, '{"id":"x","__proto__":{"enabled":false}}', 400, 'INVALID_REQUEST'],
    [json, '{"id":"x","constructor":{"prototype":{}}}', 400, 'INVALID_REQUEST'],
    [json, `{"id":"x","name":"${'n'.repeat(2000)}"}`, 413, 'BODY_TOO_LARGE'],
  ]
  for (const [type, body, status, code] of rows) {
    const answer = await call('POST', '/followers', body, type === undefined ? {} : { 'content-type': type })
    t.match(answer, { status, body: { code } }, `${type} ${body.slice(0, 60)}`)
  }
  t.equal(fleet.followers.size, 0)
  t.equal(
    (await call('POST', '/followers', '{"id":"x"}', { 'content-type': `${json}; charset=utf-8` })).status,
    201,
  )
})

t.test('a body full of faults lists some of them', async (t) => {
  const { call } = await testApp(t)
  const answer = await call('POST', '/gateways/launch', { followerIds: Array(60_000).fill(1) })
  t.equal(answer.status, 400)
  t.ok(answer.body.errors.length <= 20)
})

t.test('doors without tokens', async (t) => {
  const { call } = await testApp(t)
  const rows: Array<[headers: Record<string, string>, status: number]> = [
    [{}, 200],
    [{ host: '127.0.0.1' }, 200],
    [{ host: '127.0.0.1:8080' }, 200],
    [{ host: 'LOCALHOST:8080' }, 200],
    [{ host: '[::1]:8080' }, 200],
    [{ host: 'evil.example' }, 403],
    [{ host: 'localhost.evil.example:8080' }, 403],
    [{ host: '127.0.0.1.evil.example' }, 403],
    [{ host: '127.0.0.1:8080@evil.example' }, 403],
    [{ host: '192.168.1.7:8080' }, 403],
    [{ host: 'localhost:8080', origin: 'http://localhost:8080' }, 200],
    [{ host: 'localhost:8080', origin: 'https://localhost:8080' }, 200],
    [{ host: 'localhost:8080', origin: 'http://localhost:3000' }, 403],
    [{ host: 'localhost:8080', origin: 'https://evil.example' }, 403],
    [{ host: 'localhost:8080', origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
  ]
  for (const [headers, status] of rows) {
    for (const path of ['/followers', '//livez', '//docs']) {
      const answer = await call('GET', path, undefined, headers)
      t.equal(answer.status, status, `${path} ${JSON.stringify(headers)}`)
      if (status === 403) t.equal(answer.body.code, 'FORBIDDEN')
    }
  }
  t.equal((await call('GET', '/nowhere', undefined, { host: 'evil.example' })).status, 403)
})

t.test('without tokens a link on another site leads to a page, and to nothing else', async (t) => {
  const { call } = await testApp(t)
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  const status = async (path: string, headers: Record<string, string>) =>
    (await call('GET', path, undefined, headers)).status
  t.equal(await status('//', link), 200)
  t.equal(await status('//docs', link), 200)
  t.equal(await status('/followers', link), 403)
  t.equal(await status('//', { ...link, 'sec-fetch-dest': 'iframe' }), 403)
  t.equal(await status('//', { ...link, 'sec-fetch-mode': 'cors' }), 403)
  t.equal(await status('//', { ...link, host: 'evil.example' }), 403)
})

t.test('what we did not raise is logged and not shown', async (t) => {
  const { call, fleet, logged } = await testApp(t)
  fleet.outage = new Error('mongodb://user:hunter2@db refused')
  const answer = await call('GET', '/followers/anna')
  t.match(answer, { status: 500, body: { code: 'INTERNAL', title: 'Internal error', instance: /./ } })
  t.notMatch(answer.text, /mongodb|hunter2/)
  t.match(
    logged.find(({ level }) => level === 50),
    { err: { message: /mongodb/ }, requestId: answer.body.instance },
  )
  fleet.outage = new FleetError('INTERNAL', 'a detail of ours')
  t.notMatch((await call('GET', '/followers/anna')).text, 'a detail of ours')
})

t.test('every error code has its problem', async (t) => {
  for (const code of errorCodes) {
    const problem = problemOf(
      new FleetError(code, 'What happened.', { faults: [{ path: 'a', message: 'b' }] }),
      'id',
    )
    t.match(problem, { code, status: problemKinds[code].status, instance: 'id', errors: [{ path: 'a' }] })
    t.ok(problem.status >= 400 && problem.title !== '')
  }
})

t.test('requests are logged: changes at info, reading at debug, never a header', async (t) => {
  const { call, logged } = await testApp(t)
  await call(
    'POST',
    '/followers?x=secret',
    { id: 'anna' },
    { authorization: 'Bearer secret', cookie: 'secret' },
  )
  await call('POST', '/followers', { id: 'anna' })
  await call('GET', '/gateways')
  const answered = logged.filter(({ msg }) => msg === 'request answered')
  t.match(answered, [
    { level: 30, method: 'POST', path: '/api/v1/followers', status: 400, actor: 'local', requestId: /./ },
    { level: 30, method: 'POST', status: 201 },
    { level: 20, method: 'GET', path: '/api/v1/gateways', status: 200 },
  ])
  t.notMatch(JSON.stringify(logged), 'secret')
})

t.test('secrets that are logged after all are struck out', async (t) => {
  const { app, logged } = await testApp(t)
  const headers = { authorization: 'canary', cookie: 'canary' }
  app.log.info({ headers, req: { headers }, credentials: { password: 'canary' }, password: 'canary' }, 'oops')
  t.notMatch(JSON.stringify(logged), 'canary')
})

t.test('while it closes it takes no more requests, and does not wait for idle connections', async (t) => {
  const { app, call, fleet, logged } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  const socket = connect(await portOf(app), '127.0.0.1')
  socket.write('POST /api/v1/gateways/anna/launch?wait=600 HTTP/1.1\r\nhost: localhost\r\n\r\n')
  while (fleet.held === 0) await new Promise(setImmediate)

  const closed = app.close()
  while (app.server.listening) await new Promise(setImmediate)
  socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n')
  while (!logged.some(({ code }) => code === 'SHUTTING_DOWN')) await new Promise(setImmediate)
  fleet.shutDown()
  const answers = Buffer.concat(await socket.toArray()).toString()
  t.match(answers, /^HTTP\/1.1 503 .*HTTP\/1.1 503 /s)
  t.equal(answers.match(/"code":"SHUTTING_DOWN"/g)?.length, 2)
  await closed
})

t.test('bytes that are no request get a problem too', async (t) => {
  const { app } = await testApp(t)
  const port = await portOf(app)
  for (const [bytes, status] of [
    ['rubbish\r\n\r\n', 400],
    ['GET /livez HTTP/1.1\r\n\r\n', 400],
    ['GET /livez HTTP/1.0\r\n\r\n', 403],
    [`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`, 431],
  ] as const) {
    const socket = connect(port, '127.0.0.1')
    socket.end(bytes)
    const answer = Buffer.concat(await socket.toArray()).toString()
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
  }
})

async function portOf(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}
