import t from 'tap'
import { FleetError } from '../../src/ports/errors.ts'
import { testApp } from './app.ts'

t.test('a launch is accepted, then done', async (t) => {
  const { call, fleet } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  const launched = await call('POST', '/gateways/anna/launch')
  t.equal(launched.status, 202)
  t.equal(launched.headers.location, '/api/v1/gateways/anna')
  t.match(launched.body, { followerId: 'anna', status: 'STARTING', phase: 'booting' })
  fleet.settle('anna', 'RUNNING')
  t.match(await call('POST', '/gateways/anna/launch'), { status: 200, body: { status: 'RUNNING' } })
  t.match((await call('GET', '/gateways/anna')).body, {
    status: 'RUNNING',
    accounts: ['DU1234567'],
    drift: false,
  })
  t.strictSame(Object.keys((await call('GET', '/gateways/anna/status')).body).sort(), [
    'followerId',
    'healthy',
    'phase',
    'since',
    'status',
  ])
})

t.test('a launch waits for its outcome', async (t) => {
  for (const [status, body] of [
    ['RUNNING', { status: 'RUNNING' }],
    ['FAILED', { status: 'FAILED', reason: { code: 'CREDENTIALS_MISSING' } }],
  ] as const) {
    await t.test(status, async (t) => {
      const { call, fleet } = await testApp(t)
      await call('POST', '/followers', { id: 'anna' })
      const held = call('POST', '/gateways/anna/launch?wait=60')
      while (fleet.held === 0) await new Promise(setImmediate)
      fleet.settle('anna', status)
      t.match(await held, { status: 200, body })
    })
  }
  await t.test('until the time is up', async (t) => {
    const { call } = await testApp(t)
    await call('POST', '/followers', { id: 'anna' })
    t.match(await call('POST', '/gateways/anna/launch?wait=0.05'), {
      status: 202,
      headers: { location: '/api/v1/gateways/anna' },
      body: { status: 'STARTING' },
    })
  })
  await t.test('or the manager stops', async (t) => {
    const { call, fleet } = await testApp(t)
    await call('POST', '/followers', { id: 'anna' })
    const held = call('POST', '/gateways/anna/launch?wait=60')
    while (fleet.held === 0) await new Promise(setImmediate)
    fleet.shutDown()
    t.match(await held, { status: 503, headers: { 'retry-after': '1' }, body: { code: 'SHUTTING_DOWN' } })
  })
})

t.test('bodies that may be left out', async (t) => {
  const json = { 'content-type': 'application/json' }
  const rows: Array<
    [path: string, body: string | undefined, headers: Record<string, string>, status: number]
  > = [
    ['launch', undefined, {}, 200],
    ['launch', undefined, json, 200],
    ['launch', '', { ...json, 'content-length': '0' }, 200],
    ['launch', '', { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '0' }, 200],
    ['launch', '{}', json, 200],
    ['launch', '{"force":true}', json, 400],
    ['launch', '[]', json, 400],
    ['stop', undefined, json, 200],
    ['reconnect', undefined, json, 200],
    ['restart', undefined, {}, 202],
    ['restart', undefined, json, 202],
    ['restart', '{}', json, 202],
    ['restart', '{"mode":"soft"}', json, 202],
    ['restart', '{"mode":"container"}', json, 202],
    ['restart', '{"mode":"hard"}', json, 400],
    ['restart', 'null', json, 400],
  ]
  const { call, fleet } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  for (const [verb, payload, headers, status] of rows) {
    fleet.settle('anna', 'RUNNING')
    const answer = await call('POST', `/gateways/anna/${verb}`, payload, headers)
    t.equal(answer.status, status, `${verb} ${payload} ${headers['content-type']}`)
  }
})

