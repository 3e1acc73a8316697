// docker-compose.yml as a user runs it, with Docker Compose itself: up on nothing, a follower to RUNNING, a client, a second up, down.
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { parse } from 'yaml'
import { until } from '../fleet/world.ts'
import { gate } from '../integration-gate.ts'
import { composeProject } from './compose-project.ts'
import { gateEngine } from './docker-subject.ts'
import { isOpen } from './free-ports.ts'

const canary = `sim-canary-${randomBytes(6).toString('hex')}`
/** Where nobody answers. */
const webhooks = {
  DISCORD_WEBHOOK_URL: `https://127.0.0.1:9/api/webhooks/1/${canary}`,
  ALERT_WEBHOOK_URL: `http://127.0.0.1:9/${canary}`,
}

if ((await gateEngine(t)) && (await gate(t, 'compose'))) {
  // Five containers, twice, on a machine that is busy with other tests.
  t.setTimeout(400_000)
  const project = await composeProject(t, webhooks)
  const { compose, docker, api } = project
  /** Names of what the project or its manager has on the engine. */
  const left = async (kind: 'container' | 'network' | 'volume') => {
    const all = kind === 'container' ? ['--all'] : []
    const format = kind === 'container' ? '{{.Names}}' : '{{.Name}}'
    const { output } = await docker(
      kind,
      'ls',
      ...all,
      '--filter',
      `name=${project.name}`,
      '--format',
      format,
    )
    return output.split('\n').filter(Boolean).sort()
  }
  /** Output of a command in the manager's container. */
  const inManager = (...args: string[]) => docker('exec', `${project.name}-manager-1`, ...args)

  await t.test('the file', async (t) => {
    const { code, output } = await compose('config', '--format', 'json')
    t.equal(code, 0, output)
    const { services } = parse(output)
    for (const [name, { ports = [], volumes = [] }] of Object.entries<{
      ports?: Array<{ host_ip?: string }>
      volumes?: Array<{ source: string }>
    }>(services)) {
      for (const port of ports) t.equal(port.host_ip, '127.0.0.1', `${name} is published on 127.0.0.1 only`)
      const hasSocket = volumes.some(({ source }) => source.endsWith('docker.sock'))
      t.equal(
        hasSocket,
        name === 'docker-proxy',
        `${name} ${hasSocket ? 'has' : 'has not'} the engine's socket`,
      )
    }
  })

  let containerId = ''
  await t.test('up, from nothing', async (t) => {
    const { code, output } = await compose('up', '--detach', '--wait', '--wait-timeout', '180')
    t.equal(code, 0, output)
    t.equal((await fetch(`${project.url}/readyz`)).status, 200)
    t.match((await api('GET', '/system/system-status')).body, {
      store: { kind: 'mongodb', reachable: true },
      credentials: { kind: 'vault', reachable: true },
      engine: { kind: 'docker', reachable: true },
      alertSinks: [{ name: 'log' }, { name: 'discord' }, { name: 'webhook' }],
    })
  })

  await t.test('the manager is nobody special, and cannot become so', async (t) => {
    t.match((await inManager('id', '-u')).output, /^1000$/m)
    const script = `for (const path of ['/info', '/version']) require('node:http')
      .get({ socketPath: '/run/docker-proxy/docker.sock', path, agent: false }, (answer) => console.log(path, answer.resume().statusCode))`
    const answers = await inManager('node', '-e', script)
    t.match(answers.output, '/info 403')
    t.match(answers.output, '/version 200')
    const secrets = '/run/ibgm-secrets'
    t.equal((await inManager('cat', `${secrets}/vault-role-id`)).code, 0, 'its own secret')
    for (const other of ['vault-keys.json', 'mongodb-root-password'])
      t.match(await inManager('cat', `${secrets}/${other}`), { code: 1, output: /Permission denied/ })
    t.match(
      (await inManager('node', '-p', 'require("node:fs").readFileSync("/etc/hosts", "utf8")')).output,
      /^127\.0\.0\.1\s+host\.docker\.internal$/m,
    )
  })

  await t.test('a follower comes up RUNNING, and a client uses its lease', async (t) => {
    t.equal((await api('POST', '/followers', { id: 'alpha', enabled: false })).status, 201)
    const login = { username: 'alpha-user', password: canary }
    t.equal((await api('PUT', '/followers/alpha/credentials', login)).status, 204)
    await api('PATCH', '/followers/alpha', { enabled: true })
    const { body } = await api('POST', '/gateways/alpha/launch?wait=120')
    t.match(body, { status: 'RUNNING', healthy: true, endpoint: { host: '127.0.0.1' } })
    containerId = body.containerId
    const lease = await api('POST', '/gateways/alpha/clients', { purpose: 'compose test' })
    t.equal(lease.status, 201)
    const { host, port, clientId, accounts } = lease.body
    const check = [
      'node',
      'dist/src/cli/main.js',
      'check',
      host,
      String(port),
      '--client-id',
      String(clientId),
    ]
    const client = ['run', '--rm', '--network', 'host', '--name', `${project.name}-client`]
    const { code, output } = await docker(...client, 'ib-gateway-manager:latest', ...check)
    t.equal(code, 0, output)
    t.match(output, accounts[0])
  })

  await t.test('password and webhooks are nowhere', async (t) => {
    const containers = await left('container')
    t.ok(containers.length >= 6)
    for (const name of containers) {
      const places = [await docker('inspect', name), await docker('logs', name)]
      for (const { code, output } of places) t.ok(code === 0 && !output.includes(canary), name)
    }
  })

  await t.test('Vault is sealed by a restart, and opened by the next up; the gateway goes on', async (t) => {
    await compose('restart', 'vault')
    const again = await compose('up', '--detach', '--wait', '--wait-timeout', '180')
    t.equal(again.code, 0, again.output)
    const opened = async () => (await api('GET', '/system/system-status')).body.credentials.reachable
    await until(opened, (reachable) => reachable === true, 'Vault is reachable again', 60_000)
    t.match((await api('GET', '/gateways/alpha')).body, { status: 'RUNNING', containerId })
    const { code, output } = await inManager('cat', '/run/ibgm-secrets/vault-secret-id')
    t.equal(code, 0)
    t.not(output.trim(), '', 'and the manager its AppRole')
  })

  await t.test('down leaves settings and data, and nothing else', async (t) => {
    const { code, output } = await compose('down')
    t.equal(code, 0, output)
    t.strictSame(await left('container'), [])
    t.strictSame(await left('network'), [])
    const data = ['data', 'docker-proxy', 'mongodb', 'secrets', 'vault'].map(
      (name) => `${project.name}_${name}`,
    )
    t.strictSame(await left('volume'), [`${project.name}-alpha-settings`, ...data].sort())
    for (const port of project.ports) t.notOk(await isOpen(port), `nobody listens on ${port}`)
    const cleanup = await project.ibgm('cleanup', '--volumes', '--yes', '--manager', project.managerId)
    t.equal(cleanup.code, 0, cleanup.output)
    t.strictSame(await left('volume'), data)
  })
}
