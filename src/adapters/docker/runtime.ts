// Gateways as containers of a Docker engine, over dockerode.
import type Dockerode from 'dockerode'
import pLimit from 'p-limit'
import type { Clock } from '../../ports/clock.ts'
import { FleetError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { GatewayContainer, GatewayRuntime } from '../../ports/runtime.ts'
import { commandGateway } from './command-server.ts'
import { gatewayContainer } from './container.ts'
import { Engine } from './engine.ts'
import { answered } from './errors.ts'
import { watchContainers } from './events.ts'
import { ownedBy } from './labels.ts'
import { launch } from './launch.ts'
import { readLogs } from './logs.ts'
import { GatewayNetwork } from './network.ts'
import { pullImage } from './pull.ts'
import { removeContainer, removeVolumes } from './removal.ts'
import { killContainer, stopContainer } from './stop.ts'
import { vncAccess } from './vnc.ts'

export interface DockerRuntimeOptions {
  /** `unix:///path`, `tcp://host:port` or `http://host:port`; the engine's default socket when absent. */
  readonly dockerHost?: string
  readonly managerId: string
  /** Name of the bridge that all gateways share. */
  readonly network: string
  /** CIDR for that bridge when we make it; the engine's choice when absent. */
  readonly subnet?: string
  readonly log: Log
  readonly clock: Clock
  /** How long the engine may take to answer [30 s]. */
  readonly callTimeoutMs?: number
  /** How long each step of a launch may take; a busy engine creates slowly [120 s]. */
  readonly runTimeoutMs?: number
}

const defaultCallTimeoutMs = 30_000
const defaultRunTimeoutMs = 120_000
/** Inspects in flight while listing: an engine answers one in 2 ms, and has other callers. */
const inspectConcurrency = 8

/** The engine behind `dockerHost`. Opens nothing until the first call. */
export function createDockerRuntime(options: DockerRuntimeOptions): GatewayRuntime {
  const { managerId, clock, log } = options
  const timeoutMs = options.callTimeoutMs ?? defaultCallTimeoutMs
  const engine = new Engine(options)
  const deps = { engine, clock, log, managerId, timeoutMs }
  const network = new GatewayNetwork(deps, { ...options, timeoutMs })
  const launchDeps = {
    ...deps,
    network,
    networkName: options.network,
    timeoutMs: options.runTimeoutMs ?? defaultRunTimeoutMs,
  }

  /** Null when it vanished meanwhile. */
  const inspectOne = (containerId: string, signal: AbortSignal): Promise<GatewayContainer | null> =>
    engine.call(
      `look at the container ${containerId}`,
      { signal, timeoutMs },
      async (docker, abortSignal) => {
        try {
          return gatewayContainer(await docker.getContainer(containerId).inspect({ abortSignal }))
        } catch (error) {
          if (answered(error, 404)) return null
          throw error
        }
      },
    )

  /** The engine's list knows neither exit codes nor start times, so each container is looked at. */
  const listContainers = async (
    followerId: string | undefined,
    signal: AbortSignal,
  ): Promise<GatewayContainer[]> => {
    const filters = ownedBy(managerId, followerId)
    const found = await engine.call(
      'list our containers',
      { signal, timeoutMs },
      (docker, abortSignal): Promise<Dockerode.ContainerInfo[]> =>
        docker.listContainers({ all: true, filters, abortSignal }),
    )
    const limit = pLimit(inspectConcurrency)
    const containers = await Promise.all(found.map(({ Id }) => limit(() => inspectOne(Id, signal))))
    return containers.filter((container) => container !== null)
  }

  /** Saves the list, which costs the engine as much as the look: a launching gateway is looked at a dozen times. */
  const lastRunning = new Map<string, string>()

  return {
    kind: 'docker',

    async ping(signal) {
      const before = clock.monotonicMs()
      const { Version } = await engine.call('greet us', { signal, timeoutMs }, (docker, abortSignal) =>
        (docker.version as (options: object) => Promise<Dockerode.DockerVersion>).call(docker, {
          abortSignal,
        }),
      )
      return { version: Version, latencyMs: clock.monotonicMs() - before }
    },

    prepare: (signal) => network.ensure(signal),

    list: (signal) => listContainers(undefined, signal),

    async inspect(followerId, signal) {
      const known = lastRunning.get(followerId)
      const same = known === undefined ? null : await inspectOne(known, signal)
      if (same?.state === 'running') return same
      const containers = await listContainers(followerId, signal)
      // One at most, but for a changed CONTAINER_PREFIX: then the one that is up.
      const running = containers.find(({ state }) => state === 'running')
      if (running) lastRunning.set(followerId, running.id)
      else lastRunning.delete(followerId)
      return running ?? containers[0] ?? null
    },

    hasImage: (image, signal) =>
      engine.call(`look for the image ${image}`, { signal, timeoutMs }, async (docker, abortSignal) => {
        try {
          await docker.getImage(image).inspect({ abortSignal } as never)
          return true
        } catch (error) {
          if (answered(error, 404)) return false
          throw error
        }
      }),

    pullImage: (image, onProgress, signal) => pullImage(deps, image, onProgress, signal),

    run: (spec, placement, credentials, signal, onCreated) =>
      launch(launchDeps, spec, placement, credentials, signal, onCreated),

    stop: (containerId, graceMs, signal) => stopContainer(deps, containerId, graceMs, signal),

    kill: (containerId, signal) => killContainer(deps, containerId, signal),

    remove: (containerId, signal) => removeContainer(engine, containerId, timeoutMs, signal),

    removeSettings: (followerId, signal) =>
      removeVolumes(engine, ownedBy(managerId, followerId).label, timeoutMs, signal),

    async softRestart(containerId, signal) {
      let refusal: string
      let cause: unknown
      try {
        const answer = await commandGateway(engine, containerId, 'RESTART', signal)
        if (answer.accepted) return
        refusal = answer.text || 'nothing answered'
      } catch (error) {
        if (!(error instanceof FleetError) || error.code !== 'ENGINE_REFUSED') throw error
        refusal = error.message
        cause = error
      }
      throw new FleetError(
        'SOFT_RESTART_UNAVAILABLE',
        `The command server of the gateway in ${containerId} did not take RESTART (${refusal}); restart the container instead`,
        { cause },
      )
    },

    logs: (containerId, range, signal) =>
      readLogs(
        {
          ...deps,
          isUp: async (id, upSignal) => {
            const container = await inspectOne(id, upSignal)
            return container?.state === 'running' || container?.state === 'paused'
          },
        },
        containerId,
        range,
        signal,
      ),

    vncAccess: (containerId, signal) => vncAccess(engine, containerId, timeoutMs, signal),

    watch: (signal) => watchContainers(deps, clock.now(), signal),

    async close() {
      engine.close()
    },
  }
}
