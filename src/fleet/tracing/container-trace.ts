// The making of a container as two spans, one after the other: `container.create`, then `container.start`.
import type { GatewayContainer } from '../../ports/runtime.ts'
import { type Attributes, markFailed, startSpan, type Tracer } from '../../telemetry/tracer.ts'

/** `run` is GatewayRuntime.run, given whom to tell that the container is there. Fails as it does. */
export async function tracedRun(
  tracer: Tracer | undefined,
  attributes: Attributes,
  run: (onCreated: (containerId: string) => void) => Promise<GatewayContainer>,
): Promise<GatewayContainer> {
  let span = startSpan(tracer, 'container.create', attributes)
  try {
    return await run((containerId) => {
      span.setAttribute('container.id', containerId)
      span.end()
      span = startSpan(tracer, 'container.start', { ...attributes, 'container.id': containerId })
    })
  } catch (error) {
    markFailed(span, error)
    throw error
  } finally {
    span.end()
  }
}
