// A corner of the Docker engine for one measurement: names, ports and a manager id of its own; nothing of it stays.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Dockerode from 'dockerode'
import { engineAddress } from '../src/adapters/docker/engine.ts'
import { ownedBy } from '../src/adapters/docker/labels.ts'
import { buildSimulatorImage, simulatorImage } from '../src/adapters/simulated/build-image.ts'
import { type Bench, NotHere } from './bench.ts'

export interface EngineCorner {
  readonly docker: Dockerode
  readonly managerId: string
  readonly prefix: string
  readonly network: string
  readonly ports: { readonly from: number; readonly to: number }
  /** Configuration of a manager that keeps to this corner. */
  readonly env: Readonly<Record<string, string>>
  containers(): Promise<Dockerode.ContainerInspectInfo[]>
  /** Removes containers and volumes; the network and the manager's memory stay until the bench ends. */
  sweep(): Promise<void>
  /** A DATA_DIR that is empty. */
  freshDataDir(): Promise<string>
}

/** Below the ports that systems hand out by themselves. */
const lowestPort = 20_000
const highestPort = 30_000

export async function engineCorner(bench: Bench, portCount: number): Promise<EngineCorner> {
  const docker = new Dockerode(engineAddress(process.env.DOCKER_HOST))
  await docker.ping().catch((cause: Error) => {
    throw new NotHere(`no Docker engine answers (DOCKER_HOST or /var/run/docker.sock): ${cause.message}`)
  })
  await haveImage(docker, bench)
  const prefix = `ibgm-bench-${randomBytes(4).toString('hex')}`
  const managerId = `${prefix}-manager`
  const network = `${prefix}-net`
  const from = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort - portCount))
  const ports = { from, to: from + portCount - 1 }
  const filters = ownedBy(managerId)

  const sweep = async () => {
    const containers = await docker.listContainers({ all: true, filters })
    await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true })))
    const { Volumes } = await docker.listVolumes({ filters })
    await Promise.all((Volumes ?? []).map(({ Name }) => docker.getVolume(Name).remove()))
  }
  bench.defer(() =>
    patiently(async () => {
      await sweep()
      for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove()
    }),
  )
  return {
    docker,
    managerId,
    prefix,
    network,
    ports,
    env: {
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'fatal',
      RUNTIME: 'docker',
      ...(process.env.DOCKER_HOST && { DOCKER_HOST: process.env.DOCKER_HOST }),
      MANAGER_ID: managerId,
      GATEWAY_IMAGE: simulatorImage,
      GATEWAY_NETWORK: network,
      CONTAINER_PREFIX: prefix,
      PORT_RANGE_START: String(ports.from),
      PORT_RANGE_END: String(ports.to),
      ON_SHUTDOWN: 'leave',
      // Nothing may be found out by looking: what is noticed sooner was noticed by an event.
      HEALTHCHECK_INTERVAL: '10m',
    },
    async containers() {
      const found = await docker.listContainers({ all: true, filters })
      return Promise.all(found.map(({ Id }) => docker.getContainer(Id).inspect()))
    },
    sweep: () => patiently(sweep),
    freshDataDir: () => freshDataDir(bench),
  }
}

export async function freshDataDir(bench: Bench): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ibgm-bench-'))
  bench.defer(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A manager that was just killed may have left removals under way at the engine, which refuses others meanwhile. */
async function patiently(clear: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await clear()
    } catch (err) {
      if (tries === 20) throw err
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

async function haveImage(docker: Dockerode, bench: Bench): Promise<void> {
  try {
    await docker.getImage(simulatorImage).inspect()
  } catch (err) {
    if ((err as { statusCode?: number }).statusCode !== 404) throw err
    await buildSimulatorImage(docker, bench.say)
  }
}
