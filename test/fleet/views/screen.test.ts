// Access to a gateway's screen, on the whole core; the simulated runtime has none, so the tests give it one.
import t from 'tap'
import { isFleetError } from '../../../src/ports/errors.ts'
import type { GatewayRuntime } from '../../../src/ports/runtime.ts'
import { makeWorld } from '../world.ts'

const caller = { actor: 'olga' }
const signal = new AbortController().signal

/** Runs containers with a screen only when they were asked for with one, as the Docker runtime does. */
function withScreens(runtime: GatewayRuntime): GatewayRuntime {
  const screens = new Set<string>()
  return {
    ...runtime,
    async run(spec, ...rest) {
      const container = await runtime.run(spec, ...rest)
      if (spec.vnc) screens.add(container.id)
      return container
    },
    vncAccess: async (id) =>
      screens.has(id) ? { host: '127.0.0.1', port: 32_770, password: 'Sw0rdf1s' } : null,
  }
}

t.test('a screen is shown to who asks, once the container has one, and it is noted', async (t) => {
  const { manager, add, reach } = await makeWorld(t, {}, withScreens)
  const refusal = async (code: string, words: RegExp) => {
    const error = await manager.gatewayScreen('alpha', caller, signal).catch((err: unknown) => err)
    t.ok(isFleetError(error, code as 'NOT_FOUND') && words.test(error.message), `${code}: ${error}`)
  }
  await manager.start()
  await refusal('FOLLOWER_NOT_FOUND', /alpha/)
  await add('alpha', 'user-alpha', { enabled: false })
  await refusal('NOT_FOUND', /PATCH .*followers\/alpha with .*"vnc": true.*next container/)
  await manager.patchFollower('alpha', { enabled: true }, caller)
  await reach('alpha', 'RUNNING')
  await manager.patchFollower('alpha', { gateway: { vnc: true } }, caller)
  await refusal('SCREEN_UNAVAILABLE', /"mode": "container"/)
  await manager.restartGateway('alpha', 'container', { ...caller, waitMs: 15_000 })
  t.strictSame(await manager.gatewayScreen('alpha', caller, signal), {
    host: '127.0.0.1',
    port: 32_770,
    password: 'Sw0rdf1s',
  })
  const events = await manager.listEvents({ followerId: 'alpha', limit: 1000 })
  t.match(
    events.filter(({ type }) => type === 'gateway.screen.shown'),
    [{ actor: 'olga' }],
    'only what was shown',
  )
  t.notOk(JSON.stringify(events).includes('Sw0rdf1s'))
  await manager.stopGateway('alpha', { ...caller, waitMs: 15_000 })
  await refusal('GATEWAY_NOT_UP', /launch/)
})

t.test('a simulated gateway has no screen', async (t) => {
  const { manager, add } = await makeWorld(t)
  await manager.start()
  await add('alpha', 'user-alpha', { enabled: false, gateway: { vnc: true } })
  const error = await manager.gatewayScreen('alpha', caller, signal).catch((err: unknown) => err)
  t.ok(isFleetError(error, 'NOT_FOUND') && /simulated/.test(error.message))
})
