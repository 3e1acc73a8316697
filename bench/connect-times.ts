// How long a session takes to come up once its gateway answers, to come back, and to end; without the simulator's own pace.
import { ibConnector } from '../src/adapters/ib/connector.ts'
import { systemClock } from '../src/adapters/system-clock.ts'
import type { Log } from '../src/ports/log.ts'
import { IbSession } from '../src/session/session.ts'
import { startSimulatedGateway } from '../src/simulator/gateway.ts'
import type { Bench } from './bench.ts'
import { atMost, type BenchRow, median } from './row.ts'

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }

export async function run(bench: Bench): Promise<BenchRow[]> {
  const rounds = bench.short ? 3 : 25
  const gateway = await startSimulatedGateway({
    username: 'bench',
    password: 'sim',
    tradingMode: 'paper',
    loginSeconds: 0,
    onLog() {},
    onExit() {},
  })
  const deps = { connector: ibConnector(), clock: systemClock(), log: quiet }
  const times = { connect: [] as number[], reconnect: [] as number[], disconnect: [] as number[] }
  try {
    await until(() => gateway.loggedIn)
    for (let round = 0; round < rounds; round++) {
      await using session = new IbSession(deps, {
        followerId: 'bench',
        host: '127.0.0.1',
        port: gateway.port,
        clientId: 1000,
        onClientIdInUse: 'keep',
        heartbeatIntervalMs: 30_000,
        heartbeatTimeoutMs: 10_000,
        reconnectAttempts: 5,
        reconnectWindowMs: 60_000,
      })
      times.connect.push(await took(() => session.connect()))
      gateway.fault('drop')
      times.reconnect.push(await took(() => until(() => session.snapshot().reconnects === 1)))
      times.disconnect.push(await took(() => session.disconnect()))
    }
  } finally {
    gateway.kill()
  }
  return [
    ...rows('first connection', times.connect, 3_000),
    ...rows('reconnection after a drop', times.reconnect, 2_000),
    ...rows('disconnection', times.disconnect, 1_000),
  ]
}

function rows(name: string, timesMs: number[], limitMs: number): BenchRow[] {
  return [
    atMost(`${name}, median of ${timesMs.length}`, median(timesMs), 'ms', limitMs),
    atMost(`${name}, slowest`, Math.max(...timesMs), 'ms', limitMs),
  ]
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 1))
}
