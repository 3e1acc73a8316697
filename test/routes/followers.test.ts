import t from 'tap'
import { testApp } from './app.ts'

t.test('a record is created, read, changed and deleted', async (t) => {
  const { call, fleet } = await testApp(t)
  const created = await call('POST', '/followers', { id: 'anna' })
  t.equal(created.status, 201)
  t.equal(created.headers.location, '/api/v1/followers/anna')
  t.equal(created.headers.etag, '"1"')
  t.match(created.body, { id: 'anna', enabled: true, state: 'ACTIVE', tradingMode: 'paper', revision: 1 })
  t.match(fleet.events, [
    { followerId: 'anna', actor: 'local', data: { requestId: created.headers['x-request-id'] } },
  ])

  t.same((await call('GET', '/followers/anna')).body, created.body)

  const patched = await call(
    'PATCH',
    '/followers/anna',
    JSON.stringify({
      name: 'Anna',
      gateway: { readOnlyApi: true, twofaDevice: null },
      labels: { desk: 'x' },
    }),
    { 'content-type': 'application/merge-patch+json', 'if-match': '"1"' },
  )
  t.equal(patched.status, 200)
  t.equal(patched.headers.etag, '"2"')
  t.match(patched.body, { name: 'Anna', revision: 2 })
  t.equal((await call('PATCH', '/followers/anna', { name: null })).body.name, undefined)

  const deleted = await call('DELETE', '/followers/anna', undefined, { 'content-type': 'application/json' })
  t.equal(deleted.status, 204)
  t.equal(deleted.text, '')
  t.equal((await call('GET', '/followers/anna')).status, 404)
})

t.test('pages', async (t) => {
  const { call } = await testApp(t)
  for (const id of ['a', 'b', 'c']) await call('POST', '/followers', { id })
  const first = await call('GET', '/followers?limit=2')
  t.same(
    first.body.items.map((item: { id: string }) => item.id),
    ['a', 'b'],
  )
  const second = await call('GET', `/followers?limit=2&cursor=${first.body.nextCursor}`)
  t.same(
    second.body.items.map((item: { id: string }) => item.id),
    ['c'],
  )
  t.notOk('nextCursor' in second.body)
})

t.test('a second record of one id is 409', async (t) => {
  const { call } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  t.match(await call('POST', '/followers', { id: 'anna' }), {
    status: 409,
    body: { code: 'FOLLOWER_EXISTS' },
  })
})

t.test('If-Match', async (t) => {
  const rows: Array<[tag: string, status: number]> = [
    ['"1"', 200],
    ['*', 200],
    ['"7", "1"', 200],
    ['"7"', 412],
    ['"7", "8"', 412],
    ['W/"1"', 412],
    ['"01"', 412],
    ['"someone else\'s"', 400],
    ['"abc"', 412],
    ['1', 400],
    ['', 400],
    ['"1', 400],
    ['"1",', 400],
  ]
  const { call } = await testApp(t)
  for (const [tag, status] of rows) {
    await t.test(`${tag} is ${status}`, async (t) => {
      await call('DELETE', '/followers/anna')
      await call('POST', '/followers', { id: 'anna' })
      const changed = await call('PATCH', '/followers/anna', { name: 'A' }, { 'if-match': tag })
      t.equal(changed.status, status)
      t.equal((await call('GET', '/followers/anna')).body.revision, status === 200 ? 2 : 1)
      const deleted = await call('DELETE', '/followers/anna', undefined, {
        'if-match': tag.replaceAll('1', '2'),
      })
      t.equal(deleted.status, tag === '"01"' ? 412 : status === 200 ? 204 : status)
    })
  }
})

