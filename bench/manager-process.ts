// The real manager in a process of its own, driven over IPC, so that what measures does not disturb what is measured.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type RunningServer, startServer } from '../src/server/server.ts'

const loopResolutionMs = 5
const patienceMs = 120_000
const caller = { actor: 'bench' }

export interface Beat {
  readonly followerId: string
  readonly roundTripMs: number
  /** How much later, or earlier, it was sent than one interval after the one before. */
  readonly latenessMs: number
}

let server: RunningServer | undefined
const fleet = () => {
  if (!server) throw new Error('the manager has not been started')
  return server.fleet
}

/** What the parent may ask. Times are milliseconds of the machine's clock, which both processes share. */
const calls = {
  /** Resolves when the manager says that it is up. */
  async start(env: Record<string, string>): Promise<number> {
    server = await startServer({ env })
    return now()
  },

  /** Where its dashboard and API are. */
  async url(): Promise<string> {
    if (!server) throw new Error('the manager has not been started')
    return server.url
  },

  /** Followers with credentials whose gateways nobody wants yet. */
  async prepare(ids: string[]): Promise<void> {
    for (const id of ids) {
      await fleet().createFollower({ id }, caller)
      await fleet().stopGateway(id, { ...caller, waitMs: patienceMs })
      await fleet().putCredentials(id, { username: id, password: 'sim' }, caller)
    }
  },

  /** From the call to the last RUNNING, and how late this process's event loop was meanwhile. */
  async launch(ids: string[]): Promise<{ wallMs: number; loopP99Ms: number; loopMaxMs: number }> {
    const loop = monitorEventLoopDelay({ resolution: loopResolutionMs })
    loop.enable()
    const startedAt = performance.now()
    const outcomes = await Promise.all(
      ids.map((id) => fleet().launchGateway(id, { ...caller, waitMs: patienceMs })),
    )
    const wallMs = performance.now() - startedAt
    loop.disable()
    const failed = outcomes.filter(({ outcome }) => outcome !== 'done')
    if (failed.length > 0)
      throw new Error(`not RUNNING: ${JSON.stringify(failed.map(({ gateway }) => gateway))}`)
    return { wallMs, loopP99Ms: loop.percentile(99) / 1e6, loopMaxMs: loop.max / 1e6 }
  },

  /** When the last of them was RUNNING. */
  async allRunningAt(ids: string[]): Promise<number> {
    await until(() => ids.every((id) => fleet().gatewayStatus(id).status === 'RUNNING'))
    return now()
  },

  /** When a gateway was RUNNING no more, and when its container was known to be no more. */
  async endNoticedAt(id: string): Promise<{ notRunningAt: number; endKnownAt: number }> {
    await until(() => fleet().gatewayStatus(id).status !== 'RUNNING')
    const notRunningAt = now()
    await until(() => fleet().gatewayStatus(id).reason?.code === 'CONTAINER_EXITED')
    return { notRunningAt, endKnownAt: now() }
  },

  /** Injects a fault; resolves with the milliseconds until the gateway was not healthy. */
  async unhealthyAfterMs(id: string, fault: string): Promise<number> {
    await fleet().injectFault(id, fault, undefined, caller)
    const startedAt = performance.now()
    await until(() => !fleet().gatewayStatus(id).healthy)
    return performance.now() - startedAt
  },

  /** The moment at which the fault began. */
  async faultAt(id: string, fault: string): Promise<number> {
    const at = now()
    await fleet().injectFault(id, fault, undefined, caller)
    return at
  },

  async clearFaults(id: string): Promise<void> {
    await fleet().injectFault(id, 'clear', undefined, caller)
  },

  /** Every heartbeat of these gateways in the next `forMs`. */
  async beats(ids: string[], intervalMs: number, forMs: number): Promise<Beat[]> {
    const beats: Beat[] = []
    const lastSentAt = new Map<string, number>()
    const lastAt = new Map<string, string>()
    const endAt = performance.now() + forMs
    await until(() => {
      for (const { followerId, lastHeartbeatAt, heartbeatRttMs: roundTripMs } of fleet().ibStatus()
        .sessions) {
        if (!ids.includes(followerId) || lastHeartbeatAt === undefined || roundTripMs === undefined) continue
        if (lastAt.get(followerId) === lastHeartbeatAt) continue
        lastAt.set(followerId, lastHeartbeatAt)
        const sentAt = Date.parse(lastHeartbeatAt) - roundTripMs
        const before = lastSentAt.get(followerId)
        lastSentAt.set(followerId, sentAt)
        if (before !== undefined)
          beats.push({ followerId, roundTripMs, latenessMs: sentAt - before - intervalMs })
      }
      return performance.now() > endAt
    }, 20)
    return beats
  },

  async close(): Promise<void> {
    await server?.close()
  },
}

export type ManagerCalls = typeof calls
export type ManagerRequest = { readonly call: keyof ManagerCalls; readonly args: unknown[] }
export type ManagerAnswer = { readonly value: unknown } | { readonly error: string }

const now = () => performance.timeOrigin + performance.now()

async function until(arrived: () => boolean, everyMs = 2): Promise<void> {
  const giveUpAt = performance.now() + patienceMs
  while (!arrived()) {
    if (performance.now() > giveUpAt) throw new Error('what the bench waits for does not come')
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

process.on('message', ({ call, args }: ManagerRequest) => {
  const answer = (message: ManagerAnswer) => process.send?.(message)
  ;(calls[call] as (...given: unknown[]) => Promise<unknown>)(...args).then(
    (value) => answer({ value: value ?? null }),
    (err: Error) => answer({ error: err.stack ?? String(err) }),
  )
})
process.on('disconnect', () => process.exit())
