// How soon the manager knows that a container was killed from outside; its monitor looks every 10 minutes only, so it was told.
import type { Bench } from './bench.ts'
import { engineCorner } from './engine-corner.ts'
import { followerIds, ManagedManager } from './managed.ts'
import { atMost, type BenchRow, median } from './row.ts'

const limitMs = 250

export async function run(bench: Bench): Promise<BenchRow[]> {
  const ids = followerIds(bench.short ? 2 : 12)
  const corner = await engineCorner(bench, ids.length)
  const manager = new ManagedManager(bench)
  await manager.call('start', { ...corner.env, DATA_DIR: await corner.freshDataDir() })
  await manager.call('prepare', ids)
  await manager.call('launch', ids)

  const notRunningMs: number[] = []
  const endKnownMs: number[] = []
  for (const id of ids) {
    const noticed = manager.call('endNoticedAt', id)
    const killedAt = performance.timeOrigin + performance.now()
    await corner.docker.getContainer(`${corner.prefix}-${id}`).kill()
    const { notRunningAt, endKnownAt } = await noticed
    notRunningMs.push(notRunningAt - killedAt)
    endKnownMs.push(endKnownAt - killedAt)
  }
  bench.say(
    `slowest: RUNNING no more after ${Math.max(...notRunningMs).toFixed(0)} ms, its end known after ${Math.max(...endKnownMs).toFixed(0)} ms`,
  )
  return [
    atMost(
      `RUNNING no more, from the kill call, median of ${ids.length}`,
      median(notRunningMs),
      'ms',
      limitMs,
    ),
    atMost(`known as ended, from the kill call, median of ${ids.length}`, median(endKnownMs), 'ms', limitMs),
  ]
}
