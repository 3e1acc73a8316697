// A soft restart while something else is being done to the gateway: what cannot be is said at once, and who goes away withdraws it.
import t from 'tap'
import { FleetError } from '../../../src/ports/errors.ts'
import type { GatewayRuntime } from '../../../src/ports/runtime.ts'
import { makeWorld, until } from '../world.ts'

const asked = { actor: 'test' }

t.test('it is refused at once while the image is pulled', async (t) => {
  let pulls = 0
  const { manager, add } = await makeWorld(t, {}, (runtime) => ({
    ...runtime,
    hasImage: async () => false,
    pullImage: (_image, _onProgress, signal) => {
      pulls++
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
  }))
  await manager.start()
  await add('alpha')
  await until(
    () => pulls,
    (count) => count > 0,
    'the pull has begun',
  )
  await t.rejects(manager.restartGateway('alpha', 'soft', asked), { code: 'SOFT_RESTART_UNAVAILABLE' })
  t.equal(manager.getGateway('alpha').status, 'STARTING')
})

t.test('a caller who goes away before its turn waits no longer, and nothing is restarted', async (t) => {
  let held: Promise<void> | undefined
  let looks = 0
  let restarts = 0
  const slowly = (runtime: GatewayRuntime): GatewayRuntime => ({
    ...runtime,
    inspect: async (...look) => {
      if (held) looks++
      await held
      return runtime.inspect(...look)
    },
    softRestart: (...restart) => {
      restarts++
      return runtime.softRestart(...restart)
    },
  })
  const { manager, reach, add } = await makeWorld(t, {}, slowly)
  await manager.start()
  await add('alpha')
  await reach('alpha', 'RUNNING')
  let goOn = () => {}
  held = new Promise((resolve) => {
    goOn = resolve
  })
  await until(
    () => looks,
    (count) => count > 0,
    'a run is under way',
  )
  const caller = new AbortController()
  const restart = manager.restartGateway('alpha', 'soft', { ...asked, signal: caller.signal })
  caller.abort(new FleetError('CONNECTION_CLOSED', 'The client went away.'))
  await t.rejects(restart, { code: 'CONNECTION_CLOSED' })
  held = undefined
  goOn()
  await manager.restartGateway('alpha', 'soft', { ...asked, waitMs: 15_000 })
  t.equal(restarts, 1, 'only the one that somebody waited for')
})
