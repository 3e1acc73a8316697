// The product's figures in one registry of prom-client: levels read when somebody looks, events counted as they are told.
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Levels } from '../../ports/levels.ts'
import type { FleetMeasures } from '../../ports/measures.ts'
import type { MetricFamily, Metrics } from '../../ports/metrics.ts'
import { fleetLevelGauges } from './fleet-levels.ts'
import { fleetMeasures } from './fleet-measures.ts'
import { gatewayLevelGauges } from './gateway-levels.ts'
import { marketDataLevelGauges } from './market-data-levels.ts'
import { requestMeasures } from './request-measures.ts'

export interface MetricsOptions {
  readonly version: string
  /** `docker`, `simulated` … */
  readonly runtime: string
  /** Reads memory and nothing else; called for each scrape. */
  readonly levels: () => Levels
  /** Above so many, gateways have no series of their own [1,000]. */
  readonly maxGateways?: number
  /** Processor, memory, event loop and the like of this process [true]. */
  readonly ofProcess?: boolean
}

export interface OwnMetrics extends Metrics {
  /** Where the core tells what happens. */
  readonly measures: FleetMeasures
}

/** Figures of a manager, all zero. One for each manager, not for each process. */
export function createMetrics(options: MetricsOptions): OwnMetrics {
  const { version, runtime, levels, maxGateways = 1000, ofProcess = true } = options
  const registry = new Registry()
  new Gauge({
    name: 'ibgm_build_info',
    help: 'Version of the manager, of Node and the kind of engine; always 1.',
    labelNames: ['version', 'node', 'runtime'],
    registers: [registry],
  }).set({ version, node: process.version, runtime }, 1)
  const shown = [
    fleetLevelGauges(registry),
    gatewayLevelGauges(registry, maxGateways),
    marketDataLevelGauges(registry),
  ]
  const measures = fleetMeasures(registry)
  const requestAnswered = requestMeasures(registry)
  if (ofProcess) ofThisProcess(registry)
  const refresh = () => {
    const now = levels()
    for (const show of shown) show(now)
  }
  return {
    measures,
    requestAnswered,
    contentType: registry.contentType,
    text() {
      refresh()
      return registry.metrics()
    },
    families() {
      refresh()
      return registry.getMetricsAsJSON() as Promise<unknown> as Promise<MetricFamily[]>
    },
  }
}

/** Counting every socket by its kind takes longer than all the rest of a scrape when there are thousands; the number of open descriptors stays. */
function ofThisProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  for (const what of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(`nodejs_active_${what}`)
    registry.removeSingleMetric(`nodejs_active_${what}_total`)
  }
}
