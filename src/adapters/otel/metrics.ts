// Metrics over OTLP/HTTP: the same figures as /metrics, sent at an interval. Defines none of its own.
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import {
  type CollectionResult,
  MeterProvider,
  type MetricProducer,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics'
import type { Metrics } from '../../ports/metrics.ts'
import { type Collector, closeInTime, outageTeller } from './collector.ts'
import { metricData } from './metric-data.ts'
import { resourceOf, type Sender } from './resource.ts'

export interface MetricSendingOptions extends Sender, Collector {
  readonly headers?: Readonly<Record<string, string>>
  readonly intervalMs: number
  readonly metrics: Pick<Metrics, 'families'>
}

export interface MetricSending {
  /** Sends the last figures and ends; gives up after two seconds. */
  close(): Promise<void>
}

const exportTimeoutMs = 30_000

/** Starts sending. A collector that is away costs one log line; the next figures that arrive make up for it. */
export function startMetrics(options: MetricSendingOptions): MetricSending {
  const { url, headers, intervalMs } = options
  const resource = resourceOf(options)
  const reader = new PeriodicExportingMetricReader({
    exporter: telling(new OTLPMetricExporter({ url, ...(headers && { headers: { ...headers } }) }), options),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(exportTimeoutMs, intervalMs),
    metricProducers: [bridge(options, resource)],
  })
  const provider = new MeterProvider({ resource, readers: [reader] })
  return {
    close: () => closeInTime(options, 'metrics', () => provider.shutdown()),
  }
}

/** Reads the figures when the reader asks. */
function bridge(
  { metrics, clock, serviceVersion }: MetricSendingOptions,
  resource: CollectionResult['resourceMetrics']['resource'],
): MetricProducer {
  const startMs = clock.now()
  return {
    async collect() {
      const families = await metrics.families()
      const scope = { name: 'ibgm', version: serviceVersion }
      const scopeMetrics = [{ scope, metrics: metricData(families, startMs, clock.now()) }]
      return { resourceMetrics: { resource, scopeMetrics }, errors: [] }
    },
  }
}

/** `exporter`, its outages told. Always cumulative: prom-client keeps nothing else. */
function telling(exporter: OTLPMetricExporter, collector: Collector): PushMetricExporter {
  const tell = outageTeller(collector, 'metrics', 'they are still at /metrics')
  return {
    export(figures, onResult) {
      exporter.export(figures, (result) => {
        tell(result)
        onResult(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  }
}
