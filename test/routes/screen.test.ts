import t from 'tap'
import { testApp } from './app.ts'

const access = { host: '127.0.0.1', port: 32_770, password: 'Sw0rdf1s' }

t.test('the screen of a gateway: where, and its password; who saw it is in the history', async (t) => {
  const { call, fleet, logged } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  fleet.settle('anna', 'RUNNING')
  fleet.screens.set('anna', access)
  const shown = await call('GET', '/gateways/anna/screen')
  t.match(shown, { status: 200, headers: { 'cache-control': 'no-store' } })
  t.strictSame(shown.body, access)
  const history = await call('GET', '/events?followerId=anna')
  t.match(history.body.items.at(-1), { type: 'gateway.screen.shown', followerId: 'anna', actor: 'local' })
  t.notOk(history.text.includes(access.password))
  t.notOk(JSON.stringify(logged).includes(access.password), 'the password is in no log')
})

t.test('no screen', async (t) => {
  const { call, fleet } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  t.match(await call('GET', '/gateways/anna/screen'), { status: 404, body: { code: 'NOT_FOUND' } })
  fleet.screens.set('anna', access)
  t.match(await call('GET', '/gateways/anna/screen'), { status: 409, body: { code: 'GATEWAY_NOT_UP' } })
  t.match(await call('GET', '/gateways/nobody/screen'), {
    status: 404,
    body: { code: 'FOLLOWER_NOT_FOUND' },
  })
  t.match(await call('GET', '/gateways/anna/screen?width=5'), { status: 400 })
})
