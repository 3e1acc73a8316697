// A Docker runtime of a test's own, which leaves nothing on the engine.
import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import Dockerode from 'dockerode'
import type { Test } from 'tap'
import { engineAddress } from '../../src/adapters/docker/engine.ts'
import { ownedBy } from '../../src/adapters/docker/labels.ts'
import { createDockerRuntime, type DockerRuntimeOptions } from '../../src/adapters/docker/runtime.ts'
import { buildSimulatorImage, simulatorImage } from '../../src/adapters/simulated/build-image.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import type { Log } from '../../src/ports/log.ts'
import type { GatewayRuntime } from '../../src/ports/runtime.ts'
import type { RuntimeSubject } from '../contracts/runtime-subject.ts'
import { gate } from '../integration-gate.ts'

export const image = simulatorImage
export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }

/** `gate` for the engine, and the simulated gateway's image on it. */
export async function gateEngine(t: Test): Promise<boolean> {
  if (!(await gate(t, 'docker'))) return false
  const docker = plainDocker()
  const isThere = await docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    )
  if (!isThere) await buildSimulatorImage(docker, () => {}, image)
  return true
}

export interface DockerSubject extends RuntimeSubject {
  readonly managerId: string
  readonly network: string
  /** The engine itself, to see what is really there. */
  readonly docker: Dockerode
  /** Another runtime of the same manager. */
  another(options?: Partial<DockerRuntimeOptions>): GatewayRuntime
  /** What a command in a container prints. */
  exec(containerId: string, ...command: string[]): Promise<string>
}

export function plainDocker(): Dockerode {
  return new Dockerode(engineAddress(process.env.DOCKER_HOST))
}

export function dockerSubject(t: Test): DockerSubject {
  const prefix = `ibgm-test-${randomBytes(4).toString('hex')}`
  const managerId = `${prefix}-manager`
  const network = `${prefix}-net`
  const docker = plainDocker()
  const dockerHost = process.env.DOCKER_HOST
  const open: DockerSubject['another'] = (options = {}) => {
    const runtime = createDockerRuntime({
      ...(dockerHost ? { dockerHost } : {}),
      managerId,
      network,
      log: quiet,
      clock: systemClock(),
      ...options,
    })
    t.teardown(() => runtime.close())
    return runtime
  }
  t.teardown(() => removeAll(docker, managerId, network))
  return {
    runtime: open(),
    image,
    prefix,
    managerId,
    network,
    docker,
    another: open,
    async exec(containerId, ...Cmd) {
      const exec = await docker.getContainer(containerId).exec({ Cmd, AttachStdout: true, Tty: true })
      return (await text(await exec.start({ Tty: true }))).replaceAll('\r\n', '\n').trimEnd()
    },
  }
}

/** Everything of one manager, and its network. */
export async function removeAll(docker: Dockerode, managerId: string, network: string): Promise<void> {
  const filters = ownedBy(managerId)
  const containers = await docker.listContainers({ all: true, filters })
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true })))
  const { Volumes } = await docker.listVolumes({ filters })
  await Promise.all((Volumes ?? []).map(({ Name }) => docker.getVolume(Name).remove()))
  await docker
    .getNetwork(network)
    .remove()
    .catch(() => {})
}
