// A real manager over simulated gateways, embedded stores and the real IB adapter, quick enough for tests. Waits are on conditions, with a bound.
import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import type { Test } from 'tap'
import type { Gateway, GatewayStatus } from '../../schemas/gateway.ts'
import { readProcesses } from '../../src/adapters/embedded/processes.ts'
import { openEmbeddedStores } from '../../src/adapters/embedded/stores.ts'
import { ibConnector } from '../../src/adapters/ib/connector.ts'
import { createSimulatedRuntime } from '../../src/adapters/simulated/runtime.ts'
import { createStoredCredentials } from '../../src/adapters/stored-credentials/credentials.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { GatewayManager } from '../../src/fleet/manager.ts'
import type { FleetDeps, FleetSettings } from '../../src/fleet/settings.ts'
import type { AlertSink } from '../../src/ports/alerts.ts'
import type { GatewayRuntime } from '../../src/ports/runtime.ts'
import { testFolder } from '../test-folder.ts'

export const quick: FleetSettings = {
  spec: { containerPrefix: 'ibgateway-follower', gatewayImage: 'simulated:latest', memoryMb: 2048 },
  ports: { from: 0, to: 0 },
  clientIds: { from: 1000, to: 9999 },
  lifecycle: {
    maxStartupMs: 20_000,
    twofaTimeoutMs: 20_000,
    twofaMaxPushes: 3,
    crashLoop: { limit: 5, windowMs: 600_000 },
  },
  budget: { rejected: { limit: 3, windowMs: 86_400_000 }, starts: { limit: 20, windowMs: 900_000 } },
  session: {
    heartbeatIntervalMs: 200,
    heartbeatTimeoutMs: 200,
    reconnectAttempts: 5,
    reconnectWindowMs: 60_000,
  },
  launchConcurrency: 4,
  monitorIntervalMs: 200,
  recordIntervalMs: 200,
  shutdownTimeoutMs: 10_000,
  onShutdown: 'stop',
}

/** Tests run in parallel processes: each takes a stretch of ports of its own, below the range that systems hand out by themselves. */
let nextPort = 10_000 + (process.pid % 400) * 50
export function portRange(count: number): { from: number; to: number } {
  const from = nextPort
  nextPort += count
  return { from, to: from + count - 1 }
}

export interface World {
  readonly manager: GatewayManager
  readonly runtime: ReturnType<typeof createSimulatedRuntime>
  readonly deps: FleetDeps
  readonly delivered: string[]
  /** Follower with credentials; the user name decides the scenario. */
  add(id: string, user?: string, more?: object): Promise<void>
  reach(id: string, status: GatewayStatus, phase?: string): Promise<Gateway>
  /** Another manager over the same stores and engine, as after a restart. */
  again(settings?: Partial<FleetSettings>): GatewayManager
}

export async function makeWorld(
  t: Test,
  settings: Partial<FleetSettings> = {},
  wrap: (runtime: GatewayRuntime) => GatewayRuntime = (it) => it,
): Promise<World> {
  const clock = systemClock()
  const log = pino({ level: process.env.TEST_LOG ?? 'silent' })
  const dataDir = testFolder(t)
  const stores = await openEmbeddedStores({
    dataDir,
    clock,
    log,
    processes: readProcesses(),
    onLockLost: () => {},
  })
  const runtime = createSimulatedRuntime({
    clock,
    log,
    pace: { loginSeconds: 0.05, restartSeconds: 0.2, twofaSeconds: 20 },
  })
  const delivered: string[] = []
  const sink: AlertSink = {
    name: 'test',
    deliver: async (alert, change) => void delivered.push(`${change} ${alert.key}`),
  }
  const deps: FleetDeps = {
    settings: { ...quick, ports: portRange(20), ...settings },
    stores,
    runtime: wrap(runtime),
    credentials: createStoredCredentials({ secrets: stores.secrets, key: randomBytes(32), clock }),
    connector: ibConnector(),
    sinks: [sink],
    clock,
    log,
    version: '0.0.0',
    managerId: 'test',
    digestKey: randomBytes(32).toString('base64'),
    dataDir,
  }
  const managers = [new GatewayManager(deps)]
  t.teardown(async () => {
    for (const manager of managers) await manager.stop()
    await runtime.close()
    await stores.close()
  })
  const current = () => managers.at(-1) as GatewayManager
  return {
    manager: managers[0] as GatewayManager,
    runtime,
    deps,
    delivered,
    async add(id, user = `user-${id}`, more = {}) {
      await current().createFollower({ id, ...more })
      await current().putCredentials(id, { username: user, password: 'sim' })
    },
    reach(id, status, phase) {
      const there = (gateway: Gateway) =>
        gateway.status === status && (phase === undefined || gateway.phase === phase)
      return until(() => current().getGateway(id), there, `${id} ${status} ${phase ?? ''}`)
    },
    again(changed = {}) {
      const manager = new GatewayManager({ ...deps, settings: { ...deps.settings, ...changed } })
      managers.push(manager)
      return manager
    },
  }
}

/** Looks again every few milliseconds until it holds; fails with what it saw last. */
export async function until<T>(
  look: () => T | Promise<T>,
  holds: (value: T) => boolean,
  what: string,
  boundMs = 15_000,
  everyMs = 5,
): Promise<T> {
  const end = performance.now() + boundMs
  for (;;) {
    const value = await look()
    if (holds(value)) return value
    if (performance.now() > end)
      throw new Error(
        `not within ${boundMs} ms: ${what}; last seen: ${JSON.stringify(value)?.slice(0, 1500)}`,
      )
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
