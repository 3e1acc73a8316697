// The whole product with gateways that do evil behind their ports: it goes on, says what is wrong with each, and shows none of their tricks.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { Gateway } from '../../schemas/gateway.ts'
import { createSimulatedRuntime } from '../../src/adapters/simulated/runtime.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import type { GatewayContainer, GatewayRuntime } from '../../src/ports/runtime.ts'
import { startServer } from '../../src/server/server.ts'
import { type ApiCall, apiCalls } from '../api-calls.ts'
import { portRange, until } from '../fleet/world.ts'
import { silent } from '../session/harness.ts'
import { startMalicious } from '../session/malicious-gateways.ts'
import { testFolder } from '../test-folder.ts'

/** By follower: what its gateway does. */
const evil: Record<string, string> = {
  loris: 'a handshake byte by byte',
  forger: 'an account of escape codes',
  liar: 'an order id that is no number',
  screamer: 'a megabyte of escape codes',
  flapper: 'an upstream that comes and goes',
  namer: 'farms that nobody knows',
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
const trick = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\ufeff]/

/** Simulated gateways that log in as always, but whose API is answered by others. */
function withPorts(runtime: GatewayRuntime, ports: ReadonlyMap<string, number>): GatewayRuntime {
  const moved = <C extends GatewayContainer | null>(container: C): C => {
    const port = container && ports.get(container.followerId)
    return port ? { ...container, hostPort: port } : container
  }
  return Object.assign(Object.create(runtime) as GatewayRuntime, {
    list: async (signal: AbortSignal) => (await runtime.list(signal)).map(moved),
    inspect: async (followerId: string, signal: AbortSignal) =>
      moved(await runtime.inspect(followerId, signal)),
    run: async (...args: Parameters<GatewayRuntime['run']>) => moved(await runtime.run(...args)),
  })
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}

async function serve(t: Test) {
  const deeds = await startMalicious(t)
  const ports = new Map(Object.entries(evil).map(([follower, deed]) => [follower, deeds[deed] ?? 0]))
  const clock = systemClock()
  const simulated = createSimulatedRuntime({ clock, log: silent, pace: { loginSeconds: 0.05 } })
  const { from, to } = portRange(10)
  const logged: string[] = []
  const server = await startServer({
    env: {
      RUNTIME: 'simulated',
      PORT: '0',
      DATA_DIR: testFolder(t),
      HEARTBEAT_INTERVAL: '500ms',
      HEARTBEAT_TIMEOUT: '3s',
      HEALTHCHECK_INTERVAL: '5s',
      PORT_RANGE_START: String(from),
      PORT_RANGE_END: String(to),
    },
    runtime: withPorts(simulated, ports),
    log: pino({ level: 'info' }, { write: (line: string) => void logged.push(line) }),
  })
  t.teardown(() => server.close())
  const api = apiCalls(`${server.url}/api/v1`)
  const call = async (...asked: Parameters<ApiCall>) => (await api(...asked)).body
  for (const id of ['honest', ...Object.keys(evil)]) {
    await call('POST', '/followers', { id })
    await call('PUT', `/followers/${id}/credentials`, { username: `user-${id}`, password: 'sim' })
    await call('POST', `/gateways/${id}/launch`)
  }
  return { call, logged }
}

t.test('six gateways do evil, and the seventh never notices', async (t) => {
  const { call, logged } = await serve(t)
  const gateway = (id: string): Promise<Gateway> => call('GET', `/gateways/${id}`)
  await until(
    async () => (await gateway('honest')).status,
    (status) => status === 'RUNNING',
    'the honest one runs',
  )
  const connectionOf = async (id: string) =>
    (await call('GET', '/system/ib-status')).sessions?.find(
      (one: { followerId: string }) => one.followerId === id,
    )
  const delays = monitorEventLoopDelay({ resolution: 5 })
  delays.enable()
  const heap = process.memoryUsage().heapUsed
  const wrong: Record<string, RegExp> = {
    forger: /it named an account/,
    liar: /it gave NaN as the next order id/,
    flapper: /100000 messages|did not answer a heartbeat|Connectivity/,
    namer: /100000 messages|did not answer a heartbeat/,
  }
  for (const [id, says] of Object.entries(wrong))
    await until(
      async () => JSON.stringify([await call('GET', `/gateways/${id}/health`), await connectionOf(id)]),
      (shown) => says.test(shown),
      `what is wrong with ${id}`,
      30_000,
      50,
    )
  delays.disable()
  const shown = await gateway('honest')
  t.match(shown, { status: 'RUNNING', phase: 'ready' })
  for (const id of ['loris', 'forger', 'liar'])
    t.not((await gateway(id)).status, 'RUNNING', `${id} never answered as a gateway does`)
  const said = await Promise.all(
    ['/gateways', '/alerts', '/events', '/system/ib-status', '/gateways/screamer', '/gateways/namer'].map(
      (path) => call('GET', path),
    ),
  )
  t.notOk(
    stringsIn(said).find((text) => trick.test(text)),
    'no answer carries their tricks',
  )
  t.ok(JSON.stringify(said).length < 500_000)
  for (const line of logged) {
    t.equal(line.indexOf('\n'), line.length - 1, 'one record is one line')
    t.ok(line.length < 20_000)
    t.notOk(stringsIn(JSON.parse(line)).find((text) => trick.test(text)))
  }
  t.ok(
    delays.max / 1e6 < 2_500,
    `no turn of the event loop took longer than ${Math.round(delays.max / 1e6)} ms`,
  )
  const grownMb = (process.memoryUsage().heapUsed - heap) / 1e6
  t.ok(grownMb < 200, `the heap grew by ${Math.round(grownMb)} MB`)
})
