import t from 'tap'
import { parse } from 'yaml'
import { testApp } from './app.ts'

const at = '2026-01-05T14:30:00.000Z'

t.test('system', async (t) => {
  const { call } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  t.match(await call('GET', '/system/ib-status'), {
    status: 200,
    body: {
      connected: true,
      fleet: { total: 1, STOPPED: 1 },
      dataConnection: { state: 'disabled' },
      sessions: [],
    },
  })
  t.match(await call('GET', '/system/system-status'), {
    status: 200,
    body: { managerId: 'fake', engine: { reachable: true }, monitor: { running: true } },
  })
})

t.test('alerts', async (t) => {
  const { call, fleet } = await testApp(t)
  const alert = { level: 'ERROR', code: 'CRASH_LOOP', title: 'x', message: 'x', count: 1 } as const
  fleet.alerts.set('a-1', { ...alert, id: 'a-1', key: 'k', raisedAt: at, lastRaisedAt: at })
  t.match(await call('GET', '/alerts?limit=5'), { status: 200, body: { items: [{ id: 'a-1' }] } })
  const found = async (query: string) =>
    (await call('GET', `/alerts?${query}`)).body.items.map(({ id }: { id: string }) => id)
  fleet.alerts.set('a-0', {
    ...alert,
    id: 'a-0',
    key: 'k',
    followerId: 'f',
    raisedAt: at,
    lastRaisedAt: at,
    resolvedAt: at,
  })
  t.strictSame(await found('open=true'), ['a-1'])
  t.strictSame(await found('open=false'), ['a-0'])
  t.strictSame(await found('followerId=f'), ['a-0'])
  t.match(await call('GET', '/alerts?open=maybe'), { status: 400 })
  t.match(await call('POST', '/alerts/a-1/acknowledge'), { status: 200, body: { acknowledgedBy: 'local' } })
  t.match(await call('POST', '/alerts/a-2/acknowledge'), { status: 404, body: { code: 'ALERT_NOT_FOUND' } })
  t.match(await call('POST', '/alerts/a%2f..%2fb/acknowledge'), { status: 400 })
})

t.test('events', async (t) => {
  const { call } = await testApp(t)
  for (const id of ['a', 'b', 'c']) await call('POST', '/followers', { id })
  const first = await call('GET', '/events?limit=2')
  t.match(first, { status: 200, body: { items: [{ followerId: 'a' }, { followerId: 'b' }] } })
  const second = await call('GET', `/events?limit=2&since=${first.body.nextCursor}`)
  t.match(second.body.items, [{ followerId: 'c', actor: 'local' }])
  t.notOk('nextCursor' in second.body)
  t.match((await call('GET', '/events?followerId=b')).body.items, [{ followerId: 'b' }])
  t.equal((await call('GET', '/events?followerId=../b')).status, 400)
  t.equal((await call('GET', '/events?since=%00')).status, 400)
})

t.test('faults', async (t) => {
  const { call, fleet } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  t.equal((await call('POST', '/simulator/anna/faults', { fault: 'drop', value: '1' })).status, 204)
  t.same(fleet.faults, [{ id: 'anna', fault: 'drop', value: '1' }])
  t.match(await call('POST', '/simulator/anna/faults', { fault: 'fire' }), {
    status: 400,
    body: { code: 'UNKNOWN_FAULT', detail: /drop/ },
  })
  t.match(await call('POST', '/simulator/anna/faults'), {
    status: 400,
    body: { errors: [{ path: 'body/fault' }] },
  })
  fleet.isSimulated = false
  t.match(await call('POST', '/simulator/anna/faults', { fault: 'drop' }), { status: 404 })
})

t.test('probes', async (t) => {
  const { call, fleet } = await testApp(t)
  t.match(await call('GET', '//livez'), { status: 200, body: { status: 'ok' } })
  t.match(await call('GET', '//readyz'), { status: 200, body: { status: 'ok' } })
  fleet.readiness = async () => ({ ready: false, dependency: 'engine', detail: 'Docker does not answer.' })
  t.match(await call('GET', '//readyz'), {
    status: 503,
    headers: { 'retry-after': '1', 'content-type': /^application\/problem\+json/ },
    body: { code: 'NOT_READY', detail: 'engine: Docker does not answer.', errors: [{ path: 'engine' }] },
  })
  t.equal((await call('GET', '//livez')).status, 200)
})

t.test('documents', async (t) => {
  const { call } = await testApp(t)
  const json = await call('GET', '//openapi.json')
  t.match(json, { status: 200, body: { openapi: '3.1.0', info: { version: '1.2.3' } } })
  const yaml = await call('GET', '//openapi.yaml')
  t.match(yaml, { status: 200, headers: { 'content-type': /^application\/yaml/ } })
  t.same(parse(yaml.text), json.body)
  t.match(await call('GET', '//docs'), { status: 200, headers: { 'content-type': /^text\/html/ } })
  t.match(await call('GET', '//docs/static/swagger-ui.css'), { status: 200 })
})
