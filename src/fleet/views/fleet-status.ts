// The fleet and its surroundings at a glance, from memory; only the dependencies are asked, with a deadline each.
import { statfs } from 'node:fs/promises'
import { cpus, freemem, loadavg, totalmem } from 'node:os'
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { GatewayStatus, StatusCounts } from '../../../schemas/gateway.ts'
import type { Dependency, IbStatus, SystemStatus } from '../../../schemas/system.ts'
import type { Clock } from '../../ports/clock.ts'
import { messageOf } from '../../ports/errors.ts'
import type { Fleet } from '../fleet.ts'
import { isWanted, type Keeper } from '../reconcile/keeper.ts'
import { answers, toldStatus } from './view.ts'

/** How long a dependency may take to say that it is there. */
const askMs = 3_000

export function countStatuses(keepers: Iterable<Keeper>): StatusCounts {
  const counts: StatusCounts = { STARTING: 0, RUNNING: 0, STOPPED: 0, FAILED: 0 }
  for (const keeper of keepers) counts[toldStatus(keeper) satisfies GatewayStatus] += 1
  return counts
}

const noDataConnection: IbStatus['dataConnection'] = { state: 'disabled', reconnects: 0 }

/** `/system/ib-status`: every session, the data connection, and the fleet's counts. Not known is not connected. */
export function ibStatus(
  fleet: Pick<Fleet, 'keepers' | 'charge'>,
  now: number,
  dataConnection = noDataConnection,
): IbStatus {
  const keepers = [...fleet.keepers.values()]
  const isKnown = fleet.charge.held || keepers.length > 0
  const bars = isKnown && (dataConnection.state === 'disabled' || dataConnection.state === 'connected')
  const wanted = keepers.filter(isWanted)
  return {
    connected: bars && wanted.every((keeper) => keeper.session?.isConnected() ?? false),
    healthy:
      bars &&
      dataConnection.upstream !== 'lost' &&
      wanted.every((keeper) => toldStatus(keeper) === 'RUNNING' && answers(keeper)),
    fleet: { total: keepers.length, ...countStatuses(keepers) },
    dataConnection,
    sessions: keepers.flatMap((keeper) => sessionView(keeper)),
    asOf: new Date(now).toISOString(),
  }
}

function sessionView({ session, follower, past }: Keeper): IbStatus['sessions'] {
  if (!session) return []
  const snapshot = session.snapshot()
  const { lastError, lastHeartbeatAt, heartbeatRttMs } = snapshot
  return [
    {
      followerId: follower.id,
      state: snapshot.state,
      clientId: snapshot.clientId,
      accounts: [...snapshot.accounts],
      uptimeSeconds: Math.round(snapshot.uptimeMs) / 1000,
      ...(lastHeartbeatAt !== undefined && { lastHeartbeatAt: new Date(lastHeartbeatAt).toISOString() }),
      ...(heartbeatRttMs !== undefined && { heartbeatRttMs }),
      requests: snapshot.requests,
      errors: snapshot.errors,
      reconnects: past.reconnects + snapshot.reconnects,
      ...(lastError && { lastError: { ...lastError, at: new Date(lastError.at).toISOString() } }),
    },
  ]
}

/** Event-loop delay since the start of the process, in milliseconds; started and stopped with the manager. */
export class EventLoopWatch {
  #histogram: IntervalHistogram | null = null

  start(): void {
    this.#histogram ??= monitorEventLoopDelay({ resolution: 10 })
    this.#histogram.enable()
  }

  stop(): void {
    this.#histogram?.disable()
  }

  /** The resolution is taken off: a quiet loop has no delay. */
  get delay(): SystemStatus['eventLoop'] {
    const ms = (ns: number) => Math.max(0, Math.round((ns / 1e6 - 10) * 100) / 100)
    const histogram = this.#histogram
    if (!histogram || histogram.count === 0) return { p50Ms: 0, p99Ms: 0, maxMs: 0 }
    return {
      p50Ms: ms(histogram.percentile(50)),
      p99Ms: ms(histogram.percentile(99)),
      maxMs: ms(histogram.max),
    }
  }
}

/** Asks one dependency; a failure or a missed deadline is an answer too. */
export async function askDependency(
  kind: string,
  ask: (signal: AbortSignal) => Promise<{ latencyMs: number; version?: string }>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Dependency> {
  const over = new AbortController()
  const deadline = clock.sleep(askMs, AbortSignal.any([signal, over.signal])).then(() => {
    throw new Error(`no answer within ${askMs / 1000} s`)
  })
  try {
    const { latencyMs, version } = await Promise.race([ask(AbortSignal.any([signal, over.signal])), deadline])
    return {
      kind,
      reachable: true,
      latencyMs: Math.round(latencyMs * 100) / 100,
      ...(version !== undefined && { version }),
    }
  } catch (err) {
    return { kind, reachable: false, detail: messageOf(err) }
  } finally {
    over.abort(new Error('answered'))
    deadline.catch(() => undefined)
  }
}

/** Processor, memory and the disk that holds our data. */
export async function hostStatus(dataDir: string | undefined): Promise<SystemStatus['host']> {
  const disk = dataDir === undefined ? null : await statfs(dataDir).catch(() => null)
  return {
    cpuCount: cpus().length,
    load1: loadavg()[0] ?? 0,
    memoryTotalBytes: totalmem(),
    memoryFreeBytes: freemem(),
    processRssBytes: process.memoryUsage.rss(),
    ...(disk && { diskFreeBytes: disk.bavail * disk.bsize, diskTotalBytes: disk.blocks * disk.bsize }),
  }
}
