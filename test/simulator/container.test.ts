// The simulated gateway as a container, on a real engine: environment, start scripts, command server, simctl, exit codes.
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import Docker from 'dockerode'
import t, { type Test } from 'tap'
import { pack } from 'tar-stream'
import { buildSimulatorImage } from '../../src/adapters/simulated/build-image.ts'
import { gate } from '../integration-gate.ts'
import { RawClient, until } from './harness.ts'

const image = `ibgm-simulated-gateway:test-${process.pid}`
const startScript = `#!/bin/bash
sed -i -e 's/^CommandServerPort=.*/CommandServerPort=7462/' -e 's/^BindAddress=.*/BindAddress=127.0.0.1/' "$IBC_INI_TMPL"
`
const files: Record<string, string> = {
  'home/ibgateway/start/command-server.sh': startScript,
  'home/ibgateway/start/failing.sh': 'exit 3',
  // Escaped as a control plane must: the gateway receives s\i"m'#=é€.
  'home/ibgateway/secret': `s\\\\i"m'#=\\u00e9\\u20ac\n`,
}
const plain = { TRADING_MODE: 'paper', TWS_USERID: 'alice', TWS_PASSWORD: 'sim', READ_ONLY_API: 'no' }

t.test('container', async (t) => {
  if (!(await gate(t, 'docker'))) return
  const docker = new Docker()
  await buildSimulatorImage(docker, () => {}, image)
  t.teardown(() => docker.getImage(image).remove({ force: true }))

  t.test('a login with a secret file, START_SCRIPTS, faults and commands', async (t) => {
    const gateway = await start(t, docker, {
      ...{ ...plain, TWS_USERID: 'alice-oddpass', TWS_PASSWORD: '' },
      ...{ TWS_PASSWORD_FILE: '/home/ibgateway/secret', START_SCRIPTS: 'start', TZ: 'Europe/Berlin' },
      ...{ TIME_ZONE: 'America/New_York', SIM_LOGIN_SECONDS: '0.2', SIM_RESTART_SECONDS: '0.5' },
    })
    await gateway.logged('Configuration tasks completed')
    const client = await RawClient.ready(t, gateway.port)
    t.match(client.frames[0]?.[1], /EST$/, 'the zone of jts.ini')

    t.strictSame(await gateway.exec('simctl', 'drop'), { code: 0, output: '' })
    await client.closed()
    const [hasty, aapl] = [await RawClient.ready(t, gateway.port, 2), '|AAPL|STK|||||SMART||USD||'.split('|')]
    for (const reqId of [1, 2]) hasty.send(87, reqId, ...aapl, 0, 1, 'TRADES', 2)
    await until(() => hasty.errors().includes(162))
    t.match(await gateway.exec('simctl', 'violations'), {
      code: 0,
      output:
        /^{"at":"20.*","rule":"identical request within 15 s","clientId":2,"request":"reqHeadTimestamp 87 2 /,
    })
    t.match(await gateway.exec('simctl', 'nonsense'), { code: 2, output: /known: drop, mute/ })

    const send = (command: string) =>
      gateway.exec(
        'bash',
        '-c',
        `exec 3<>/dev/tcp/127.0.0.1/7462; printf '${command}\\n' >&3; timeout 3 cat <&3`,
      )
    t.match(await send('RESTART\\nEXIT'), {
      output: /^OK RESTART in progress\nOK RESTART at .*\nOK Goodbye\n$/,
    })
    await gateway.logged('Re-starting session')
    await gateway.logged('Login has completed', 2)
    t.match(await send('STOP'), { output: 'OK Shutting down: STOP command\n' })
    t.equal(await gateway.ended(), 0)
    t.notMatch(await gateway.log(), /#=/, 'no password in the log')
  })

  t.test('SIGTERM, exit and running out of memory', async (t) => {
    const stopped = await start(t, docker, plain)
    await stopped.logged('Login has completed')
    await stopped.container.stop({ t: 10 })
    t.equal(await stopped.ended(), 143)

    const ended = await start(t, docker, plain)
    await ended.logged('Login has completed')
    t.equal((await ended.exec('simctl', 'exit', '87')).code, 0)
    t.equal(await ended.ended(), 87)

    const starved = await start(t, docker, plain)
    await starved.logged('Login has completed')
    await starved.exec('simctl', 'oom')
    t.equal(await starved.ended(), 137)
    t.equal((await starved.container.inspect()).State.OOMKilled, true)
  })

  t.test('starts that fail as the image fails', async (t) => {
    const failing = async (env: Record<string, string>, said: RegExp) => {
      const gateway = await start(t, docker, env)
      t.equal(await gateway.ended(), 1)
      t.match(await gateway.log(), said)
    }
    await Promise.all([
      failing({ ...plain, TRADING_MODE: '' }, /^\.> Invalid TRADING_MODE:/m),
      failing(
        { ...plain, TWS_PASSWORD_FILE: '/x' },
        /^error: both TWS_PASSWORD and TWS_PASSWORD_FILE are set/m,
      ),
      failing(
        { ...plain, TWS_PASSWORD: '', TWS_PASSWORD_FILE: '/x' },
        /^\/home\/ibgateway\/scripts\/common\.sh: line 57: \/x: No such file or directory$/m,
      ),
      failing(
        { ...plain, TWS_SETTINGS_PATH: '/etc/settings' },
        /common\.sh: line \d+: .*: Permission denied$/m,
      ),
    ])
  })
})

async function start(t: Test, docker: Docker, env: Record<string, string>) {
  const container = await docker.createContainer({
    Image: image,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ExposedPorts: { '4004/tcp': {} },
    HostConfig: {
      Init: true,
      Memory: 192 * 2 ** 20,
      SecurityOpt: ['no-new-privileges'],
      PortBindings: { '4004/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    },
  })
  t.teardown(() => container.remove({ force: true }))
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name, uid: 1000, gid: 1000 }, content)
  tar.finalize()
  await container.putArchive(Readable.from(tar), { path: '/' })
  await container.start()
  const { Ports: ports } = (await container.inspect()).NetworkSettings
  const log = async () => demuxed(await container.logs({ stdout: true, stderr: true }))
  return {
    container,
    port: Number(ports['4004/tcp']?.[0]?.HostPort),
    log,
    /** Waits until the log has the text `times` times. */
    async logged(wanted: string, times = 1) {
      let seen = ''
      for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
        seen = await log()
        if (seen.split(wanted).length > times) return
      }
      throw new Error(`never logged: ${wanted}\n${seen}`)
    },
    async ended() {
      return (await container.wait()).StatusCode as number
    },
    async exec(...command: string[]) {
      const exec = await container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true })
      const stream = await exec.start({})
      const output = new PassThrough()
      docker.modem.demuxStream(stream, output, output)
      stream.on('end', () => output.end())
      const said = await text(output)
      return { code: (await exec.inspect()).ExitCode, output: said }
    },
  }
}

/** Docker's log frames: eight bytes of header, the last four the length. */
function demuxed(frames: Buffer): string {
  let said = ''
  for (let at = 0; at + 8 <= frames.length; ) {
    const end = at + 8 + frames.readUInt32BE(at + 4)
    said += frames.toString('utf8', at + 8, end)
    at = end
  }
  return said
}
