// 20 gateways from launch to RUNNING, against creating and starting the same containers with bare dockerode; alternating, for engines swing.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import pLimit from 'p-limit'
import { createOptions } from '../src/adapters/docker/container.ts'
import { createDockerRuntime } from '../src/adapters/docker/runtime.ts'
import { startFiles } from '../src/adapters/docker/start-files.ts'
import { simulatorImage } from '../src/adapters/simulated/build-image.ts'
import { systemClock } from '../src/adapters/system-clock.ts'
import { gatewaySpec } from '../src/fleet/lifecycle/spec.ts'
import type { Log } from '../src/ports/log.ts'
import type { Bench } from './bench.ts'
import { type EngineCorner, engineCorner } from './engine-corner.ts'
import { followerIds, ManagedManager } from './managed.ts'
import { atMost, type BenchRow, median } from './row.ts'

/** The image's own SIM_LOGIN_SECONDS. */
const loginMs = 1_000
const settleMs = 2_000
const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }

export async function run(bench: Bench): Promise<BenchRow[]> {
  const count = bench.short ? 3 : 20
  const ids = followerIds(count)
  const corner = await engineCorner(bench, count)
  await makeNetwork(corner)
  const concurrency = await bestConcurrency(bench, corner, ids)

  const ratios: number[] = []
  const loopP99Ms: number[] = []
  for (let round = 1; round <= (bench.short ? 1 : 3); round++) {
    const bareMs = await bare(bench, corner, ids, concurrency)
    const ours = await managed(bench, corner, ids)
    const ratio = (ours.wallMs - loginMs) / bareMs
    ratios.push(ratio)
    loopP99Ms.push(ours.loopP99Ms)
    bench.say(
      `round ${round}: bare ${seconds(bareMs)} (${concurrency} at a time), ours ${seconds(ours.wallMs)}, less the login ${ratio.toFixed(2)} times; event loop p99 ${ours.loopP99Ms.toFixed(1)} ms, most ${ours.loopMaxMs.toFixed(1)} ms (p99 of this idle process ${ours.idleP99Ms.toFixed(1)} ms)`,
    )
  }
  return [
    atMost(
      `launch of ${count} to RUNNING less the login of ${loginMs / 1000} s / bare dockerode, median of ${ratios.length}`,
      median(ratios),
      'times',
      1.3,
    ),
    atMost('event-loop delay meanwhile, p99 of the worst round', Math.max(...loopP99Ms), 'ms', 50),
  ]
}

async function bestConcurrency(bench: Bench, corner: EngineCorner, ids: string[]): Promise<number> {
  if (bench.short) return 4
  // The first containers after a pause are slower than all others.
  await bare(bench, corner, ids.slice(0, 4), 4)
  let best = { concurrency: 4, ms: Number.POSITIVE_INFINITY }
  for (const concurrency of [4, 6, 8]) {
    const ms = await bare(bench, corner, ids, concurrency)
    bench.say(`bare, ${concurrency} at a time: ${seconds(ms)}`)
    if (ms < best.ms) best = { concurrency, ms }
  }
  return best.concurrency
}

/** Create, fill and start: the same options, network, volume and files as the manager's containers have. */
async function bare(bench: Bench, corner: EngineCorner, ids: string[], concurrency: number): Promise<number> {
  const { docker } = corner
  const files = await startFiles({ username: '', password: 'sim' }, undefined)
  const limit = pLimit(concurrency)
  const launch = async (id: string, index: number) => {
    bench.signal.throwIfAborted()
    const container = await docker.createContainer(options(corner, id, index))
    await container.putArchive(files, { path: '/' })
    await container.start()
  }
  const startedAt = performance.now()
  const launches = ids.map((id, index) => limit(() => launch(id, index)))
  // What is half made when a person interrupts is finished before it is cleared away.
  bench.defer(async () => void (await Promise.allSettled(launches)))
  await Promise.all(launches)
  const wallMs = performance.now() - startedAt
  await clear(corner)
  return wallMs
}

async function managed(bench: Bench, corner: EngineCorner, ids: string[]) {
  const manager = new ManagedManager(bench)
  await manager.call('start', { ...corner.env, DATA_DIR: await corner.freshDataDir() })
  await manager.call('prepare', ids)
  const beside = monitorEventLoopDelay({ resolution: 5 })
  beside.enable()
  const measured = await manager.call('launch', ids)
  beside.disable()
  await manager.kill()
  await clear(corner)
  return { ...measured, idleP99Ms: beside.percentile(99) / 1e6 }
}

async function clear(corner: EngineCorner): Promise<void> {
  await corner.sweep()
  await new Promise((resolve) => setTimeout(resolve, settleMs))
}

function options({ managerId, network, prefix, ports }: EngineCorner, id: string, index: number) {
  const at = new Date(0).toISOString()
  const record = { id, enabled: true, state: 'ACTIVE', tradingMode: 'paper', revision: 1 } as const
  const spec = gatewaySpec(
    { ...record, createdAt: at, updatedAt: at },
    { containerPrefix: prefix, gatewayImage: simulatorImage, memoryMb: 2048 },
  )
  const placement = { hostPort: ports.from + index, clientId: 1000, usernameHash: 'bench' }
  return createOptions({ managerId, network, attempt: 'bench', spec, placement, username: id })
}

/** Both find it there: a manager makes it as it starts. */
async function makeNetwork({ managerId, network }: EngineCorner): Promise<void> {
  const runtime = createDockerRuntime({
    ...(process.env.DOCKER_HOST && { dockerHost: process.env.DOCKER_HOST }),
    managerId,
    network,
    clock: systemClock(),
    log: quiet,
  })
  await runtime.prepare(new AbortController().signal)
  await runtime.close()
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
