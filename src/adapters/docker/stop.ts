// How a gateway ends: a tidy logout where IBC's command server answers, then SIGTERM, then SIGKILL.
import type { Clock } from '../../ports/clock.ts'
import { isFleetError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import { commandGateway } from './command-server.ts'
import type { Engine } from './engine.ts'
import { answered } from './errors.ts'

export interface StopDeps {
  readonly engine: Engine
  readonly clock: Clock
  readonly log: Log
  readonly timeoutMs: number
}

/** Of the grace, for the tidy logout; the rest is SIGTERM's, which the image's script needs to end its children. */
const tidyShare = 2 / 3

/** GatewayRuntime.stop. */
export async function stopContainer(
  deps: StopDeps,
  containerId: string,
  graceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const before = deps.clock.monotonicMs()
  const remainingMs = () => Math.max(0, graceMs - (deps.clock.monotonicMs() - before))
  const status = await containerStatus(deps, containerId, signal)
  if (status !== 'running' && status !== 'paused' && status !== 'restarting') return
  // In a paused container nothing can answer.
  if (status === 'running' && graceMs > 0 && (await logsOut(deps, containerId, graceMs, signal))) return
  // Whole seconds are all the engine takes; it kills by itself when they have passed.
  const seconds = Math.ceil(remainingMs() / 1000)
  try {
    await deps.engine.call(
      `stop the container ${containerId}`,
      { signal, timeoutMs: seconds * 1000 + deps.timeoutMs },
      (docker, abortSignal) =>
        docker.getContainer(containerId).stop({ t: seconds, abortSignal }).catch(unless(304, 404)),
    )
  } catch (error) {
    if (!isFleetError(error, 'ENGINE_REFUSED')) throw error
    deps.log.warn({ containerId, err: error }, 'the engine would not stop a container, so it is killed')
    await killContainer(deps, containerId, signal)
  }
}

/** GatewayRuntime.kill. 409 is "not running". */
export async function killContainer(deps: StopDeps, containerId: string, signal: AbortSignal): Promise<void> {
  await deps.engine.call(
    `kill the container ${containerId}`,
    { signal, timeoutMs: deps.timeoutMs },
    (docker, abortSignal) =>
      docker
        .getContainer(containerId)
        .kill({ abortSignal })
        .catch(unless(304, 404, 409)),
  )
}

/** The engine's word for the container's state; undefined when it is gone. */
async function containerStatus(
  deps: StopDeps,
  containerId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  return deps.engine.call(
    `look at the container ${containerId}`,
    { signal, timeoutMs: deps.timeoutMs },
    async (docker, abortSignal) => {
      const info = await docker.getContainer(containerId).inspect({ abortSignal }).catch(unless(404))
      return info?.State.Status
    },
  )
}

/** Asks IBC to log out and waits for the container to end. False when it did not answer, refused, or took too long. */
async function logsOut(
  deps: StopDeps,
  containerId: string,
  graceMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const answer = await commandGateway(deps.engine, containerId, 'STOP', signal)
    deps.log.debug({ containerId, answer: answer.text }, 'asked the gateway to log out')
    if (!answer.accepted) return false
    await deps.engine.call(
      `wait for the container ${containerId} to end`,
      { signal, timeoutMs: graceMs * tidyShare },
      (docker, abortSignal) =>
        docker.getContainer(containerId).wait({ condition: 'not-running', abortSignal }).catch(unless(404)),
    )
    return true
  } catch (error) {
    if (signal.aborted || isFleetError(error, 'SHUTTING_DOWN')) throw error
    deps.log.debug({ containerId, err: error }, 'no tidy logout')
    return false
  }
}

/** Absorbs the answers that mean "already so". */
function unless(...statusCodes: number[]): (error: unknown) => undefined {
  return (error) => {
    if (!answered(error, ...statusCodes)) throw error
    return undefined
  }
}
