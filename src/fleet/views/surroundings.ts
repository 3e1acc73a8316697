// What the fleet stands on, asked when somebody wants to know: engine, store, credential store, host, bots.
import type { SystemStatus } from '../../../schemas/system.ts'
import type { FleetControl } from '../../ports/fleet.ts'
import type { LeaseRecord } from '../../ports/stores.ts'
import type { BotReport } from '../bot-watch.ts'
import type { Fleet } from '../fleet.ts'
import { askDependency, countStatuses, hostStatus } from './fleet-status.ts'

export async function systemStatus(
  fleet: Fleet,
  own: { startedAt: number; eventLoop: SystemStatus['eventLoop'] },
  signal: AbortSignal,
): Promise<SystemStatus> {
  const { deps, keepers, monitor } = fleet
  const { clock, runtime, stores, credentials } = deps
  const now = clock.now()
  const [host, engine, store, secrets, bots] = await Promise.all([
    hostStatus(deps.dataDir),
    askDependency(runtime.kind, (until) => runtime.ping(until), clock, signal),
    askDependency(stores.kind, () => stores.ping(), clock, signal),
    askDependency(credentials.kind, (until) => credentials.ping(until), clock, signal),
    stores.leases.list().catch(() => []),
  ])
  const { lastRunAt, ...report } = monitor.report
  return {
    version: deps.version,
    managerId: deps.managerId,
    startedAt: new Date(own.startedAt).toISOString(),
    uptimeSeconds: Math.round((now - own.startedAt) / 1000),
    host,
    engine,
    store,
    credentials: secrets,
    alertSinks: fleet.alerts.sinkStatuses(),
    monitor: { ...report, ...(lastRunAt !== null && { lastRunAt: new Date(lastRunAt).toISOString() }) },
    fleet: { total: keepers.size, ...countStatuses(keepers.values()) },
    eventLoop: own.eventLoop,
    bots: bots
      .filter((lease) => lease.expiresAt > now)
      .map((lease) => botView(lease, fleet.bots?.reportOf(lease))),
  }
}

function botView(
  { followerId, purpose, clientId, expiresAt, healthUrl }: LeaseRecord,
  report: BotReport | undefined,
): SystemStatus['bots'][number] {
  return {
    followerId,
    purpose,
    clientId,
    expiresAt: new Date(expiresAt).toISOString(),
    ...(healthUrl !== undefined && { healthUrl }),
    ...(report && { healthy: report.healthy, checkedAt: new Date(report.checkedAt).toISOString() }),
  }
}

/** Not ready while the engine is away, the store does not answer, or the manager is on its way out. */
export async function readiness({
  signal,
  engine,
  charge,
  deps,
}: Fleet): ReturnType<FleetControl['readiness']> {
  if (signal.aborted) return { ready: false, dependency: 'manager', detail: 'The manager is shutting down.' }
  if (!engine.up)
    return {
      ready: false,
      dependency: 'engine',
      detail: `The container engine does not answer${engine.detail ? `: ${engine.detail.replace(/[.?]+$/, '')}` : ''}. Gateways that run are left as they are; work resumes by itself.`,
    }
  if (!charge.held)
    return {
      ready: false,
      dependency: 'store',
      detail: 'The store has not answered since the manager started; it is tried again.',
    }
  const store = await askDependency(deps.stores.kind, () => deps.stores.ping(), deps.clock, signal)
  if (!store.reachable)
    return { ready: false, dependency: 'store', detail: `The store does not answer: ${store.detail}.` }
  return { ready: true }
}
