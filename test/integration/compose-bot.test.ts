// The profile `bot` of docker-compose.yml as a user runs it, with Docker Compose itself: gateway first, then the bot; the bot goes, the gateway stays.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { parse, stringify } from 'yaml'
import { until } from '../fleet/world.ts'
import { gate } from '../integration-gate.ts'
import { testFolder } from '../test-folder.ts'
import { gateEngine, image as simulatorImage } from './docker-subject.ts'
import { freePorts, isOpen } from './free-ports.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const password = `sim-canary-${randomBytes(6).toString('hex')}`
/** A webhook that nobody answers: the bot must not mind. */
const webhook = `https://127.0.0.1:9/api/webhooks/1/${password}`

interface Finished {
  readonly code: number
  readonly output: string
}

/** The project under names, a port and a gateway image of the test's own: the simulated one, under the real one's repository. */
async function botProject(t: Test) {
  const name = `ibgm-bot-${randomBytes(4).toString('hex')}`
  const [port = 0] = await freePorts(1)
  const gatewayImage = `ghcr.io/gnzsnz/ib-gateway:${name}`
  const folder = testFolder(t, { data: { 'gameplan.json': '{"date": "2020-01-01", "strategy": "A"' } })
  const overlayFile = join(folder, 'overlay.yml')
  const overlay = {
    services: {
      gateway: { container_name: `${name}-gateway` },
      'trading-bot': { container_name: `${name}-bot`, volumes: [`${join(folder, 'data')}:/data:ro`] },
    },
  }
  await writeFile(overlayFile, stringify(overlay))
  const passedOn = Object.entries(process.env).filter(([each]) => /^(PATH|HOME|DOCKER_HOST)$/.test(each))
  const env = {
    ...Object.fromEntries(passedOn),
    GATEWAY_IMAGE: gatewayImage,
    BOT_GATEWAY_PORT: String(port),
    IBKR_USERNAME: 'botuser',
    IBKR_PASSWORD: password,
    DISCORD_WEBHOOK_URL: webhook,
  }
  const run = (command: string, ...args: string[]): Promise<Finished> =>
    promisify(execFile)(command, args, { cwd: root, env, maxBuffer: 64 * 1024 * 1024 }).then(
      ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        output: error.stdout + error.stderr,
      }),
    )
  const files = ['docker-compose.yml', overlayFile].flatMap((file) => ['--file', file])
  // A person's own .env stays out of it.
  const command = ['docker', 'compose', '--project-name', name, '--env-file', '/dev/null', ...files]
  const compose = (...args: string[]) => run('env', ...command, '--profile', 'bot', ...args)
  const composeWithout = (variable: string, ...args: string[]) =>
    run('env', '-u', variable, ...command, '--profile', 'bot', ...args)
  await run('docker', 'tag', simulatorImage, gatewayImage)
  t.teardown(async () => {
    // Without the overlay, which may be gone by now: what is the project's, Compose knows by its labels.
    await run('docker', 'compose', '--project-name', name, '--profile', 'bot', 'down', '--volumes')
    await run('docker', 'image', 'rm', gatewayImage)
  })
  const inspect = async (service: 'gateway' | 'bot') =>
    parse((await run('docker', 'inspect', `${name}-${service}`)).output)[0]
  const docker = (...args: string[]) => run('docker', ...args)
  const botLog = async () => (await docker('logs', `${name}-bot`)).output
  return { name, port, run, docker, compose, composeWithout, inspect, botLog }
}

if ((await gateEngine(t)) && (await gate(t, 'compose'))) {
  t.setTimeout(300_000)
  const { name, port, run, docker, compose, composeWithout, inspect, botLog } = await botProject(t)
  const operational = (times: number) =>
    until(
      botLog,
      (log) => log.split('Bot operational, Gateway validated').length - 1 >= times,
      'the bot is operational',
      120_000,
      250,
    )

  await t.test('without a password Compose says which variable it wants', async (t) => {
    const { code, output } = await composeWithout('IBKR_PASSWORD', 'up', '--detach', 'gateway')
    t.equal(code, 1)
    t.match(output, 'IBKR_PASSWORD')
  })

  await t.test('the gateway is healthy, then the bot starts, and proves it again for itself', async (t) => {
    const { code, output } = await compose('up', '--detach', 'trading-bot')
    t.equal(code, 0, output)
    await operational(1)
    const [gateway, bot] = [await inspect('gateway'), await inspect('bot')]
    t.equal(gateway.State.Health.Status, 'healthy')
    const firstHealthy = gateway.State.Health.Log.find(
      ({ ExitCode: code }: { ExitCode: number }) => code === 0,
    )
    t.ok(Date.parse(bot.State.StartedAt) >= Date.parse(firstHealthy.Start), 'in that order')
    t.match(await botLog(), 'defaulting to Strategy C', 'the gameplan here is half a file')
  })

  await t.test('the bot is nobody special; its health command tells the truth', async (t) => {
    t.match((await docker('exec', `${name}-bot`, 'id', '-u')).output, /^1000$/m)
    const health = await docker('exec', `${name}-bot`, 'node', 'dist/src/bot/health.js')
    t.match(health, { code: 0, output: /"gatewayConnected":true/ })
    t.match(health.output, '"strategyActive":"C"')
    const { Config: config, HostConfig: host } = await inspect('bot')
    t.strictSame(config.Healthcheck.Test, ['CMD', 'node', 'dist/src/bot/health.js'])
    t.match(host, { CapDrop: ['ALL'], RestartPolicy: { Name: 'unless-stopped' } })
  })

  await t.test('the API is published on 127.0.0.1 only', async (t) => {
    const { HostConfig: host } = await inspect('gateway')
    t.strictSame(host.PortBindings, { '4004/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] })
    const cli = join(import.meta.dirname, '../../src/cli/main.js')
    const check = await run(process.execPath, cli, 'check', '127.0.0.1', String(port))
    t.equal(check.code, 0, check.output)
  })

  await t.test('password and webhook are in no environment and no log', async (t) => {
    for (const each of ['gateway', 'bot']) {
      for (const { code, output } of [
        await docker('inspect', `${name}-${each}`),
        await docker('logs', `${name}-${each}`),
      ])
        t.ok(code === 0 && !output.includes(password), each)
    }
  })

  await t.test('the bot is stopped, and the gateway stays; started again, it is quick', async (t) => {
    const before = await inspect('gateway')
    t.equal((await compose('stop', 'trading-bot')).code, 0)
    const { State: bot } = await inspect('bot')
    t.match(bot, { Status: 'exited', OOMKilled: false })
    t.not(bot.ExitCode, 137, 'it was not killed')
    t.equal((await compose('up', '--detach', 'trading-bot')).code, 0)
    await operational(2)
    const { State: gateway } = await inspect('gateway')
    t.match(gateway, { Status: 'running', StartedAt: before.State.StartedAt })
  })

  await t.test('down leaves the volumes, and nothing else', async (t) => {
    const { code, output } = await compose('down')
    t.equal(code, 0, output)
    const left = await docker('ps', '--all', '--quiet', '--filter', `name=${name}`)
    t.equal(left.output, '')
    t.notOk(await isOpen(port))
    const volumes = await docker('volume', 'ls', '--format', '{{.Name}}', '--filter', `name=${name}`)
    t.strictSame(
      volumes.output.split('\n').filter(Boolean).sort(),
      ['bot-logs', 'bot-state', 'gateway-settings'].map((volume) => `${name}_${volume}`),
    )
  })
}