t.test('verbs that the state forbids', async (t) => {
  const { call, fleet } = await testApp(t)
  await call('POST', '/followers', { id: 'off', enabled: false })
  await call('POST', '/followers', { id: 'idle' })
  const rows = [
    ['/gateways/off/launch', 409, 'FOLLOWER_NOT_LAUNCHABLE'],
    ['/gateways/nobody/launch', 404, 'FOLLOWER_NOT_FOUND'],
    ['/gateways/nobody/stop', 404, 'FOLLOWER_NOT_FOUND'],
    ['/gateways/idle/restart', 409, 'SOFT_RESTART_UNAVAILABLE'],
    ['/gateways/idle/reconnect', 409, 'GATEWAY_NOT_UP'],
    ['/gateways/idle/launch?wait=601', 400, 'INVALID_REQUEST'],
    ['/gateways/idle/launch?wait=-1', 400, 'INVALID_REQUEST'],
    ['/gateways/idle/launch?wait=soon', 400, 'INVALID_REQUEST'],
    ['/gateways/idle/launch?wait=', 400, 'INVALID_REQUEST'],
  ] as const
  for (const [path, status, code] of rows) t.match(await call('POST', path), { status, body: { code } }, path)

  fleet.outage = new FleetError('ENGINE_UNAVAILABLE', 'Docker does not answer.', { retryAfterMs: 4200 })
  t.match(await call('POST', '/gateways/idle/launch'), {
    status: 503,
    headers: { 'retry-after': '5', 'content-type': /^application\/problem\+json/ },
    body: { code: 'ENGINE_UNAVAILABLE', type: 'urn:ibgm:problem:ENGINE_UNAVAILABLE', status: 503 },
  })
})

t.test('the list filters, pages and counts', async (t) => {
  const { call, fleet } = await testApp(t)
  for (const id of ['a', 'b', 'c']) await call('POST', '/followers', { id })
  fleet.settle('b', 'RUNNING')
  t.match(await call('GET', '/gateways?status=STOPPED&limit=1'), {
    status: 200,
    body: { items: [{ followerId: 'a' }], nextCursor: 'a', counts: { STOPPED: 2, RUNNING: 1, FAILED: 0 } },
  })
  t.match((await call('GET', '/gateways?status=STOPPED&cursor=a')).body.items, [{ followerId: 'c' }])
  t.equal((await call('GET', '/gateways?status=running')).status, 400)
})

t.test('health as a report for people is 200 in any case', async (t) => {
  const { call, fleet } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  fleet.settle('anna', 'FAILED')
  t.match(await call('GET', '/gateways/anna/health?report=true'), { status: 200, body: { healthy: false } })
  t.match(await call('GET', '/gateways/anna/health?report=false'), { status: 503, body: { healthy: false } })
})

t.test('health is 200 or 503 with the same body', async (t) => {
  const { call, fleet } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  t.match(await call('GET', '/gateways/anna/health'), {
    status: 503,
    headers: { 'content-type': /^application\/json/ },
    body: { followerId: 'anna', healthy: false, failing: 'container', layers: [{ name: 'container' }] },
  })
  fleet.settle('anna', 'RUNNING')
  t.match(await call('GET', '/gateways/anna/health'), {
    status: 200,
    body: { healthy: true, status: 'RUNNING' },
  })
  t.equal((await call('GET', '/gateways/nobody/health')).status, 404)
})

t.test('bulk', async (t) => {
  const { call } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  await call('POST', '/followers', { id: 'launch' })
  t.match(await call('POST', '/gateways/launch', { followerIds: ['anna', 'nobody'] }), {
    status: 202,
    body: {
      results: [
        { followerId: 'anna', status: 202 },
        { followerId: 'nobody', status: 404 },
      ],
    },
  })
  t.match(await call('POST', '/gateways/stop'), {
    status: 202,
    body: {
      results: [
        { followerId: 'anna', status: 200, gateway: { status: 'STOPPED' } },
        { followerId: 'launch' },
      ],
    },
  })
  t.match(await call('GET', '/gateways/launch'), { status: 200, body: { followerId: 'launch' } })
  t.equal((await call('POST', '/gateways/launch', { ids: [] })).status, 400)
})
