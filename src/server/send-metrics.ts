// Part of the composition root: sends the figures to a collector, if there is one. Its SDK is loaded only then.
import type { Config, Secrets } from '../config.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'

export interface SendMetricsDeps {
  readonly config: Config
  readonly secrets: Secrets
  readonly metrics: Metrics
  readonly version: string
  readonly managerId: string
  readonly clock: Clock
  readonly log: Log
}

/** Resolves with how to end it: the last figures are sent, within two seconds. */
export async function sendMetrics(deps: SendMetricsDeps): Promise<() => Promise<void>> {
  const { config, secrets, metrics, version, managerId, clock, log } = deps
  const { telemetry } = config
  if (telemetry?.metricsUrl === undefined) return async () => {}
  const { startMetrics } = await import('../adapters/otel/metrics.ts')
  const sending = startMetrics({
    url: telemetry.metricsUrl,
    ...(secrets.collectorHeaders && { headers: secrets.collectorHeaders }),
    intervalMs: telemetry.metricIntervalMs,
    serviceName: telemetry.serviceName,
    serviceVersion: version,
    managerId,
    metrics,
    clock,
    log,
  })
  return () => sending.close()
}
