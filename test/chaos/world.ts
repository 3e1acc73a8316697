// One run's world: engine, stores, disk, manager and followers, under names of its own; leaves nothing.
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type Dockerode from 'dockerode'
import { ownedBy } from '../../src/adapters/docker/labels.ts'
import { buildSimulatorImage, simulatorImage } from '../../src/adapters/simulated/build-image.ts'
import { canary } from '../integration/docker-fleet.ts'
import { removeAll } from '../integration/docker-subject.ts'
import { freePorts } from '../integration/free-ports.ts'
import type { Corner } from './corner.ts'
import { type Killable, lacksService, startMongo, startVault } from './databases.ts'
import { type ChaosEngine, givenEngine, OwnEngine } from './engine.ts'
import { KeptManager } from './kept-manager.ts'
import { type ChaosSettings, heartbeatMs, loginStarts, memoryLimitMb } from './settings.ts'
import { SmallDisk } from './small-disk.ts'

/** Two followers with one username: only one of them may ever run. */
export const twin = 'twin'

export interface ChaosWorld {
  readonly engine: ChaosEngine
  readonly manager: KeptManager
  readonly managerId: string
  readonly corner: Corner
  readonly mongo?: Killable
  readonly vault?: Killable
  readonly disk?: SmallDisk
  /** Their gateways are wanted, all of them. */
  readonly followerIds: readonly string[]
  /** With the username of the first of `followerIds`. */
  readonly twinId: string
  /** What the engine held before: nothing else may be left. */
  readonly inventoryBefore: readonly string[]
  containers(): Promise<Dockerode.ContainerInfo[]>
  inventory(): Promise<string[]>
  close(): Promise<void>
}

/** Brings all of it up, followers recorded and not yet wanted. */
export async function makeWorld(corner: Corner, settings: ChaosSettings): Promise<ChaosWorld> {
  const endings: Array<() => Promise<unknown>> = []
  const close = async () => {
    for (const end of endings.reverse()) await end()
  }
  try {
    const engine = await startEngine(corner, endings)
    const { docker } = engine
    const inventory = () => inventoryOf(docker)
    const inventoryBefore = await inventory()
    const prefix = `ibgm-chaos-${randomBytes(4).toString('hex')}`
    const managerId = `${prefix}-manager`
    const network = `${prefix}-net`
    endings.push(() => removeAll(docker, managerId, network))
    const { mongo, vault } = await startStores(settings, prefix, endings)
    const disk = corner.lacks === undefined ? new SmallDisk(corner.folder) : undefined
    const dataDir = disk?.path ?? join(corner.folder, 'data')
    mkdirSync(dataDir, { recursive: true })
    const [from = 0] = await freePorts(settings.gateways + 2)
    const env = {
      ...base(),
      MANAGER_ID: managerId,
      CONTAINER_PREFIX: prefix,
      GATEWAY_NETWORK: network,
      DOCKER_HOST: engine.dockerHost,
      DATA_DIR: dataDir,
      PORT_RANGE_START: String(from),
      PORT_RANGE_END: String(from + settings.gateways + 1),
      ...mongo?.env,
      ...vault?.env,
    }
    const manager = new KeptManager(env, corner.folder)
    endings.push(() => manager.kill())
    await manager.start()
    const followerIds = Array.from({ length: settings.gateways - 1 }, (_, index) => `g${index + 1}`)
    for (const id of [...followerIds, twin]) await record(manager, id, id === twin ? 'g1' : id)
    return {
      engine,
      manager,
      managerId,
      corner,
      ...(mongo && { mongo }),
      ...(vault && { vault }),
      ...(disk && { disk }),
      followerIds,
      twinId: twin,
      inventoryBefore,
      containers: () => docker.listContainers({ all: true, filters: ownedBy(managerId) }),
      inventory,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function startEngine(corner: Corner, endings: Array<() => Promise<unknown>>): Promise<ChaosEngine> {
  if (corner.lacks === undefined) {
    const engine = new OwnEngine(corner.folder)
    endings.push(() => engine.kill())
    await engine.start()
    await buildSimulatorImage(engine.docker, () => {})
    return engine
  }
  const engine = givenEngine()
  await engine.docker
    .getImage(simulatorImage)
    .inspect()
    .catch(() => buildSimulatorImage(engine.docker, () => {}))
  return engine
}

async function startStores(
  { store }: ChaosSettings,
  database: string,
  endings: Array<() => Promise<unknown>>,
): Promise<{ mongo?: Killable; vault?: Killable }> {
  const mongo = store === 'mongodb' && !lacksService('mongo') ? await startMongo(database) : undefined
  if (mongo) endings.push(() => mongo.stop())
  const vault = lacksService('vault') ? undefined : await startVault()
  if (vault) endings.push(() => vault.stop())
  return { ...(mongo && { mongo }), ...(vault && { vault }) }
}

function base(): Record<string, string> {
  const { PATH = '', HOME = '/' } = process.env
  return {
    PATH,
    HOME,
    PORT: '0',
    LOG_LEVEL: 'debug',
    RUNTIME: 'docker',
    GATEWAY_IMAGE: simulatorImage,
    GATEWAY_MEMORY_MB: String(memoryLimitMb),
    HEALTHCHECK_INTERVAL: '5s',
    HEARTBEAT_INTERVAL: `${heartbeatMs.interval}ms`,
    HEARTBEAT_TIMEOUT: `${heartbeatMs.timeout}ms`,
    RECONNECT_ATTEMPTS: '2',
    RECONNECT_WINDOW: '4s',
    MAX_STARTUP_TIME: '60s',
    LOGIN_BUDGET_STARTS: `${loginStarts} per 15m`,
    CRASH_LOOP_LIMIT: `${loginStarts} per 10m`,
  }
}

async function record(manager: KeptManager, id: string, username: string): Promise<void> {
  await manager.must('POST', '/followers', { id, enabled: false })
  await manager.must('PUT', `/followers/${id}/credentials`, {
    username: `user-${username}`,
    password: canary,
  })
}

/** All that an engine holds, a name a line; images apart. */
async function inventoryOf(docker: Dockerode): Promise<string[]> {
  const containers = await docker.listContainers({ all: true })
  const { Volumes } = await docker.listVolumes()
  const networks = await docker.listNetworks()
  return [
    ...containers.map(({ Names }) => `container ${Names[0]}`),
    ...(Volumes ?? []).map(({ Name }) => `volume ${Name}`),
    ...networks.map(({ Name }) => `network ${Name}`),
  ].sort()
}
