// Nobody but this machine reaches a gateway's API, which knows no password: tried from other gateways and other networks on the real engine.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import { canary, dockerFleet } from './docker-fleet.ts'
import { gateEngine, image } from './docker-subject.ts'
import { isOpen } from './free-ports.ts'

/** Prints `open`, or why not; a dropped packet is no answer at all, so that takes its time. */
const probe = `
const socket = require('node:net').connect({ host: process.argv[1], port: Number(process.argv[2]), timeout: 1500 })
const say = (text) => { console.log(text); process.exit() }
socket.on('connect', () => say('open')).on('timeout', () => say('no answer')).on('error', (error) => say(error.code))`

/** What a container of a stranger waits with. */
const idle = ['node', '-e', 'setInterval(() => {}, 60000)']

if (await gateEngine(t)) {
  t.test('isolation', async (t) => {
    const fleet = dockerFleet(t)
    const { docker, network } = fleet
    const manager = await fleet.start()
    const launched = await Promise.all(
      ['alpha', 'beta'].map(async (id) => {
        await manager.follow(id)
        return manager.launch(id)
      }),
    )
    for (const gateway of launched) t.match(gateway, { status: 'RUNNING' })
    const [alpha, beta] = await Promise.all(['alpha', 'beta'].map((id) => fleet.container(id)))
    if (!alpha || !beta) throw new Error('both are up')

    /** What a container answers that tries to open a port. */
    const from = async (id: string, host: string, port: number): Promise<string> => {
      const Cmd = ['node', '-e', probe, host, String(port)]
      const exec = await docker.getContainer(id).exec({ Cmd, AttachStdout: true, Tty: true })
      let said = ''
      for await (const chunk of await exec.start({ Tty: true })) said += chunk
      return said.trim()
    }
    const addressOf = (info: typeof alpha) => info.NetworkSettings.Networks[network]?.IPAddress ?? ''
    const { IPAM } = await docker.getNetwork(network).inspect()
    const bridge: string = IPAM?.Config?.[0]?.Gateway ?? ''
    const published = launched[1]?.endpoint?.port ?? 0
    t.match([addressOf(alpha), addressOf(beta), bridge], [/^\d+\./, /^\d+\./, /^\d+\./])
    t.equal(await from(beta.Id, '127.0.0.1', 4004), 'open', 'the probe works: a gateway opens its own port')
    t.ok(await isOpen(published), 'and the host the published one')

    const refused = /^(no answer|E[A-Z_]+)$/
    /** Every way to beta's API that a container has. */
    const ways: Array<[name: string, host: string, port: number]> = [
      ['by name', beta.Name.slice(1), 4004],
      ['by its short id', beta.Id.slice(0, 12), 4004],
      ['by address', addressOf(beta), 4004],
      ["by address, the gateway's own port", addressOf(beta), 4002],
      ["by address, IBC's command server", addressOf(beta), 7462],
      ["through the bridge's address", bridge, published],
      ['through host.docker.internal', 'host.docker.internal', published],
      ...hostAddresses().map((host): [string, string, number] => [
        `through the host's ${host}`,
        host,
        published,
      ]),
    ]

    await t.test('another gateway opens its API in no way', async (t) => {
      const answers = await Promise.all(ways.map(([, host, port]) => from(alpha.Id, host, port)))
      const present = new Set(hostAddresses())
      for (const [index, [name, host]] of ways.entries())
        if (!name.startsWith("through the host's") || present.has(host))
          t.match(answers[index], refused, name)
    })

    await t.test('a container of another network neither', async (t) => {
      const other = `${network}-other`
      const made = await docker.createNetwork({ Name: other, Driver: 'bridge' })
      const strangers: string[] = []
      t.teardown(async () => {
        await Promise.all(strangers.map((id) => docker.getContainer(id).remove({ force: true })))
        await made.remove()
      })
      for (const NetworkMode of [other, 'bridge']) {
        const name = `${network}-${randomBytes(2).toString('hex')}`
        const HostConfig = { NetworkMode }
        const stranger = await docker.createContainer({
          name,
          Image: image,
          Entrypoint: idle,
          Cmd: [],
          HostConfig,
        })
        strangers.push(stranger.id)
        await stranger.start()
        const answers = await Promise.all(ways.map(([, host, port]) => from(stranger.id, host, port)))
        // Other tests make and remove networks: where an address is the host's no more, somebody else may answer.
        const present = new Set([bridge, ...hostAddresses()])
        for (const [index, [way, host]] of ways.entries())
          if (!way.startsWith("through the host's") || present.has(host))
            t.match(answers[index], refused, `${NetworkMode}, ${way}`)
      }
    })

    await t.test('nothing is published beyond 127.0.0.1', async (t) => {
      for (const info of [alpha, beta]) {
        const bindings = Object.values(info.NetworkSettings.Ports).flatMap((each) => each ?? [])
        t.strictSame([...new Set(bindings.map(({ HostIp }) => HostIp))], ['127.0.0.1'])
      }
      for (const host of hostAddresses()) t.notOk(await isOpen(published, host), `closed on ${host}`)
    })

    await t.test('a gateway still gets out', async (t) => {
      const server = createServer((socket) => socket.end()).listen(0, '0.0.0.0')
      t.teardown(() => server.close())
      await once(server, 'listening')
      const { port } = server.address() as { port: number }
      // An address of this machine stands for the world: packets to it leave the bridge as those to IB do.
      for (const host of hostAddresses()
        .filter((each) => each !== bridge)
        .slice(0, 1))
        t.equal(await from(alpha.Id, host, port), 'open')
    })

    t.notMatch(manager.output, canary)
  })
}

/** Where this machine is reached from elsewhere. */
function hostAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address)
}