t.test('credentials go in and never come out', async (t) => {
  const { call, fleet, logged } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  const secret = { username: 'anna-user', password: 's\\i"m\'#=é€' }
  const put = await call('PUT', '/followers/anna/credentials?store=embedded', secret)
  t.equal(put.status, 204)
  t.equal(put.text, '')
  t.same(fleet.credentials.get('anna'), { ...secret, store: 'embedded' })
  t.equal((await call('GET', '/followers/anna/credentials')).status, 405)

  const canary = 'canary-4711\t'
  const refused = await call('PUT', '/followers/anna/credentials', { username: canary, password: canary })
  t.equal(refused.status, 400)
  t.same(
    refused.body.errors.map(({ path }: { path: string }) => path),
    ['body/username', 'body/password'],
  )
  const broken = await call('PUT', '/followers/anna/credentials', `{"password": "${canary}", ${canary}`, {
    'content-type': 'application/json',
  })
  t.equal(broken.status, 400)
  for (const text of [refused.text, broken.text, JSON.stringify(logged)]) t.notMatch(text, 'canary-4711')
})

t.test('bad records are refused, each fault named', async (t) => {
  const { call, fleet } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  const rows: Array<[method: string, path: string, body: unknown, fault: object]> = [
    ['POST', '/followers', {}, { path: 'body/id', message: 'is required' }],
    [
      'POST',
      '/followers',
      { id: 'x', tradingmode: 'live' },
      { path: 'body/tradingmode', message: /not a known field/ },
    ],
    [
      'POST',
      '/followers',
      { id: 'x', tradingMode: 'real' },
      { path: 'body/tradingMode', message: /paper, live/ },
    ],
    ['POST', '/followers', { id: '../x' }, { path: 'body/id', message: /Letters, digits/ }],
    ['POST', '/followers', { id: 'x'.repeat(64) }, { path: 'body/id' }],
    ['POST', '/followers', { id: 'x', enabled: 'true' }, { path: 'body/enabled', message: /boolean/ }],
    ['POST', '/followers', { id: 7 }, { path: 'body/id', message: /string/ }],
    [
      'POST',
      '/followers',
      { id: 'x', gateway: { timeZone: 'Mars/Phobos' } },
      { path: 'body/gateway/timeZone' },
    ],
    ['POST', '/followers', { id: 'x', gateway: { autoRestartTime: '16:30' } }, { message: /hh:mm AM/ }],
    ['POST', '/followers', { id: 'x', gateway: { heap: 1 } }, { path: 'body/gateway/heap' }],
    ['POST', '/followers', { id: 'x', labels: { 'a\u0000': 'b' } }, { path: /^body\/labels/ }],
    ['POST', '/followers', { id: 'x', accounts: ['DU1234567', 'DU1234567'] }, { path: 'body/accounts' }],
    ['POST', '/followers', [], { path: 'body', message: /object/ }],
    ['POST', '/followers', null, { path: 'body', message: /object/ }],
    ['PATCH', '/followers/anna', { id: 'bert' }, { path: 'body/id', message: /not a known field/ }],
    ['PATCH', '/followers/anna', { state: null }, { path: 'body/state' }],
    ['PATCH', '/followers/anna', { name: 5 }, { path: 'body/name', message: 'must be string' }],
    [
      'PATCH',
      '/followers/anna',
      { gateway: { javaHeapMb: 1 } },
      { path: 'body/gateway/javaHeapMb', message: />= 256/ },
    ],
    ['GET', '/followers?limit=0', undefined, { path: 'query/limit', message: />= 1/ }],
    ['GET', '/followers?limit=1001', undefined, { path: 'query/limit' }],
    ['GET', '/followers?limit=ten', undefined, { path: 'query/limit', message: /integer/ }],
    ['GET', '/followers?limit=1&limit=2', undefined, { path: 'query/limit' }],
    ['GET', '/followers?size=1', undefined, { path: 'query/size', message: /not a known field/ }],
    ['GET', '/followers/anna?fields=id', undefined, { path: 'query/fields' }],
  ]
  for (const [method, path, body, fault] of rows) {
    await t.test(`${method} ${path} ${JSON.stringify(body)}`, async (t) => {
      const answer = await call(method, path, body === undefined ? body : JSON.stringify(body), {
        ...(body !== undefined && { 'content-type': 'application/json' }),
      })
      t.match(answer, { status: 400, body: { code: 'INVALID_REQUEST', errors: [fault] } })
      t.equal(answer.body.errors.length, 1)
    })
  }
  t.same([...fleet.followers.keys()], ['anna'])
  t.equal(fleet.followers.get('anna')?.revision, 1)
})
