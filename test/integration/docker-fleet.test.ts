// One follower through its whole life on a real engine: launch, a kill from outside, soft restart, stop, delete; and no password anywhere.
import t from 'tap'
import { canary, dockerFleet } from './docker-fleet.ts'
import { gateEngine } from './docker-subject.ts'

if (await gateEngine(t)) {
  t.test('launch, kill, soft restart, stop, delete', async (t) => {
    const fleet = dockerFleet(t)
    const { docker } = fleet
    const manager = await fleet.start()
    t.equal((await manager.api('GET', '/readyz')).status, 200)

    await manager.follow('alpha')
    const answer = await manager.api('POST', '/gateways/alpha/launch?wait=60')
    t.equal(answer.status, 200, answer.text)
    t.match(answer.body, { status: 'RUNNING', phase: 'ready', healthy: true, connected: true })
    t.equal(answer.body.containerName, `${fleet.prefix}-alpha`)
    t.match(answer.body.accounts, [/^DU/])
    const first: string = answer.body.containerId

    await t.test('the API port is published on 127.0.0.1, and nothing else is', async (t) => {
      const info = await fleet.container('alpha')
      const published = Object.values(info?.NetworkSettings.Ports ?? {}).flatMap((bindings) => bindings ?? [])
      const { endpoint } = await manager.gateway('alpha')
      t.strictSame(published, [{ HostIp: '127.0.0.1', HostPort: String(endpoint?.port) }])
      t.strictSame(Object.keys(info?.NetworkSettings.Networks ?? {}), [fleet.network])
    })

    await t.test('killed from outside: known at once, and RUNNING again by itself', async (t) => {
      const killedAt = performance.now()
      await docker.getContainer(first).kill()
      await manager.reach('alpha', 'not RUNNING', ({ status }) => status !== 'RUNNING', 2_000)
      t.comment(`known after ${Math.round(performance.now() - killedAt)} ms`)
      const again = await manager.replaced('alpha', first)
      t.match(again, { status: 'RUNNING', healthy: true, restarts: 1 })
      t.ok((await manager.reasons('alpha')).includes('CONTAINER_EXITED'))
      t.equal((await fleet.left()).containers, 1, 'the dead one is gone')
    })

    const second = await manager.gateway('alpha')
    const softRestart = manager.api('POST', '/gateways/alpha/restart?wait=60')
    await manager.reach('alpha', 'restarting', ({ phase }) => phase === 'restarting')

    await t.test('the password is nowhere', async (t) => {
      const container = docker.getContainer(second.containerId ?? '')
      const places = {
        inspect: JSON.stringify(await container.inspect()),
        'container log': String(await container.logs({ stdout: true, stderr: true })),
        'log over the API': (await manager.api('GET', '/gateways/alpha/logs')).text,
        events: (await manager.api('GET', '/events?limit=1000')).text,
        follower: (await manager.api('GET', '/followers/alpha')).text,
        gateway: (await manager.api('GET', '/gateways/alpha')).text,
        'system status': (await manager.api('GET', '/system/system-status')).text,
        'manager log': manager.output,
      }
      for (const [place, text] of Object.entries(places)) {
        t.ok(text.length > 50, `there is something to look at in ${place}`)
        t.notOk(text.includes(canary), place)
      }
    })

    await t.test('a soft restart keeps container and client id', async (t) => {
      const { status, body } = await softRestart
      t.equal(status, 200)
      const { containerId, clientId } = second
      t.match(body, { status: 'RUNNING', containerId, clientId, restarts: 2 })
    })

    await t.test('a stop is a tidy logout, and leaves the settings', async (t) => {
      const ended = docker.getContainer(second.containerId ?? '').wait()
      const { status, body } = await manager.api('POST', '/gateways/alpha/stop?wait=60')
      t.match({ status, body }, { status: 200, body: { status: 'STOPPED', desired: 'stopped' } })
      t.strictSame(await ended, { Error: null, StatusCode: 0 })
      t.strictSame(await fleet.left(), { containers: 0, volumes: 1, networks: 1 })
    })

    await t.test('its screen is shown once its container has one; the password stays there', async (t) => {
      t.equal((await manager.api('GET', '/gateways/alpha/screen')).status, 404)
      await manager.api('PATCH', '/followers/alpha', { gateway: { vnc: true } })
      await manager.launch('alpha')
      const { status, body } = await manager.api('GET', '/gateways/alpha/screen')
      const info = await fleet.container('alpha')
      const [binding] = info?.NetworkSettings.Ports['5900/tcp'] ?? []
      const password = /^[\w-]{8}$/
      t.equal(status, 200)
      t.match(body, { host: '127.0.0.1', port: Number(binding?.HostPort), password })
      const history = (await manager.api('GET', '/events?limit=1000')).text
      t.ok(history.includes('gateway.screen.shown'))
      t.notOk(history.includes(body.password))
      t.notOk(manager.output.includes(body.password))
    })

    await t.test('DELETE takes container and settings', async (t) => {
      t.equal((await manager.api('DELETE', '/followers/alpha')).status, 204)
      t.strictSame(await fleet.left(), { containers: 0, volumes: 0, networks: 1 })
      t.equal((await manager.api('GET', '/gateways/alpha')).status, 404)
    })

    const { code, tookMs } = await manager.end('SIGTERM')
    t.equal(code, 0)
    t.ok(tookMs < 10_000, `ended after ${Math.round(tookMs)} ms`)
  })
}
