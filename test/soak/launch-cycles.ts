// The whole product in this process, its gateways launched and stopped again and again over real sockets: what is open and what is held once all are stopped.
import { readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { startServer } from '../../src/server/server.ts'
import { heapInUse } from './heap.ts'

const caller = { actor: 'soak' }
const patienceMs = 60_000
/** Connections that were just closed, and timers that were just cleared, may need a moment. */
const settleMs = 10_000

/** At rest, when every gateway is stopped. */
export interface AtRest {
  readonly heap: number
  /** Open file descriptors; 0 where the system does not tell. */
  readonly descriptors: number
  /** Handles and requests that are open, by Node's names for their kinds, timers included. */
  readonly resources: Readonly<Record<string, number>>
  /** On the process itself. */
  readonly listeners: number
}

export interface CyclesSoak {
  /** After the warm-up, then as often as asked. */
  readonly atRest: readonly AtRest[]
  /** What is open at the end and was not after the warm-up, in words. */
  readonly grown: readonly string[]
  /** Warnings of Node's, such as that of too many listeners. */
  readonly warnings: readonly string[]
}

/** `cycles` times: all followers launched to RUNNING, then stopped. Throws when one does not get there. */
export async function soakCycles(options: {
  readonly cycles: number
  readonly followers: number
  readonly dataDir: string
  readonly ports: { readonly from: number; readonly to: number }
  readonly warmUp: number
  /** Events to begin with: as many as are kept in memory, so that their number is no growth on its way there [0]. */
  readonly pastEvents?: number
  readonly every: number
  readonly onRest?: (cycle: number, atRest: AtRest) => void
}): Promise<CyclesSoak> {
  const { cycles, followers, dataDir, ports, warmUp, pastEvents = 0, every, onRest } = options
  const warnings: string[] = []
  const onWarning = (warning: Error) => void warnings.push(`${warning.name}: ${warning.message}`)
  process.on('warning', onWarning)
  const { fleet, close } = await startServer({
    env: {
      RUNTIME: 'simulated',
      PORT: '0',
      LOG_LEVEL: 'silent',
      DATA_DIR: dataDir,
      SIM_LOGIN_SECONDS: '0.01',
      LAUNCH_CONCURRENCY: '8',
      // So many starts are no accident here.
      CRASH_LOOP_LIMIT: '0',
      LOGIN_BUDGET_STARTS: '0',
      PORT_RANGE_START: String(ports.from),
      PORT_RANGE_END: String(ports.to),
    },
  })
  try {
    const ids = Array.from({ length: followers }, (_, index) => `soak${index}`)
    for (const id of ids) {
      await fleet.createFollower({ id, enabled: false }, caller)
      await fleet.putCredentials(id, { username: id, password: 'sim' }, caller)
      await fleet.patchFollower(id, { enabled: true }, caller)
    }
    const each = async (verb: 'launchGateway' | 'stopGateway') => {
      const outcomes = await Promise.all(ids.map((id) => fleet[verb](id, { ...caller, waitMs: patienceMs })))
      const failed = outcomes.find(({ outcome }) => outcome !== 'done')
      if (failed) throw new Error(`${verb}: ${JSON.stringify(failed.gateway)}`)
    }
    const cycle = async () => {
      await each('launchGateway')
      await each('stopGateway')
    }
    for (let n = 0; n < pastEvents; n++)
      await fleet.patchFollower(ids[n % followers] ?? '', { name: `Number ${n}` }, caller)
    for (let n = 0; n < warmUp; n++) await cycle()
    const atRest = [await lookAtRest()]
    for (let n = 1; n <= cycles; n++) {
      await cycle()
      if (n % every !== 0 && n !== cycles) continue
      atRest.push(await lookAtRest())
      onRest?.(n, atRest.at(-1) as AtRest)
    }
    return { atRest, grown: await grownSince(atRest[0] as AtRest), warnings }
  } finally {
    await close()
    process.off('warning', onWarning)
  }
}

/** What stays more than it was, however long one waits. */
async function grownSince(before: AtRest): Promise<string[]> {
  const endAt = performance.now() + settleMs
  for (;;) {
    const after = await lookAtRest()
    const kinds = { ...after.resources, descriptors: after.descriptors, listeners: after.listeners }
    const known: Record<string, number> = {
      ...before.resources,
      descriptors: before.descriptors,
      listeners: before.listeners,
    }
    const grown = Object.entries(kinds)
      .filter(([kind, count]) => count > (known[kind] ?? 0))
      .map(([kind, count]) => `${kind}: ${known[kind] ?? 0}, then ${count}`)
    if (grown.length === 0 || performance.now() > endAt) return grown
    await pause(50)
  }
}

async function lookAtRest(): Promise<AtRest> {
  const resources: Record<string, number> = {}
  const heap = await heapInUse()
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
  return { heap, descriptors: descriptors(), resources, listeners }
}

function descriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}
