// The served side of bench/event-stream, in a process of its own: the whole manager with gateways that run, events at a steady pace, and what it all cost.
import { startServer } from '../src/server/server.ts'

export interface StreamTask {
  readonly env: Record<string, string>
  readonly ids: readonly string[]
}
export interface StreamWork {
  readonly eventsPerSecond: number
  readonly forMs: number
}
/** Ends the containers of these followers, one after the other. */
export interface EndWork {
  readonly end: readonly string[]
}
/** When each was ended, milliseconds since the epoch. */
export type EndedAt = Readonly<Record<string, number>>
export interface StreamCost {
  /** Of the whole process, in milliseconds of processor time. */
  readonly cpuMs: number
  readonly tookMs: number
  readonly events: number
  readonly rssBytes: number
}

const patienceMs = 300_000
const caller = { actor: 'bench' }

process.once('message', async ({ env, ids }: StreamTask) => {
  const { fleet, url } = await startServer({ env })
  for (const id of ids) {
    await fleet.createFollower({ id, enabled: false }, caller)
    await fleet.putCredentials(id, { username: id, password: 'sim' }, caller)
    await fleet.patchFollower(id, { enabled: true }, caller)
    await fleet.launchGateway(id, { ...caller, waitMs: patienceMs })
  }
  process.on('message', async (work: StreamWork | EndWork) => {
    process.send?.('end' in work ? await end(work) : await happen(work))
  })
  process.send?.({ port: Number(new URL(url).port) })

  async function end({ end: followers }: EndWork): Promise<EndedAt> {
    const endedAt: Record<string, number> = {}
    for (const id of followers) {
      endedAt[id] = Date.now()
      await fleet.injectFault(id, 'exit', undefined, caller)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    return endedAt
  }

  /** Renames followers in turn: each is an event of the history and a gateway that changed. */
  async function happen({ eventsPerSecond, forMs }: StreamWork): Promise<StreamCost> {
    const begun = performance.now()
    const before = process.cpuUsage()
    const wanted = Math.round((eventsPerSecond * forMs) / 1000)
    for (let n = 0; n < wanted; n++) {
      const dueMs = begun + (n * 1000) / eventsPerSecond
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())))
      const id = ids[n % ids.length] ?? ''
      await fleet.patchFollower(id, { name: `${id} ${n}` }, caller)
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, begun + forMs - performance.now())))
    const { user, system } = process.cpuUsage(before)
    const rssBytes = process.memoryUsage.rss()
    return { cpuMs: (user + system) / 1000, tookMs: performance.now() - begun, events: wanted, rssBytes }
  }
})
process.on('disconnect', () => process.exit())
