// Part of the composition root: the market data side, over a gateway of the fleet or one that is not ours.
import { createBarFiles } from '../adapters/csv/bar-files.ts'
import { DataConnection } from '../bars/data-connection.ts'
import { DataManager } from '../bars/data-manager.ts'
import { type DataSource, fixedSource } from '../bars/data-source.ts'
import type { Config } from '../config.ts'
import type { GatewayManager } from '../fleet/manager.ts'
import type { Clock } from '../ports/clock.ts'
import type { IbConnector } from '../ports/ib.ts'
import type { Processes } from '../ports/lock-holder.ts'
import type { Log } from '../ports/log.ts'
import type { SessionMeasures } from '../ports/measures.ts'
import type { Stores } from '../ports/stores.ts'
import type { Pacers } from '../session/pacing/pacers.ts'
import type { Tracer } from '../telemetry/tracer.ts'

export interface MarketDataDeps {
  readonly config: Config
  readonly manager: GatewayManager
  readonly stores: Stores
  readonly connector: IbConnector
  readonly pacers: Pacers
  readonly tracer: Tracer | undefined
  readonly measures: SessionMeasures
  readonly clock: Clock
  readonly processes: Processes
  readonly log: Log
}

/** Starts nothing yet. */
export function openMarketData(deps: MarketDataDeps): DataManager {
  const { config, manager, stores, connector, pacers, measures, tracer, clock, log, processes } = deps
  const { marketData, session } = config
  const source = sourceOf(config, manager)
  const connection = new DataConnection({
    ...(source && { source }),
    connector,
    clock,
    log,
    pacers,
    measures,
    ...(tracer && { tracer }),
    firstClientId: marketData.firstClientId,
    heartbeatIntervalMs: session.heartbeatIntervalMs,
    heartbeatTimeoutMs: session.heartbeatTimeoutMs,
  })
  return new DataManager({
    connection,
    files: createBarFiles({ dir: marketData.barsDir, clock, log, processes }),
    stores,
    clock,
    log,
    alerts: manager.alerts,
    audit: manager.audit,
    scanIntervalMs: marketData.scanIntervalMs,
    maxGapAgeDays: marketData.maxGapAgeDays,
    batchSize: marketData.batchSize,
  })
}

function sourceOf({ marketData: { source } }: Config, manager: GatewayManager): DataSource | undefined {
  if (source.kind === 'none') return undefined
  if (source.kind === 'gateway') return fixedSource(source.host, source.port)
  return followerSource(manager, source.followerId)
}

/** The gateway of a follower, whenever it is RUNNING. */
function followerSource(manager: GatewayManager, followerId: string): DataSource {
  return {
    async target() {
      const endpoint = await manager.endpoint(followerId)
      if (!endpoint)
        return { absent: `The gateway of ${followerId}, which market data comes from, is not RUNNING.` }
      const { containerId, ...address } = endpoint
      return { name: followerId, generation: containerId, ...address }
    },
    onChange: (listener) =>
      manager.onGatewayChange((changed) => {
        if (changed === followerId) listener()
      }),
  }
}
