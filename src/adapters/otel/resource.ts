// Who sends: the resource that every figure and span of one manager carries.
import { detectResources, envDetector, type Resource, resourceFromAttributes } from '@opentelemetry/resources'

export interface Sender {
  readonly serviceName: string
  readonly serviceVersion: string
  /** Tells the managers of one collector apart. */
  readonly managerId: string
}

/** What OTEL_RESOURCE_ATTRIBUTES adds stands beside it. */
export function resourceOf({ serviceName, serviceVersion, managerId }: Sender): Resource {
  return detectResources({ detectors: [envDetector] }).merge(
    resourceFromAttributes({
      'service.name': serviceName,
      'service.version': serviceVersion,
      'service.instance.id': managerId,
    }),
  )
}
