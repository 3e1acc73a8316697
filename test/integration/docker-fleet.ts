// A manager of a test's own on the real engine: its configuration, its processes, what it has on the engine; leaves nothing.
import { randomBytes } from 'node:crypto'
import type Dockerode from 'dockerode'
import type { Test } from 'tap'
import { ownedBy } from '../../src/adapters/docker/labels.ts'
import { testFolder } from '../test-folder.ts'
import { image, plainDocker, removeAll } from './docker-subject.ts'
import { ManagerProcess, Program } from './manager-process.ts'

/** What a process of ours may know of its surroundings: the rest could be somebody's configuration, or the test runner's hooks, which cost seconds. */
const passedOn = /^(PATH|HOME|DOCKER_HOST)$/

/** A password that any plain user of the simulated gateway has, and that may be seen nowhere. */
export const canary = `sim-canary-${randomBytes(6).toString('hex')}`

/** The monitor looks once a minute: what is noticed sooner was noticed by an event, a log line or a heartbeat. */
const settings = {
  PORT: '0',
  LOG_LEVEL: 'trace',
  RUNTIME: 'docker',
  GATEWAY_IMAGE: image,
  GATEWAY_MEMORY_MB: '160',
  HEALTHCHECK_INTERVAL: '60s',
  HEARTBEAT_INTERVAL: '500ms',
  HEARTBEAT_TIMEOUT: '1s',
  RECONNECT_ATTEMPTS: '2',
  RECONNECT_WINDOW: '2s',
}

export interface DockerFleet {
  readonly docker: Dockerode
  readonly managerId: string
  readonly prefix: string
  readonly network: string
  readonly env: Readonly<Record<string, string>>
  readonly dataDir: string
  /** Starts the manager; again over the same DATA_DIR and engine when it has ended. */
  start(more?: Record<string, string>): Promise<ManagerProcess>
  /** Starts any program of ours, given relative to the compiled src, with the fleet's environment. */
  run(file: string, ...args: string[]): Program
  /** The engine's word on this follower's container; undefined when there is none. */
  container(followerId: string): Promise<Dockerode.ContainerInspectInfo | undefined>
  /** How much on the engine carries this manager's label. */
  left(): Promise<{ containers: number; volumes: number; networks: number }>
}

/** Test files run in parallel processes: each takes a stretch of ports of its own, below those that systems hand out by themselves. */
let nextPort = 30_000 + (process.pid % 60) * 40

export function dockerFleet(t: Test, more: Record<string, string> = {}): DockerFleet {
  const docker = plainDocker()
  const prefix = `ibgm-fleet-${randomBytes(4).toString('hex')}`
  const managerId = `${prefix}-manager`
  const network = `${prefix}-net`
  const dataDir = testFolder(t)
  const from = nextPort
  nextPort += 10
  const env: Record<string, string> = {
    ...Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) =>
        value !== undefined && passedOn.test(name) ? [[name, value]] : [],
      ),
    ),
    ...settings,
    MANAGER_ID: managerId,
    CONTAINER_PREFIX: prefix,
    GATEWAY_NETWORK: network,
    DATA_DIR: dataDir,
    PORT_RANGE_START: String(from),
    PORT_RANGE_END: String(from + 9),
    ...more,
  }
  const programs: Program[] = []
  t.teardown(async () => {
    await Promise.all(programs.map((program) => program.end('SIGKILL')))
    await removeAll(docker, managerId, network)
  })
  const open = (file: string, args: string[], extra: Record<string, string> = {}) => {
    const program = new Program(file, args, { ...env, ...extra }, dataDir)
    programs.push(program)
    return program
  }
  const filters = ownedBy(managerId)
  return {
    docker,
    managerId,
    prefix,
    network,
    env,
    dataDir,
    start: (extra) => ManagerProcess.of(open('main.js', [], extra)),
    run: (file, ...args) => open(file, args),
    async container(followerId) {
      const own = ownedBy(managerId, followerId)
      const [found] = await docker.listContainers({ all: true, filters: own })
      return found && docker.getContainer(found.Id).inspect()
    },
    async left() {
      const containers = await docker.listContainers({ all: true, filters })
      const { Volumes } = await docker.listVolumes({ filters })
      const networks = await docker.listNetworks({ filters })
      return { containers: containers.length, volumes: Volumes?.length ?? 0, networks: networks.length }
    },
  }
}
