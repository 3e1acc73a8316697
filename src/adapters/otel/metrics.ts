// Metrics over OTLP/HTTP: the same figures as /metrics, sent at an interval. Defines none of its own.
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import {
  type CollectionResult,
  MeterProvider,
  type MetricProducer,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { metricData } from './metric-data.ts'
import { resourceOf, type Sender } from './resource.ts'

export interface MetricSendingOptions extends Sender {
  /** The whole address that metrics are posted to. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly intervalMs: number
  readonly metrics: Pick<Metrics, 'families'>
  readonly clock: Clock
  readonly log: Log
}

export interface MetricSending {
  /** Sends the last figures and ends; gives up after two seconds. */
  close(): Promise<void>
}

const closeMs = 2_000
const exportTimeoutMs = 30_000

/** Starts sending. A collector that is away costs one log line; the next figures that arrive make up for it. */
export function startMetrics(options: MetricSendingOptions): MetricSending {
  const { url, headers, intervalMs, clock, log } = options
  const resource = resourceOf(options)
  const reader = new PeriodicExportingMetricReader({
    exporter: telling(new OTLPMetricExporter({ url, ...(headers && { headers: { ...headers } }) }), url, log),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(exportTimeoutMs, intervalMs),
    metricProducers: [bridge(options, resource)],
  })
  const provider = new MeterProvider({ resource, readers: [reader] })
  return {
    async close() {
      const over = new AbortController()
      const sent = provider.shutdown().catch(() => {
        // Said already, by the exporter.
      })
      await Promise.race([sent, clock.sleep(closeMs, over.signal).catch(() => {})])
      over.abort()
    },
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

/** `exporter`, with a log line when it begins to fail and one when it works again. Always cumulative: prom-client keeps nothing else. */
function telling(exporter: OTLPMetricExporter, url: string, log: Log): PushMetricExporter {
  let failing = false
  return {
    export(figures, onResult) {
      exporter.export(figures, (result) => {
        const failed = result.code !== 0
        if (failed && !failing)
          log.warn({ url, err: result.error }, 'metrics cannot be sent; they are still at /metrics')
        if (!failed && failing) log.info({ url }, 'metrics are sent again')
        failing = failed
        onResult(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  }
}
