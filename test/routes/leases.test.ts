import t from 'tap'
import { testApp } from './app.ts'

t.test('a client id is leased, renewed and released', async (t) => {
  const { call, fleet } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  const path = '/gateways/anna/clients'
  t.match(await call('POST', path, { purpose: 'bot' }), {
    status: 503,
    headers: { 'retry-after': '5' },
    body: { code: 'GATEWAY_NOT_RUNNING' },
  })
  fleet.settle('anna', 'RUNNING')
  const leased = await call('POST', path, { purpose: 'bot', ttlSeconds: 60, readOnly: true })
  t.match(leased, { status: 201, headers: { location: '/api/v1/gateways/anna/clients/1000' } })
  const lease = { clientId: 1000, host: '127.0.0.1', port: 4100, accounts: ['DU1234567'], readOnly: true }
  t.strictSame(leased.body, { ...lease, expiresAt: '2026-01-05T14:30:00.000Z' })
  t.equal((await call('POST', path, { purpose: 'bot' })).body.clientId, 1000)
  t.equal((await call('PUT', `${path}/1000`)).status, 200)
  t.match(await call('PUT', `${path}/1000`, { ttlSeconds: 60 }), { status: 200, body: { clientId: 1000 } })
  t.equal((await call('DELETE', `${path}/1000`)).status, 204)
  t.match(await call('PUT', `${path}/1000`), { status: 404, body: { code: 'LEASE_NOT_FOUND' } })
  t.equal((await call('DELETE', `${path}/1000`)).status, 404)
})

t.test('bad leases are refused', async (t) => {
  const { call, fleet } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  fleet.settle('anna', 'RUNNING')
  const rows: Array<[method: string, path: string, body: object | undefined, fault: object]> = [
    ['POST', '', undefined, { path: 'body/purpose', message: 'is required' }],
    ['POST', '', { purpose: '' }, { path: 'body/purpose' }],
    ['POST', '', { purpose: 'bot', ttlSeconds: 1 }, { path: 'body/ttlSeconds' }],
    ['POST', '', { purpose: 'bot', ttlSeconds: '60' }, { path: 'body/ttlSeconds', message: /integer/ }],
    [
      'POST',
      '',
      { purpose: 'bot', healthUrl: 'http://10.0.0.1/' },
      { path: 'body/healthUrl', message: /127/ },
    ],
    ['POST', '', { purpose: 'bot', healthUrl: 'http://localhost@evil/' }, { path: 'body/healthUrl' }],
    ['PUT', '/one', {}, { path: 'path/clientId', message: /integer/ }],
    ['DELETE', '/-1', undefined, { path: 'path/clientId' }],
  ]
  for (const [method, path, body, fault] of rows) {
    const answer = await call(method, `/gateways/anna/clients${path}`, body)
    t.match(answer, { status: 400, body: { errors: [fault] } }, `${method} ${path} ${JSON.stringify(body)}`)
  }
  t.equal(fleet.leases.size, 0)
})
