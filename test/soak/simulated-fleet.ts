// One manager that is never restarted over a simulated fleet under light trouble, for days of its own time: what its heap holds at each hour.
import type { FleetSettings } from '../../src/fleet/settings.ts'
import { faults, heal } from '../simulation/faults.ts'
import { drawHappenings, type HappeningKind } from '../simulation/happenings.ts'
import { ManagerProcess } from '../simulation/manager-process.ts'
import { limits } from '../simulation/settings.ts'
import { World } from '../simulation/world.ts'
import { heapInUse } from './heap.ts'

const hourMs = 3_600_000
/** What a fleet recovers from by itself. */
const troubles: readonly HappeningKind[] = [
  'container killed',
  'container paused',
  'api mute',
  'api slow',
  'connections cut',
  'upstream lost',
  'engine down',
  'engine slow',
  'hints lost, late and doubled',
  'store down',
  'vault down',
]
const keptLogLines = 200
/** As many as the manager keeps in memory, with some to spare. */
const pastEvents = 5_500
const nothing = { asksStart() {}, ran() {}, ends() {}, looked() {}, read() {} }

export interface FleetSoak {
  /** Bytes, an hour each. */
  readonly heap: readonly number[]
  readonly troubles: number
  readonly logins: number
  /** Usernames of whom no gateway is RUNNING at the end; some followers share theirs, which only one can use. */
  readonly down: readonly string[]
}

/** The last hour is without trouble, so that all should be RUNNING at its end. */
export async function soakFleet(options: {
  readonly hours: number
  readonly followers: number
  readonly seed: number
  readonly onHour?: (hour: number, bytes: number) => void
}): Promise<FleetSoak> {
  const { hours, followers, seed, onHour } = options
  const world = new World(seed, followers, Date.UTC(2026, 0, 5))
  const manager = new ManagerProcess(world, settingsFor(followers), seed, nothing)
  world.process = manager
  const calmMs = (hours - 1) * hourMs
  const drawn = drawHappenings(seed, followers, [{ startMs: 0, calmMs, endMs: hours * hourMs }], 1)
  const happenings = drawn.filter(({ kind, at }) => troubles.includes(kind) && at < calmMs)
  let logins = 0
  const started = manager.start()
  fillPast(manager)
  let next = 0
  const heap: number[] = []
  for (let hour = 1; hour <= hours; hour++) {
    if (hour === hours) heal(world)
    // Only the trouble of this hour lies on the world's clock: what is still to come must not show on the heap as it shrinks.
    for (
      let happening = happenings[next];
      happening && happening.at < hour * hourMs;
      happening = happenings[++next]
    ) {
      const [it, known] = [happening, world.followers[happening.who]]
      if (!known) continue
      world.time.schedule(it.at - world.time.monotonicMs, () => {
        const ends = faults[it.kind]?.(world, known, it)
        if (typeof ends === 'function' && it.forMs > 0) world.time.schedule(it.forMs, () => void ends())
      })
    }
    await world.time.runUntil(hour * hourMs, () => {})
    logins += forget(world)
    heap.push(await heapInUse())
    onHour?.(hour, heap.at(-1) ?? 0)
    const [violation] = world.violations
    if (violation) throw new Error(`${violation.what} (${violation.followerId ?? 'all'}, hour ${hour})`)
  }
  await started
  const up = new Set(
    world.followers.filter(({ id }) => manager.manager.isHealthy(id)).map(({ username }) => username),
  )
  const down = [...new Set(world.followers.map(({ username }) => username))].filter((name) => !up.has(name))
  manager.crash()
  return { heap, troubles: happenings.length, logins, down }
}

/** A long history, such as a manager has after weeks: it has a bound, and must not look like growth on its way there. */
function fillPast({ manager }: ManagerProcess): void {
  for (let n = 0; n < pastEvents; n++)
    manager.audit.note({
      type: 'gateway.phase',
      followerId: 'f000',
      message: `Gateway connecting ${n}`,
      data: { from: 'starting', to: 'connecting', status: 'STARTING', retryAt: null, number: n },
    })
}

/** What the world keeps of the past is no leak of the manager's. Returns how many logins there were. */
function forget(world: World): number {
  const logins = world.broker.tries.splice(0).length
  for (const { log } of world.engine.containers.values())
    log.splice(0, Math.max(0, log.length - keptLogLines))
  for (const { logins } of world.followers) logins.splice(0)
  return logins
}

const settingsFor = (followers: number): FleetSettings => ({
  spec: { containerPrefix: 'ibgateway-follower', gatewayImage: 'gateway:1', memoryMb: 2048 },
  ports: { from: 4100, to: 4100 + followers + 5 },
  clientIds: { from: 1000, to: 9999 },
  ...limits,
  launchConcurrency: 4,
  monitorIntervalMs: 30_000,
  recordIntervalMs: 30_000,
  shutdownTimeoutMs: 60_000,
  onShutdown: 'stop',
})
