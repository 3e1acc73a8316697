// How soon the manager knows that a container was killed from outside; its monitor looks every 10 minutes only, so it was told.
import type { Bench } from './bench.ts'
import { engineCorner } from './engine-corner.ts'
import { followerIds, ManagedManager } from './managed.ts'
import { atMost, type BenchRow, median } from './row.ts'

const limitMs = 250
/** The machine's clock, which the manager's process shares. */
const now = () => performance.timeOrigin + performance.now()

export async function run(bench: Bench): Promise<BenchRow[]> {
  const ids = followerIds(bench.short ? 2 : 12)
  const corner = await engineCorner(bench, ids.length)
  const manager = new ManagedManager(bench)
  await manager.call('start', { ...corner.env, DATA_DIR: await corner.freshDataDir() })
  await manager.call('prepare', ids)
  await manager.call('launch', ids)

  const notRunningMs: number[] = []
  const answerMs: number[] = []
  const endKnownMs: number[] = []
  for (const id of ids) {
    const killedAt = now()
    const [{ notRunningAt, endKnownAt }, answeredAt] = await Promise.all([
      manager.call('endNoticedAt', id),
      // The engine answers this, and every look at the container, only when it has taken the container's network down.
      corner.docker.getContainer(`${corner.prefix}-${id}`).kill().then(now),
    ])
    notRunningMs.push(notRunningAt - killedAt)
    answerMs.push(answeredAt - killedAt)
    endKnownMs.push(endKnownAt - answeredAt)
  }
  bench.say(
    `RUNNING no more: slowest ${Math.max(...notRunningMs).toFixed(0)} ms; the engine's answer to the kill: median ${median(answerMs).toFixed(0)} ms`,
  )
  return [
    atMost(`RUNNING no more after the kill, median of ${ids.length}`, median(notRunningMs), 'ms', limitMs),
    atMost(
      "end and cause known after the engine's answer to the kill, median",
      median(endKnownMs),
      'ms',
      limitMs,
    ),
  ]
}
