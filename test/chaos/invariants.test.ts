// The judges of a chaos run, judged: each lets a good world pass and finds what is broken in a bad one.
import t from 'tap'
import type { FleetEvent } from '../../schemas/event.ts'
import type { Gateway } from '../../schemas/gateway.ts'
import { labels } from '../../src/adapters/docker/labels.ts'
import { ofContainers, ofHistory, ofListeners, ofRunning, type SeenContainer } from './invariants.ts'
import { Recoveries } from './recoveries.ts'

const container = (id: string, more: Partial<SeenContainer> = {}): SeenContainer => ({
  Id: id,
  Names: [`/${id}`],
  State: 'running',
  Labels: { [labels.follower]: id, [labels.usernameHash]: `user-${id}`, [labels.hostPort]: `41${id}` },
  Ports: [{ IP: '127.0.0.1', PublicPort: 4100 }, {}],
  ...more,
})

t.test('containers', async (t) => {
  const [a, b] = [container('01'), container('02')]
  t.strictSame(ofContainers([a, b]), [])
  const { Labels } = a
  t.match(ofContainers([a, { ...b, Labels }]), [/one follower/, /one username: \/01, \/02/, /one port/])
  const labelsOfB = { ...b.Labels, [labels.usernameHash]: 'user-01' }
  t.strictSame(ofContainers([a, { ...b, Labels: labelsOfB, State: 'exited' }]), [])
  t.match(ofContainers([a, { ...b, Labels: labelsOfB, State: 'paused' }]), [/one username/])
  t.match(ofContainers([container('03', { Ports: [{ IP: '0.0.0.0', PublicPort: 4100 }] })]), [
    /0\.0\.0\.0:4100/,
  ])
})

t.test('RUNNING is only said of what answers', async (t) => {
  const at = Date.parse('2026-03-02T12:00:00Z')
  const gateway = (more: Partial<Gateway>) =>
    [
      {
        followerId: 'a',
        containerId: 'c1',
        status: 'RUNNING',
        lastHeartbeatAt: new Date(at).toISOString(),
        ...more,
      },
    ] as Gateway[]
  const silence = { followerId: 'a', containerId: 'c1', sinceMs: at }
  t.strictSame(ofRunning(gateway({}), [], at + 3_000, 3_000), [])
  t.match(ofRunning(gateway({}), [], at + 3_001, 3_000), [/last answer 3001 ms old/])
  t.strictSame(ofRunning(gateway({ status: 'STARTING' }), [silence], at + 9_000, 3_000), [])
  t.match(
    ofRunning(gateway({ lastHeartbeatAt: new Date(at + 8_000).toISOString() }), [silence], at + 9_000, 3_000),
    [/silenced 9000 ms ago/],
  )
  const anew = { containerId: 'c2', lastHeartbeatAt: new Date(at + 8_000).toISOString() }
  t.strictSame(ofRunning(gateway(anew), [silence], at + 9_000, 3_000), [])
})

t.test('history hangs together, but where it could not be written', async (t) => {
  const phase = (second: number, from: string, to: string): FleetEvent => ({
    id: `0${second}`,
    at: new Date(second * 1_000).toISOString(),
    type: 'gateway.phase',
    followerId: 'a',
    message: '',
    data: { from, to },
  })
  const whole = [phase(1, 'stopped', 'creating'), phase(2, 'creating', 'ready')]
  t.strictSame(ofHistory(whole, []), [])
  const torn = [phase(1, 'stopped', 'creating'), phase(5, 'connecting', 'ready')]
  t.match(ofHistory(torn, []), [/creating at .* then from connecting/])
  t.strictSame(ofHistory(torn, [{ from: 2_000, to: 3_000 }]), [])
  t.match(ofHistory(whole.toReversed(), []), [/out of order/, /then from/])
})

t.test('listeners beyond this machine', async (t) => {
  const head = '  sl  local_address rem_address   st tx_queue'
  const line = (local: string, state: string) => `   0: ${local} 00000000:0000 ${state} 00000000:00000000`
  const v6 = (address: string) => line(`${address}:1F90`, '0A')
  const inside = [
    line('0100007F:1004', '0A'),
    line('00000000:1004', '01'),
    v6('00000000000000000000000001000000'),
  ]
  t.strictSame(ofListeners([[head, ...inside].join('\n')]), [])
  const outside = [line('00000000:1004', '0A'), v6('00000000000000000000000000000000')]
  t.match(ofListeners([[head, ...outside].join('\n')]), [/port 4100/, /port 8080/])
})

t.test('recovery is counted from the fault to the first look at which all is well again', async (t) => {
  const recoveries = new Recoveries()
  const told = (status: Gateway['status'], containerId = 'c1') =>
    new Map([['a', { followerId: 'a', status, containerId }]])
  const look = (atMs: number, gateways = told('RUNNING'), readiness = true) =>
    recoveries.look({ atMs, gateways, readiness, secrets: true })
  recoveries.struck('kill', { followerId: 'a', status: 'RUNNING', containerId: 'c1' }, 0)
  recoveries.struck('store-kill', 'readiness', 0)
  recoveries.struck('vault-kill', 'secrets', 0)
  look(100)
  look(500, told('STARTING'), false)
  look(2_000, told('RUNNING', 'c2'), false)
  look(9_000)
  t.strictSame(recoveries.done, [
    { fault: 'kill', tookMs: 2_000, anew: true },
    { fault: 'store-kill', tookMs: 9_000, anew: false },
  ])
  t.strictSame([...recoveries.unfelt], [['vault-kill', 1]])
})
