// What goes wrong around gateways on a real engine: they die, hang, vanish, or cannot be made. Each comes back, or says why not.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { Gateway } from '../../schemas/gateway.ts'
import { until } from '../fleet/world.ts'
import { dockerFleet } from './docker-fleet.ts'
import { gateEngine, image } from './docker-subject.ts'
import { engineProxy } from './engine-proxy.ts'
import type { ManagerProcess } from './manager-process.ts'

const isRunning = ({ status }: Gateway) => status === 'RUNNING'

if (await gateEngine(t)) {
  t.test('three ways to lose a gateway, side by side', async (t) => {
    const fleet = dockerFleet(t)
    const { docker } = fleet
    const manager = await fleet.start()
    const ways: Record<string, (containerId: string) => Promise<unknown>> = {
      memory: async (containerId) => {
        const exec = await docker.getContainer(containerId).exec({ Cmd: ['simctl', 'oom'] })
        await text(await exec.start({}))
      },
      paused: (containerId) => docker.getContainer(containerId).pause(),
      removed: (containerId) => docker.getContainer(containerId).remove({ force: true }),
    }
    const ids = Object.keys(ways)
    const started = await Promise.all(
      ids.map(async (id) => {
        await manager.follow(id)
        return manager.launch(id)
      }),
    )
    t.strictSame(
      started.map(({ status }) => status),
      ids.map(() => 'RUNNING'),
    )
    await Promise.all(
      started.map(async ({ followerId, containerId }) => {
        await ways[followerId]?.(containerId ?? '')
        await manager.reach(followerId, 'not RUNNING', (gateway) => !isRunning(gateway), 5_000)
        await manager.replaced(followerId, containerId)
      }),
    )
    t.ok((await manager.reasons('memory')).includes('OUT_OF_MEMORY'))
    t.match((await manager.reasons('paused'))[0], /SESSION_LOST|HEARTBEAT_LOST/)
    t.match(await manager.gateway('removed'), { restarts: 1 })
    t.match(await fleet.left(), { containers: ids.length })
  })

  t.test(
    "strangers: their port is skipped, their container is left alone, a user's other images are missed",
    async (t) => {
      const fleet = dockerFleet(t)
      const { docker, prefix, env } = fleet
      const port = Number(env.PORT_RANGE_START)
      const program = createServer().listen(port, '127.0.0.1')
      await once(program, 'listening')
      t.teardown(() => program.close())
      const stranger = await docker.createContainer({ name: `${prefix}-named`, Image: image })
      t.teardown(() => stranger.remove({ force: true }))
      const manager = await fleet.start()

      await manager.follow('ported')
      t.match(await manager.launch('ported'), { status: 'RUNNING', endpoint: { port: port + 1 } })

      await manager.follow('named')
      const named = await manager.launch('named')
      t.match(named, { status: 'FAILED', phase: 'backing-off', reason: { code: 'NAME_IN_USE' } })
      t.match(named.reason?.message, `${prefix}-named`)
      t.match(await stranger.inspect(), { Id: stranger.id, State: { Status: 'created' } })

      await manager.follow('imageless', { gateway: { image: '127.0.0.1:1/no-such-gateway:1' } })
      const imageless = await manager.launch('imageless')
      t.match(imageless, { status: 'FAILED', phase: 'backing-off', reason: { code: 'IMAGE_MISSING' } })
      t.match(imageless.reason?.message, '127.0.0.1:1/no-such-gateway:1')
      t.match(await fleet.left(), { containers: 1, volumes: 1 })
    },
  )

  t.test('a network on which gateways could reach each other is refused until it is gone', async (t) => {
    const fleet = dockerFleet(t)
    const network = await fleet.docker.createNetwork({ Name: fleet.network, Driver: 'bridge' })
    const manager = await fleet.start()
    await manager.follow('alpha')
    const refused = await manager.launch('alpha')
    t.match(refused, { status: 'FAILED', reason: { code: 'NETWORK_UNSAFE' } })
    t.match(refused.reason?.message, fleet.network)
    t.match(await fleet.left(), { containers: 0, volumes: 0 })
    await network.remove()
    t.match(await manager.launch('alpha'), { status: 'RUNNING' })
  })

  t.test('the engine is lost and comes back: gateways are not declared dead', async (t) => {
    const proxy = await engineProxy(t)
    const fleet = dockerFleet(t, { DOCKER_HOST: proxy.dockerHost })
    await proxy.cut()
    const manager = await fleet.start()
    await manager.follow('alpha')
    const refused = await manager.api('POST', '/gateways/alpha/launch')
    t.match(refused, { status: 503, body: { code: 'ENGINE_UNAVAILABLE' } })
    t.match(await manager.gateway('alpha'), { reason: { code: 'ENGINE_UNAVAILABLE' } })
    await proxy.mend()
    const { containerId } = await manager.reach('alpha', 'RUNNING once the engine is there', isRunning)

    await proxy.cut()
    await readiness(manager, 503)
    t.match(await manager.api('GET', '/readyz'), { status: 503, text: /engine/ })
    t.match(await manager.gateway('alpha'), { status: 'RUNNING', healthy: true, containerId })
    await fleet.docker.getContainer(containerId ?? '').kill()
    await manager.reach('alpha', 'not RUNNING', (gateway) => !isRunning(gateway), 5_000)
    await proxy.mend()
    await readiness(manager, 200)
    await manager.replaced('alpha', containerId)
  })
}

async function readiness(manager: ManagerProcess, status: number): Promise<void> {
  await until(
    () => manager.api('GET', '/readyz'),
    (answer) => answer.status === status,
    `readyz ${status}`,
  )
}
