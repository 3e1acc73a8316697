// `ibgm cleanup` against a made-up engine and a real DATA_DIR.
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { createDataDirLock } from '../../src/adapters/embedded/data-dir-lock.ts'
import { readProcesses } from '../../src/adapters/embedded/processes.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { testFolder } from '../test-folder.ts'
import { type AskedRequest, ibgm, type StubAnswer, stubApi } from './harness.ts'

const owner = (follower?: string) => ({
  'ibgm.manager': 'm1',
  ...(follower ? { 'ibgm.follower': follower } : {}),
})

/** An engine with what manager m1 left: a container, its network, another network that a stranger uses, a volume. */
async function stubEngine(t: Test) {
  const gone = new Set<string>()
  const respond = ({ method, path }: AskedRequest): StubAnswer => {
    const [, kind = '', id = ''] =
      /^(?:\/v[\d.]+)?\/(containers|networks|volumes)\/?([^/?]*)/.exec(path) ?? []
    if (method === 'DELETE') gone.add(`${kind}/${id}`)
    if (method !== 'GET') return { status: 204 }
    if (!decodeURIComponent(path).includes('ibgm.manager=m1') && path.includes('filters')) return { body: [] }
    if (kind === 'containers' && id === 'json') {
      const container = {
        Id: 'c1',
        Names: ['/ibgateway-follower-alpha'],
        Labels: owner('alpha'),
        Status: 'Up 5 minutes',
      }
      return { body: gone.has('containers/c1') ? [] : [container] }
    }
    if (kind === 'containers') return { body: { State: { Status: 'exited' } } }
    const used = { n1: { c1: {} }, n2: { stranger: {} } }[id]
    if (kind === 'networks') {
      return { body: used ? { Id: id, Name: `net-${id}`, Containers: used } : [{ Id: 'n1' }, { Id: 'n2' }] }
    }
    return { body: { Volumes: [{ Name: 'alpha-settings', Labels: owner('alpha') }] } }
  }
  const { url, asked } = await stubApi(t, respond)
  return { env: { DOCKER_HOST: url.replace('http:', 'tcp:') }, gone, asked }
}

t.test('lists what the manager left, and removes it with --yes', async (t) => {
  const { env, gone } = await stubEngine(t)
  const { code, stdout, stderr } = await ibgm(['cleanup', '--manager', 'm1', '--yes'], { env })
  t.equal(code, 0, stderr)
  t.match(stdout, /container {2}ibgateway-follower-alpha {2}alpha +Up 5 minutes\nnetwork +net-n1\n/)
  t.match(stdout, /removed 1 container, 1 network, 0 volumes/)
  t.same(
    [...gone].sort(),
    ['containers/c1', 'networks/n1'],
    'not the network that a stranger uses, no volume',
  )
})

t.test('--volumes takes the settings too; --json tells what went', async (t) => {
  const { env, gone } = await stubEngine(t)
  const { stdout } = await ibgm(['cleanup', '--manager', 'm1', '--yes', '--volumes', '--json'], { env })
  t.same(JSON.parse(stdout), {
    managerId: 'm1',
    containers: ['ibgateway-follower-alpha'],
    networks: ['net-n1'],
    volumes: ['alpha-settings'],
    removed: true,
  })
  t.ok(gone.has('volumes/alpha-settings'))
})

t.test('without a terminal it wants --yes, on one it asks', async (t) => {
  const { env, gone } = await stubEngine(t)
  const piped = await ibgm(['cleanup', '--manager', 'm1'], { env })
  t.equal(piped.code, 2)
  t.match(piped.stdout, /ibgateway-follower-alpha/, 'it lists all the same')
  t.match(piped.stderr, /run it again with --yes/)
  const no = await ibgm(['cleanup', '--manager', 'm1'], { env, tty: true, stdin: 'n\n' })
  t.equal(no.code, 1)
  t.equal(gone.size, 0)
  const yes = await ibgm(['cleanup', '--manager', 'm1'], { env, tty: true, stdin: 'y\n' })
  t.equal(yes.code, 0)
  t.ok(gone.has('containers/c1'))
})

t.test('nothing left is fine', async (t) => {
  const { env } = await stubEngine(t)
  const { code, stdout } = await ibgm(['cleanup', '--manager', 'm2'], { env })
  t.match({ code, stdout }, { code: 0, stdout: 'manager m2 has left nothing\n' })
})

t.test('a manager that lives keeps its gateways', async (t) => {
  const { env, asked } = await stubEngine(t)
  const dataDir = testFolder(t)
  const log = pino({ level: 'silent' })
  const lock = createDataDirLock({
    dataDir,
    log,
    clock: systemClock(),
    processes: readProcesses(),
    onLockLost: () => {},
  })
  await lock.acquire('m1', new AbortController().signal)
  t.teardown(() => lock.release())
  const { code, stderr } = await ibgm(['cleanup', '--yes'], { env: { ...env, DATA_DIR: dataDir } })
  t.equal(code, 1)
  t.match(stderr, /manager m1, process \d+ .* is running[\s\S]*code: STORE_LOCKED/)
  t.equal(asked.length, 0)
})

t.test('a DATA_DIR that no manager has used names nobody', async (t) => {
  const { code, stderr } = await ibgm(['cleanup', '--yes'], { env: { DATA_DIR: `${testFolder(t)}/none` } })
  t.equal(code, 2)
  t.match(stderr, /--manager ID/)
})

t.test('no engine is a failure with its code', async (t) => {
  const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock' }
  const { code, stderr } = await ibgm(['cleanup', '--manager', 'm1', '--yes'], { env })
  t.equal(code, 3, 'not reachable')
  t.match(stderr, /ENGINE_UNAVAILABLE/)
})
