// The engine's answers about containers, read: states, times, and on which addresses ports are open.
import type Dockerode from 'dockerode'
import t from 'tap'
import { createOptions, gatewayContainer } from '../../../src/adapters/docker/container.ts'
import type { GatewayPlacement, GatewaySpec } from '../../../src/ports/runtime.ts'

const spec: GatewaySpec = {
  followerId: 'alice',
  containerName: 'gw-alice',
  image: 'gateway:1',
  tradingMode: 'live',
  timeZone: 'America/New_York',
  autoRestartTime: '04:30 PM',
  readOnlyApi: true,
  javaHeapMb: 768,
  memoryMb: 1536,
  existingSession: 'secondary',
  vnc: false,
  specHash: 'abc',
}
const placement: GatewayPlacement = { hostPort: 4100, clientId: 1000, usernameHash: 'digest' }
const request = { managerId: 'm', network: 'net', attempt: 'one', spec, placement, username: 'bob' }

/** What the engine says about a container made from these options. */
function inspected(state: Partial<Dockerode.ContainerInspectInfo['State']>, ports: object = {}) {
  const { Labels, HostConfig } = createOptions(request)
  return {
    Id: 'id',
    Name: '/gw-alice',
    State: {
      Status: 'running',
      ExitCode: 0,
      OOMKilled: false,
      StartedAt: '2026-11-16T08:20:04.098123456Z',
      FinishedAt: '0001-01-01T00:00:00Z',
      ...state,
    },
    Config: { Labels, Image: 'gateway:1' },
    HostConfig,
    NetworkSettings: { Ports: ports },
  } as unknown as Dockerode.ContainerInspectInfo
}

t.test('live publishes 4003 only; VNC a port of the engine’s choice', async (t) => {
  t.strictSame(createOptions(request).HostConfig?.PortBindings, {
    '4003/tcp': [{ HostIp: '127.0.0.1', HostPort: '4100' }],
  })
  const withVnc = createOptions({ ...request, spec: { ...spec, vnc: true } })
  t.strictSame(withVnc.HostConfig?.PortBindings?.['5900/tcp'], [{ HostIp: '127.0.0.1', HostPort: '' }])
  t.ok(createOptions(request).Env?.includes('READ_ONLY_API=yes'))
  t.notOk(createOptions(request).Env?.some((each) => each.startsWith('TWOFA_DEVICE')))
})

t.test('states', async (t) => {
  const expected = {
    created: 'created',
    running: 'running',
    restarting: 'running',
    paused: 'paused',
    exited: 'exited',
    dead: 'exited',
    removing: 'exited',
    'something new': 'exited',
  }
  for (const [Status, state] of Object.entries(expected)) {
    t.equal(gatewayContainer(inspected({ Status })).state, state, Status)
  }
})

t.test('a running container', async (t) => {
  const ports = { '4003/tcp': [{ HostIp: '127.0.0.1', HostPort: '4100' }], '9/tcp': null }
  t.strictSame(gatewayContainer(inspected({}, ports)), {
    id: 'id',
    name: 'gw-alice',
    followerId: 'alice',
    image: 'gateway:1',
    state: 'running',
    outOfMemory: false,
    startedAt: Date.UTC(2026, 10, 16, 8, 20, 4, 98),
    hostPort: 4100,
    clientId: 1000,
    usernameHash: 'digest',
    specHash: 'abc',
    tradingMode: 'live',
    publishedOn: ['127.0.0.1'],
  })
})

t.test('one that the kernel killed for memory', async (t) => {
  const finished = { Status: 'exited', ExitCode: 137, OOMKilled: true, FinishedAt: '2026-11-16T09:00:00Z' }
  t.match(gatewayContainer(inspected(finished)), {
    state: 'exited',
    exitCode: 137,
    outOfMemory: true,
    finishedAt: Date.UTC(2026, 10, 16, 9),
    publishedOn: ['127.0.0.1'],
  })
  t.equal(gatewayContainer(inspected({ OOMKilled: true })).outOfMemory, false, 'not while it runs')
})

t.test('a port open to the world is shown as such', async (t) => {
  const everywhere = {
    '4003/tcp': [
      { HostIp: '', HostPort: '4100' },
      { HostIp: '::', HostPort: '4100' },
    ],
  }
  t.strictSame(gatewayContainer(inspected({}, everywhere)).publishedOn, ['0.0.0.0', '::'])
})
