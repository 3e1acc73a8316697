// One of 20 gateways falls mute: how soon it is not healthy, and whether the heartbeats of its neighbours suffer.
import type { Bench } from './bench.ts'
import { freshDataDir } from './engine-corner.ts'
import { followerIds, ManagedManager } from './managed.ts'
import type { Beat } from './manager-process.ts'
import { atMost, type BenchRow, median } from './row.ts'

const intervalMs = 1_000
const timeoutMs = 500
/** The p99 of some two hundred beats is not steadier than this from one window to the next. */
const mostTimes = 1.5
/** One garbage collection, or the rounding of a beat's time: differences below tell nothing about the neighbour. */
const noiseMs = 5

export async function run(bench: Bench): Promise<BenchRow[]> {
  const [mute, ...neighbours] = followerIds(bench.short ? 4 : 20)
  if (mute === undefined) throw new Error('nobody to fall mute')
  const rounds = bench.short ? 1 : 5
  const windowMs = bench.short ? 3_000 : 10_000
  const manager = new ManagedManager(bench)
  await manager.call('start', {
    PORT: '0',
    LOG_LEVEL: 'fatal',
    RUNTIME: 'simulated',
    SIM_LOGIN_SECONDS: '0.1',
    DATA_DIR: await freshDataDir(bench),
    PORT_RANGE_START: '30400',
    PORT_RANGE_END: '30500',
    HEALTHCHECK_INTERVAL: '10m',
    HEARTBEAT_INTERVAL: `${intervalMs}ms`,
    HEARTBEAT_TIMEOUT: `${timeoutMs}ms`,
    CRASH_LOOP_LIMIT: '0',
    LOGIN_BUDGET_STARTS: '0',
  })
  const ids = [mute, ...neighbours]
  await manager.call('prepare', ids)
  await manager.call('launch', ids)

  const noticedMs: number[] = []
  const pairs: Array<{ without: Beat[]; during: Beat[] }> = []
  for (let round = 1; round <= rounds; round++) {
    await manager.call('allRunningAt', ids)
    const without = await manager.call('beats', neighbours, intervalMs, windowMs)
    noticedMs.push(await manager.call('unhealthyAfterMs', mute, 'mute'))
    // From here on the manager does all it can for the mute one: reconnects, restarts it, replaces it.
    const during = await manager.call('beats', neighbours, intervalMs, windowMs)
    await manager.call('clearFaults', mute)
    pairs.push({ without, during })
    bench.say(
      `round ${round}: not healthy after ${noticedMs.at(-1)?.toFixed(0)} ms; neighbours without: ${describe(without)}; with: ${describe(during)}`,
    )
  }
  await manager.call('close')

  const ratio = (of: Figure) => median(pairs.map(({ without, during }) => p99(during, of) / p99(without, of)))
  return [
    atMost(`not healthy, slowest of ${rounds}`, Math.max(...noticedMs), 'ms', intervalMs + timeoutMs),
    atMost(
      `neighbours' round trip, p99 with / without, median of ${rounds}`,
      ratio(roundTrip),
      'times',
      mostTimes,
    ),
    atMost(
      `neighbours' lateness, p99 with / without, median of ${rounds}`,
      ratio(lateness),
      'times',
      mostTimes,
    ),
  ]
}

type Figure = (beat: Beat) => number
const roundTrip: Figure = (beat) => beat.roundTripMs
const lateness: Figure = (beat) => Math.abs(beat.latenessMs)

/** At least `noiseMs`. */
function p99(beats: readonly Beat[], of: Figure): number {
  const sorted = beats.map(of).sort((a, b) => a - b)
  return Math.max(noiseMs, sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN)
}

function describe(beats: readonly Beat[]): string {
  const [roundTripMs, latenessMs] = [p99(beats, roundTrip), p99(beats, lateness)].map((ms) => ms.toFixed(1))
  return `p99 round trip ${roundTripMs} ms, lateness ${latenessMs} ms (${beats.length} beats)`
}
