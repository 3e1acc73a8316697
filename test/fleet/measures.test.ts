// The whole core tells what happens, and shows how it stands: real sessions and logs of simulated gateways.
import t from 'tap'
import { GatewayManager } from '../../src/fleet/manager.ts'
import { Pacers } from '../../src/session/pacing/pacers.ts'
import { recordedMeasures } from '../recorded-measures.ts'
import { makeWorld, until } from './world.ts'

t.test('a login with a second factor, heartbeats, a lost session, a container that ends', async (t) => {
  const { deps, runtime } = await makeWorld(t)
  const { measures, of } = recordedMeasures()
  const pacers = new Pacers(deps.clock, { measures })
  const manager = new GatewayManager({ ...deps, pacers, measures })
  t.teardown(() => manager.stop())
  await manager.start()
  await manager.createFollower({ id: 'a', enabled: false })
  await manager.putCredentials('a', { username: 'user-2fa', password: 'sim' })
  await manager.patchFollower('a', { enabled: true })
  await until(
    () => manager.levels().gateways[0],
    (gateway) => gateway?.phase === 'awaiting-2fa',
    'awaiting 2FA',
  )
  t.match(manager.levels(), {
    gateways: [{ followerId: 'a', status: 'STARTING', reason: 'AWAITING_2FA', wanted: true, healthy: false }],
    reachable: { engine: true, store: true, credentials: true },
  })
  await runtime.injectFault('a', 'approve-2fa', undefined)
  const running = () =>
    until(
      () => manager.levels().gateways[0],
      (gateway) => gateway?.healthy === true && gateway.heartbeatRttMs !== undefined,
      'RUNNING, and a heartbeat answered',
    )
  await running()
  t.equal(of('loginBegun').length, 1)
  t.strictSame(of('loginOver'), [['completed']])
  t.equal(of('twofaPushed').length, 1)
  t.equal(of('twofaApproved').length, 1)
  t.match(of('launchOver'), [['ready', Number]])
  t.ok(of('heartbeatAnswered').length > 0)

  await runtime.injectFault('a', 'drop', undefined)
  await until(
    () => of('reconnected').length,
    (times) => times === 1,
    'reconnected',
  )
  await running()
  await runtime.injectFault('a', 'exit', '1')
  await until(
    () => of('restarted').length,
    (times) => times === 1,
    'another container',
  )
  t.strictSame(of('restarted'), [['CONTAINER_EXITED']])
  await manager.deleteFollower('a')
  t.strictSame(manager.levels().gateways, [])
})
