// What the Docker proxy lets through to a real engine: our own calls, and nothing that would be root on the host.
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createOptions } from '../../src/adapters/docker/container.ts'
import { gate } from '../integration-gate.ts'
import { dockerFleet } from './docker-fleet.ts'
import { dockerProxy } from './docker-proxy.ts'
import { gateEngine, image, plainDocker, removeAll } from './docker-subject.ts'

const container = '/containers/0123456789ab'

if ((await gateEngine(t)) && (await gate(t, 'haproxy'))) {
  t.test('a gateway lives its whole life through the proxy', async (t) => {
    const fleet = dockerFleet(t)
    const proxy = await dockerProxy(t, fleet.network)
    const manager = await fleet.start({ DOCKER_HOST: proxy.dockerHost })
    await manager.follow('alpha', { gateway: { vnc: true } })
    const first = await manager.launch('alpha')
    t.match(first, { status: 'RUNNING', accounts: [/^DU/] }, 'created, filled, started, seen in its log')
    const restarted = await manager.api('POST', '/gateways/alpha/restart?wait=60', { mode: 'soft' })
    t.match(restarted.body, { status: 'RUNNING', containerId: first.containerId }, 'a command was run in it')

    await fleet.docker.getContainer(first.containerId ?? '').kill()
    await manager.reach('alpha', 'not RUNNING', ({ status }) => status !== 'RUNNING', 5_000)
    t.match(await manager.replaced('alpha', first.containerId), { status: 'RUNNING' }, 'events came through')
    t.match((await manager.api('GET', '/gateways/alpha/logs')).text, 'Starting IBC version')
    const { body } = await manager.api('POST', '/gateways/alpha/stop?wait=60')
    t.match(body, { status: 'STOPPED' })
    t.equal((await manager.api('DELETE', '/followers/alpha')).status, 204)
    t.strictSame(await fleet.left(), { containers: 0, volumes: 0, networks: 1 })
    t.notMatch(proxy.output, / 403 /, 'nothing that we do was refused')
    t.notMatch(proxy.output, /TWS_USERID|user-alpha/, 'and its log has paths, not what is in them')
  })

  t.test('calls that are not ours', async (t) => {
    const proxy = await dockerProxy(t, `ibgm-proxy-${randomBytes(4).toString('hex')}`)
    t.match(await proxy.ask('GET', '/version'), { status: 200 })
    t.match(await proxy.ask('GET', '/v1.41/containers/json'), { status: 200 }, 'versioned paths too')
    const refused: Array<[method: string, path: string, body?: string]> = [
      ['GET', '/info'],
      ['GET', '/secrets'],
      ['GET', '/images/json'],
      ['GET', `${container}/export`],
      ['GET', `${container}/archive?path=/etc/shadow`],
      ['PUT', `${container}/archive?path=/etc`],
      ['POST', `${container}/attach`],
      ['POST', `${container}/update`, '{}'],
      ['POST', `${container}/rename?name=x`],
      ['POST', '/build'],
      ['POST', '/commit'],
      ['POST', '/images/load'],
      ['POST', '/images/create?fromSrc=http://127.0.0.1/x'],
      ['POST', '/volumes/create', '{"Driver":"local","DriverOpts":{"type":"none","device":"/","o":"bind"}}'],
      ['DELETE', '/volumes/secrets'],
      ['DELETE', '/images/x'],
      ['POST', '/swarm/init', '{}'],
      ['POST', '/plugins/pull'],
      ['POST', '/networks/x/connect', '{}'],
      ['POST', '/networks/create', '{"Name":"x","Driver":"macvlan"}'],
      ['POST', '/networks/create', '{"Name":"x","Driver":"bridge","CheckDuplicate":true,"Options":{}}'],
      // Before API 1.24 a start took host options.
      ['POST', `/v1.20${container}/start`, '{"Privileged":true}'],
      ['POST', `${container}/start`, '{"Privileged":true}'],
      ['POST', `${container}/exec`, '{"Cmd":["sh"]}'],
      [
        'POST',
        `${container}/exec`,
        '{"Cmd":["bash"],"AttachStdout":true,"AttachStderr":true,"Privileged":true}',
      ],
      ['GET', '/containers/../info'],
      ['GET', '//info'],
      ['GET', '/v1.41/../info'],
    ]
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    t.match(await proxy.ask('POST', '/images/create', 'fromSrc=http://127.0.0.1/x', form), { status: 403 })
    for (const [method, path, body] of refused) {
      const { status, text } = await proxy.ask(method, path, body)
      t.equal(status, 403, `${method} ${path} ${body ?? ''}: ${text}`)
    }
  })

  t.test('containers that would be root on the host', async (t) => {
    const prefix = `ibgm-proxy-${randomBytes(4).toString('hex')}`
    const managerId = `${prefix}-manager`
    const docker = plainDocker()
    await docker.createNetwork({ Name: prefix, CheckDuplicate: true })
    t.teardown(() => removeAll(docker, managerId, prefix))
    const proxy = await dockerProxy(t, prefix)
    const ours = createOptions({
      managerId,
      network: prefix,
      attempt: 'a',
      // As odd as a user name may be: what JSON and IBC escape.
      username: 'a"b\\c {"Binds":["/:/host"]} é\\u00e9',
      placement: { hostPort: 30_999, clientId: 1, usernameHash: 'u' },
      spec: {
        followerId: 'alpha',
        containerName: `${prefix}-alpha`,
        image,
        tradingMode: 'paper',
        timeZone: 'America/New_York',
        autoRestartTime: '04:30 PM',
        readOnlyApi: false,
        javaHeapMb: 64,
        memoryMb: 160,
        existingSession: 'primary',
        vnc: true,
        specHash: 'h',
      },
    })
    const host = ours.HostConfig ?? {}
    const create = (body: string, headers: Record<string, string> = {}) =>
      proxy.ask('POST', `/containers/create?name=${prefix}-alpha`, body, headers)
    const withHost = (more: object) => JSON.stringify({ ...ours, HostConfig: { ...host, ...more } })
    const spelled = JSON.stringify(ours)
    const inHost = (members: string) => spelled.replace('"HostConfig":{', `"HostConfig":{${members},`)
    const volume = host.Mounts?.[0]
    const hostile: Record<string, string> = {
      Privileged: withHost({ Privileged: true }),
      'Privileged in another case': inHost('"privileged":true'),
      'Privileged with an escape': inHost('"Privilege\\u0064":true'),
      'Privileged with a long s (the engine folds it)': inHost('"ReadonlyPath\u017f":[]'),
      'two HostConfigs': spelled.replace(/\}$/, ',"HostConfig":{"NetworkMode":"host"}}'),
      'a second one in another case': spelled.replace(/\}$/, ',"hostconfig":{"Privileged":true}}'),
      'two NetworkModes': inHost(`"NetworkMode":"${prefix}"`).replace(
        `,"NetworkMode":"${prefix}"`,
        ',"NetworkMode":"host"',
      ),
      Binds: withHost({ Binds: ['/:/host'] }),
      'a bind mount': withHost({ Mounts: [{ Type: 'bind', Source: '/', Target: '/host' }] }),
      'a bind mount behind ours': withHost({ Mounts: [volume, { Type: 'bind', Source: '/', Target: '/h' }] }),
      'a bind mount, spaced': withHost({ Mounts: [] }).replace(
        '"Mounts":[]',
        '"Mounts":[{"Type" : "bind","Source" : "/","Target":"/host"}]',
      ),
      'a volume that is a bind mount': withHost({
        Mounts: [
          {
            ...volume,
            VolumeOptions: {
              DriverConfig: { Name: 'local', Options: { type: 'none', device: '/', o: 'bind' } },
            },
          },
        ],
      }),
      'the volume of somebody else': withHost({ Mounts: [{ ...volume, Source: 'secrets' }] }),
      'tmpfs and other mounts': withHost({ Tmpfs: { '/run': '' } }),
      'the network of the host': withHost({ NetworkMode: 'host' }),
      'another network': withHost({ NetworkMode: 'bridge' }),
      'the network of another container': withHost({ NetworkMode: 'container:x' }),
      'a further network': spelled.replace(/\}$/, ',"NetworkingConfig":{"EndpointsConfig":{"bridge":{}}}}'),
      PidMode: withHost({ PidMode: 'host' }),
      IpcMode: withHost({ IpcMode: 'host' }),
      UTSMode: withHost({ UTSMode: 'host' }),
      UsernsMode: withHost({ UsernsMode: 'host' }),
      CgroupnsMode: withHost({ CgroupnsMode: 'host' }),
      CapAdd: withHost({ CapAdd: ['SYS_ADMIN'] }),
      Devices: withHost({ Devices: [{ PathOnHost: '/dev/sda', PathInContainer: '/dev/sda' }] }),
      DeviceCgroupRules: withHost({ DeviceCgroupRules: ['a *:* rwm'] }),
      SecurityOpt: withHost({ SecurityOpt: ['seccomp=unconfined'] }),
      'no SecurityOpt': withHost({ SecurityOpt: undefined }),
      VolumesFrom: withHost({ VolumesFrom: ['x'] }),
      Sysctls: withHost({ Sysctls: { 'net.ipv4.ip_forward': '1' } }),
      Runtime: withHost({ Runtime: 'x' }),
      'a restart policy': withHost({ RestartPolicy: { Name: 'always' } }),
      'a port for all': withHost({
        PortBindings: { '4004/tcp': [{ HostIp: '0.0.0.0', HostPort: '30999' }] },
      }),
      'a port for all by omission': withHost({ PortBindings: { '4004/tcp': [{ HostPort: '30999' }] } }),
      PublishAllPorts: withHost({ PublishAllPorts: true }),
      'another user': JSON.stringify({ ...ours, User: 'root' }),
      'no HostConfig': JSON.stringify({ ...ours, HostConfig: undefined }),
      'a HostConfig elsewhere': JSON.stringify({
        ...ours,
        HostConfig: undefined,
        Labels: { HostConfig: host },
      }),
      'no JSON': 'HostConfig',
      'too much to judge': `${inHost('"Privileged":true').slice(0, -1)}${' '.repeat(70_000)}}`,
      'hidden behind much': `{"Env":["${'x'.repeat(66_000)}"],${withHost({ Privileged: true }).slice(1)}`,
    }
    for (const [what, body] of Object.entries(hostile)) {
      const { status, text } = await create(body)
      t.equal(status, 403, `${what}: ${text}`)
    }
    const inPieces = await create(withHost({ Privileged: true }), { 'transfer-encoding': 'chunked' })
    t.equal(inPieces.status, 403, 'a body of unknown length')
    t.strictSame(await docker.listContainers({ all: true, filters: { name: [prefix] } }), [])

    const { status, text } = await create(spelled)
    t.equal(status, 201, `our own passes, whatever the user name: ${text}`)

    const put = (id: string) => proxy.ask('PUT', `/containers/${id}/archive?path=%2F`, '')
    const stranger = await docker.createContainer({ name: `${prefix}-stranger`, Image: image })
    t.teardown(() => stranger.remove({ force: true }))
    t.equal((await put(JSON.parse(text).Id)).status, 200, 'files go into what was created here')
    for (const id of [stranger.id, stranger.id.slice(0, 12), `${prefix}-stranger`])
      t.equal((await put(id)).status, 403, 'and into no other container')
  })
}
