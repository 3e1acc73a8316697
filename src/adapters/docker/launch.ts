// `run`: create, fill and start one container, all or nothing.
import { randomBytes, randomUUID } from 'node:crypto'
import type Dockerode from 'dockerode'
import { FleetError, isFleetError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import type {
  GatewayContainer,
  GatewayCredentials,
  GatewayPlacement,
  GatewaySpec,
} from '../../ports/runtime.ts'
import { answersRequest, type ContainerRequest, createOptions, gatewayContainer } from './container.ts'
import type { Engine } from './engine.ts'
import { answered, isNameTaken, isPortTaken } from './errors.ts'
import { labels } from './labels.ts'
import type { GatewayNetwork } from './network.ts'
import { removeContainer, removeVolumes } from './removal.ts'
import { checkCredentials, startFiles } from './start-files.ts'

export interface LaunchDeps {
  readonly engine: Engine
  readonly managerId: string
  readonly networkName: string
  readonly network: GatewayNetwork
  readonly log: Log
  /** Of each step. */
  readonly timeoutMs: number
}

/** A failed run must not hang on tidying up: the rest is found by its labels later. */
const discardTimeoutMs = 10_000
/** VNC reads eight characters and no more. */
const vncPasswordBytes = 6

/** GatewayRuntime.run. Engine calls are not cut in half by an abort: the one at hand ends, then what it made is removed. */
export async function launch(
  deps: LaunchDeps,
  spec: GatewaySpec,
  placement: GatewayPlacement,
  credentials: GatewayCredentials,
  signal: AbortSignal,
  onCreated: (containerId: string) => void = () => {},
): Promise<GatewayContainer> {
  checkCredentials(spec.followerId, credentials)
  await deps.network.ensure(signal)
  const request: ContainerRequest = {
    managerId: deps.managerId,
    network: deps.networkName,
    attempt: randomUUID(),
    spec,
    placement,
    username: credentials.username,
  }
  let containerId: string | undefined
  try {
    const place = await claim(deps, request, signal)
    if (place.state === 'running') return place.container
    containerId = place.containerId
    signal.throwIfAborted()
    await fill(deps, request, containerId, credentials)
    signal.throwIfAborted()
    onCreated(containerId)
    await start(deps, request, containerId)
    signal.throwIfAborted()
    return gatewayContainer(await inspect(deps, containerId, signal))
  } catch (error) {
    await discard(deps, request, containerId)
    throw error
  }
}

type Claim =
  | { readonly state: 'running'; readonly container: GatewayContainer }
  | { readonly state: 'created'; readonly containerId: string }

/** Creates the container, or takes the one that an earlier call made whose answer was lost. */
async function claim(deps: LaunchDeps, request: ContainerRequest, signal: AbortSignal): Promise<Claim> {
  const { containerName } = request.spec
  // Two rounds: the first may have to clear away an ended container of ours.
  for (let round = 1; ; round++) {
    const created = await create(deps, request)
    if (created !== 'name taken') return { state: 'created', containerId: created }
    signal.throwIfAborted()
    const holder = await find(deps, containerName, signal)
    if (holder === null && round === 1) continue
    if (holder === null || round > 1 || !answersRequest(holder, request)) {
      throw new FleetError(
        'NAME_IN_USE',
        `A container named ${containerName} exists and is not the one asked for; remove or rename it (docker rm ${containerName})`,
      )
    }
    const container = gatewayContainer(holder)
    deps.log.info(
      { followerId: container.followerId, state: container.state },
      'found the container asked for',
    )
    if (container.state === 'created') return { state: 'created', containerId: holder.Id }
    if (container.state !== 'exited') return { state: 'running', container }
    await removeContainer(deps.engine, holder.Id, deps.timeoutMs, signal)
  }
}

async function create(deps: LaunchDeps, request: ContainerRequest): Promise<string> {
  const { spec } = request
  return deps.engine.call(
    `create the container ${spec.containerName} from ${spec.image}`,
    { timeoutMs: deps.timeoutMs },
    async (docker, abortSignal) => {
      try {
        return (await docker.createContainer({ ...createOptions(request), abortSignal })).id
      } catch (error) {
        if (isNameTaken(error)) return 'name taken'
        throw error
      }
    },
  )
}

async function fill(
  deps: LaunchDeps,
  { spec }: ContainerRequest,
  containerId: string,
  credentials: GatewayCredentials,
): Promise<void> {
  const vncPassword = spec.vnc ? randomBytes(vncPasswordBytes).toString('base64url') : undefined
  const tar = await startFiles(credentials, vncPassword)
  try {
    await deps.engine.call(
      `put the start files into ${spec.containerName}`,
      { timeoutMs: deps.timeoutMs },
      (docker, abortSignal) => docker.getContainer(containerId).putArchive(tar, { path: '/', abortSignal }),
    )
  } finally {
    tar.fill(0)
  }
}

async function start(
  deps: LaunchDeps,
  { spec, placement }: ContainerRequest,
  containerId: string,
): Promise<void> {
  await deps.engine.call(
    `start ${spec.containerName}`,
    { timeoutMs: deps.timeoutMs },
    async (docker, abortSignal) => {
      try {
        await docker.getContainer(containerId).start({ abortSignal })
      } catch (error) {
        if (answered(error, 304)) return
        if (!isPortTaken(error)) throw error
        throw new FleetError(
          'PORT_IN_USE',
          `Port ${placement.hostPort} on 127.0.0.1 is taken by something else, so ${spec.containerName} cannot have it`,
          { cause: error },
        )
      }
    },
  )
}

function inspect(
  deps: LaunchDeps,
  containerId: string,
  signal: AbortSignal,
): Promise<Dockerode.ContainerInspectInfo> {
  const { engine, timeoutMs } = deps
  return engine.call(`look at the container ${containerId}`, { signal, timeoutMs }, (docker, abortSignal) =>
    docker.getContainer(containerId).inspect({ abortSignal }),
  )
}

/** By name; null when there is none. */
async function find(
  deps: Pick<LaunchDeps, 'engine' | 'timeoutMs'>,
  name: string,
  signal?: AbortSignal,
): Promise<Dockerode.ContainerInspectInfo | null> {
  return deps.engine.call(
    `look for the container ${name}`,
    { timeoutMs: deps.timeoutMs, ...(signal ? { signal } : {}) },
    async (docker, abortSignal) => {
      try {
        return await docker.getContainer(name).inspect({ abortSignal })
      } catch (error) {
        if (answered(error, 404)) return null
        throw error
      }
    },
  )
}

/** Removes what this call made, and nothing that another one did. Never fails: the failure at hand matters more. */
async function discard(
  deps: LaunchDeps,
  request: ContainerRequest,
  containerId: string | undefined,
): Promise<void> {
  const { containerName, followerId } = request.spec
  try {
    let id = containerId
    if (id === undefined) {
      // The create may have worked although its answer never came.
      const holder = await find({ engine: deps.engine, timeoutMs: discardTimeoutMs }, containerName)
      if (holder?.Config.Labels[labels.attempt] === request.attempt) id = holder.Id
    }
    if (id !== undefined) await removeContainer(deps.engine, id, discardTimeoutMs)
    // Only when this call made it: the settings of earlier runs stay.
    await removeVolumes(deps.engine, [`${labels.attempt}=${request.attempt}`], discardTimeoutMs)
  } catch (error) {
    if (isFleetError(error, 'SHUTTING_DOWN')) return
    deps.log.warn(
      { followerId, containerName, err: error },
      'a half-made container may be left; the next launch takes it',
    )
  }
}
