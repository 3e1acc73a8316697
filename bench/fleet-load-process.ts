// The measured side of bench/fleet-load: the whole manager in a process of its own, its gateways in another, and what it costs.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { startServer } from '../src/server/server.ts'
import { farEngine } from './far-engine.ts'
import type { BeatsSeen, BeatsWanted } from './far-engine-process.ts'

export interface LoadTask {
  readonly env: Record<string, string>
  readonly ids: readonly string[]
}
/** All are RUNNING. */
export interface LoadUp {
  readonly port: number
  readonly launchedInMs: number
  readonly empty: Memory
  readonly loaded: Memory
}
/** Bytes, with garbage gone. */
export interface Memory {
  readonly rss: number
  readonly heap: number
}
/** Watch for so long. */
export interface LoadWindow {
  readonly forMs: number
  readonly intervalMs: number
}
export interface LoadCosts extends BeatsSeen {
  /** Of one core, all of this process's threads together. */
  readonly cpuShare: number
  readonly loopP99Ms: number
  readonly loopMostMs: number
  /** Afterwards. */
  readonly memory: Memory
  readonly running: number
}

const patienceMs = 900_000
const caller = { actor: 'bench' }

process.once('message', async ({ env, ids }: LoadTask) => {
  const gateways = fork(fileURLToPath(new URL('far-engine-process.js', import.meta.url)), { execArgv: [] })
  const { fleet, url } = await startServer({ env, runtime: farEngine(gateways) })
  // One follower's life brings in what every fleet needs, so that it is not counted for the many.
  await add(['warm-up'])
  await fleet.stopGateway('warm-up', { ...caller, waitMs: patienceMs })
  await fleet.deleteFollower('warm-up', caller)
  const empty = memoryNow()
  const startedAt = performance.now()
  await add(ids)
  const up: LoadUp = {
    port: Number(new URL(url).port),
    launchedInMs: performance.now() - startedAt,
    empty,
    loaded: memoryNow(),
  }
  process.on('message', async (window: LoadWindow) => process.send?.(await watch(window)))
  process.send?.(up)

  /** Resolves once each is RUNNING. */
  async function add(wanted: readonly string[]): Promise<void> {
    for (const id of wanted) {
      await fleet.createFollower({ id, enabled: false }, caller)
      await fleet.putCredentials(id, { username: id, password: 'sim' }, caller)
      await fleet.patchFollower(id, { enabled: true }, caller)
    }
    const launches = wanted.map((id) => fleet.launchGateway(id, { ...caller, waitMs: patienceMs }))
    const failed = (await Promise.all(launches)).filter(({ outcome }) => outcome !== 'done')
    if (failed.length > 0) throw new Error(`not RUNNING: ${JSON.stringify(failed[0]?.gateway)}`)
  }

  async function watch({ forMs, intervalMs }: LoadWindow): Promise<LoadCosts> {
    const loop = monitorEventLoopDelay({ resolution: 5 })
    const sinceMs = Date.now()
    const before = process.cpuUsage()
    const beganAt = performance.now()
    loop.enable()
    await new Promise((resolve) => setTimeout(resolve, forMs))
    loop.disable()
    const { user, system } = process.cpuUsage(before)
    const cpuShare = (user + system) / 1000 / (performance.now() - beganAt)
    const memory = memoryNow()
    const running = ids.filter((id) => fleet.gatewayStatus(id).status === 'RUNNING').length
    gateways.send({ beatsOf: ids, sinceMs, intervalMs } satisfies BeatsWanted)
    return {
      ...(await beatsSeen()),
      ...{ cpuShare, memory, running },
      loopP99Ms: loop.percentile(99) / 1e6,
      loopMostMs: loop.max / 1e6,
    }
  }

  /** The gateways' process answers the engine's calls on the same channel. */
  async function beatsSeen(): Promise<BeatsSeen> {
    for (;;) {
      const [message] = (await once(gateways, 'message')) as [BeatsSeen | object]
      if ('beats' in message) return message
    }
  }
})
process.on('disconnect', () => process.exit())

function memoryNow(): Memory {
  globalThis.gc?.()
  const { rss, heapUsed: heap } = process.memoryUsage()
  return { rss, heap }
}
