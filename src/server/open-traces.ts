// Where spans are sent, if anywhere: the SDK is loaded only then, since it would cost every start otherwise.
import type { Config, Secrets } from '../config.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Tracer } from '../telemetry/tracer.ts'

/** Without a tracer nothing is traced. */
export async function openTraces(
  { telemetry }: Config,
  { collectorHeaders }: Secrets,
  { version, managerId }: { readonly version: string; readonly managerId: string },
  clock: Clock,
  log: Log,
): Promise<{ tracer?: Tracer; close: () => Promise<void> | void }> {
  if (telemetry?.tracesUrl === undefined) return { close: () => {} }
  const { startTraces } = await import('../adapters/otel/traces.ts')
  return startTraces({
    url: telemetry.tracesUrl,
    ...(collectorHeaders && { headers: collectorHeaders }),
    serviceName: telemetry.serviceName,
    serviceVersion: version,
    managerId,
    clock,
    log,
  })
}
