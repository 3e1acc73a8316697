// The engine that gateways run in: Docker, or simulated ones within this process.
import type { Config } from '../config.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { GatewayRuntime } from '../ports/runtime.ts'

/** Clients are loaded when asked for: the one that is not used would cost every start a tenth of a second. */
export async function openRuntime(
  config: Config,
  managerId: string,
  clock: Clock,
  log: Log,
): Promise<GatewayRuntime> {
  if (config.runtime.kind === 'simulated') {
    const { createSimulatedRuntime } = await import('../adapters/simulated/runtime.ts')
    return createSimulatedRuntime({ clock, log, pace: config.runtime.pace, pacing: config.marketData.pacing })
  }
  const { createDockerRuntime } = await import('../adapters/docker/runtime.ts')
  const { dockerHost, network, subnet } = config.runtime
  return createDockerRuntime({
    managerId,
    clock,
    log,
    network,
    ...(dockerHost !== undefined && { dockerHost }),
    ...(subnet !== undefined && { subnet }),
  })
}
