// The manager is killed with SIGKILL and started again while its gateways run on the engine: nothing of theirs may be touched.
import type { Bench } from './bench.ts'
import { type EngineCorner, engineCorner } from './engine-corner.ts'
import { followerIds, ManagedManager } from './managed.ts'
import { atMost, type BenchRow, median } from './row.ts'

export async function run(bench: Bench): Promise<BenchRow[]> {
  const ids = followerIds(bench.short ? 3 : 20)
  const rounds = bench.short ? 1 : 3
  const corner = await engineCorner(bench, ids.length)
  const env = { ...corner.env, DATA_DIR: await corner.freshDataDir() }
  let manager = new ManagedManager(bench)
  await manager.call('start', env)
  await manager.call('prepare', ids)
  await manager.call('launch', ids)
  const before = await runs(corner)

  const runningMs: number[] = []
  for (let round = 1; round <= rounds; round++) {
    await manager.kill()
    const spawnedAt = performance.timeOrigin + performance.now()
    manager = new ManagedManager(bench)
    const upAt = await manager.call('start', env)
    const runningAt = await manager.call('allRunningAt', ids)
    runningMs.push(runningAt - spawnedAt)
    bench.say(
      `round ${round}: all RUNNING ${(runningAt - spawnedAt).toFixed(0)} ms after the spawn, ${(runningAt - upAt).toFixed(0)} ms after the manager was up`,
    )
  }
  const after = await runs(corner)
  const touched = [...before].filter((run) => !after.has(run)).length + after.size - before.size
  return [
    atMost(`containers touched in ${rounds} crashes with ${ids.length} up`, touched, '', 0),
    atMost(`all RUNNING again, from the spawn, median of ${rounds}`, median(runningMs), 'ms', 3_000),
    atMost(`all RUNNING again, from the spawn, slowest of ${rounds}`, Math.max(...runningMs), 'ms', 3_000),
  ]
}

/** Each container with the start it is on. */
async function runs(corner: EngineCorner): Promise<Set<string>> {
  const containers = await corner.containers()
  return new Set(containers.map(({ Id, State }) => `${Id} ${State.Status} ${State.StartedAt}`))
}
