// `ibgm cleanup`: removes what one manager left on the engine. Everything it touches carries that manager's label.
import type Dockerode from 'dockerode'
import { Engine } from '../../adapters/docker/engine.ts'
import { labels, ownedBy } from '../../adapters/docker/labels.ts'
import { removeContainer } from '../../adapters/docker/removal.ts'
import { stopContainer } from '../../adapters/docker/stop.ts'
import { systemClock } from '../../adapters/system-clock.ts'
import type { Log } from '../../ports/log.ts'
import { stopGraceMs } from '../../ports/runtime.ts'
import type { CleanupOptions } from '../commands/serverless.ts'
import { CliError, type ExitCode, exitCodes } from '../io.ts'
import { canAsk, confirm } from '../prompt.ts'
import { counted, printable, renderTable } from '../terminal.ts'
import type { Toolbox } from '../toolbox.ts'
import { readDataDir } from './data-dir.ts'

const callTimeoutMs = 30_000

/** What would go. */
interface Leftovers {
  readonly containers: readonly Dockerode.ContainerInfo[]
  /** Networks that nothing is attached to, or only these containers. */
  readonly networks: readonly Dockerode.NetworkInspectInfo[]
  readonly volumes: readonly Dockerode.VolumeInspectInfo[]
}

export async function cleanup(tools: Toolbox, options: CleanupOptions): Promise<ExitCode> {
  const { io, json } = tools
  const dataDir = io.env.DATA_DIR || './ibgm-data'
  const wanted = options.manager ?? (io.env.MANAGER_ID || undefined)
  const managerId = await resolveManager(dataDir, wanted)
  const signal = io.signal ?? new AbortController().signal
  const engine = new Engine({
    clock: systemClock(),
    ...(io.env.DOCKER_HOST ? { dockerHost: io.env.DOCKER_HOST } : {}),
  })
  try {
    const found = await look(engine, managerId, options.volumes === true, signal)
    const summary = { managerId, ...names(found) }
    const nothing = found.containers.length + found.networks.length + found.volumes.length === 0
    if (nothing) {
      tools.answer({ ...summary, removed: true }, () => [`manager ${managerId} has left nothing`])
      return exitCodes.ok
    }
    tools.say(...listing(found, managerId, tools))
    if (!options.yes) {
      if (json || !canAsk(io)) {
        throw new CliError('usage', 'nothing was removed: there is no terminal to ask on', {
          hint: 'run it again with --yes',
        })
      }
      if (!(await confirm(io, 'Log these gateways out and remove all of this?'))) {
        tools.say('nothing was removed')
        return exitCodes.failed
      }
    }
    // Somebody may have taken their time to answer, and started the manager meanwhile.
    await resolveManager(dataDir, wanted)
    await remove(engine, found, signal)
    tools.answer({ ...summary, removed: true }, () => [
      `removed ${counted(found.containers.length, 'container')}, ${counted(found.networks.length, 'network')}, ${counted(found.volumes.length, 'volume')}`,
    ])
    return exitCodes.ok
  } finally {
    engine.close()
  }
}

/** The id to clean up after; CliError when none is known, or when that manager is alive. */
async function resolveManager(dataDir: string, wanted: string | undefined): Promise<string> {
  const store = await readDataDir(dataDir)
  const managerId = wanted ?? store?.managerId
  if (managerId === undefined) {
    throw new CliError(
      'usage',
      `no manager has used ${dataDir}, so it is not clear whose containers to remove`,
      {
        hint: `set DATA_DIR to the manager's, or name it: --manager ID (label ${labels.manager} of its containers)`,
      },
    )
  }
  if (store?.heldBy !== undefined && (wanted === undefined || store.managerId === wanted)) {
    throw new CliError('failed', `${store.heldBy} is running, and these are its gateways`, {
      hint: 'stop the manager first; it removes its gateways by itself unless ON_SHUTDOWN=leave',
      code: 'STORE_LOCKED',
    })
  }
  return managerId
}

async function look(
  engine: Engine,
  managerId: string,
  withVolumes: boolean,
  signal: AbortSignal,
): Promise<Leftovers> {
  const filters = ownedBy(managerId)
  const options = { signal, timeoutMs: callTimeoutMs }
  const containers = await engine.call('list containers', options, (docker, abortSignal) =>
    docker.listContainers({ all: true, filters, abortSignal }),
  )
  const networks = await engine.call('list networks', options, async (docker, abortSignal) => {
    const listed = await docker.listNetworks({ filters, abortSignal })
    // Only an inspection names what is attached.
    return Promise.all(
      // dockerode takes the signal; its types do not know.
      listed.map(({ Id }): Promise<Dockerode.NetworkInspectInfo> => {
        const network = docker.getNetwork(Id)
        return (network.inspect as (options: object) => Promise<Dockerode.NetworkInspectInfo>).call(network, {
          abortSignal,
        })
      }),
    )
  })
  const ours = new Set(containers.map(({ Id }) => Id))
  const volumes = withVolumes
    ? await engine.call('list volumes', options, async (docker, abortSignal) => {
        const { Volumes } = await docker.listVolumes({ filters, abortSignal })
        return Volumes ?? []
      })
    : []
  return {
    containers,
    networks: networks.filter(({ Containers }) => Object.keys(Containers ?? {}).every((id) => ours.has(id))),
    volumes,
  }
}

function names({ containers, networks, volumes }: Leftovers) {
  return {
    containers: containers.map(containerName),
    networks: networks.map(({ Name }) => Name),
    volumes: volumes.map(({ Name }) => Name),
  }
}

function containerName({ Names, Id }: Dockerode.ContainerInfo): string {
  return Names[0]?.replace(/^\//, '') ?? Id.slice(0, 12)
}

function listing(found: Leftovers, managerId: string, { paint }: Toolbox): string[] {
  return [
    `left by manager ${printable(managerId)}:`,
    ...renderTable(
      ['KIND', 'NAME', 'FOLLOWER', 'STATE'],
      [
        ...found.containers.map((container) => [
          'container',
          containerName(container),
          container.Labels[labels.follower] ?? '-',
          container.Status,
        ]),
        ...found.networks.map(({ Name }) => ['network', Name]),
        ...found.volumes.map(({ Name, Labels }) => ['volume', Name, Labels?.[labels.follower] ?? '-']),
      ],
      paint,
    ),
  ]
}

async function remove(engine: Engine, found: Leftovers, signal: AbortSignal): Promise<void> {
  const clock = systemClock()
  const deps = { engine, clock, log: silent, timeoutMs: callTimeoutMs }
  await Promise.all(
    found.containers.map(async ({ Id }) => {
      await stopContainer(deps, Id, stopGraceMs, signal)
      await removeContainer(engine, Id, callTimeoutMs, signal)
    }),
  )
  const options = { signal, timeoutMs: callTimeoutMs }
  for (const { Id, Name } of found.networks) {
    await engine.call(`remove the network ${Name}`, options, (docker, abortSignal) =>
      docker.getNetwork(Id).remove({ abortSignal }),
    )
  }
  for (const { Name } of found.volumes) {
    await engine.call(`remove the volume ${Name}`, options, (docker, abortSignal) =>
      docker.getVolume(Name).remove({ abortSignal }),
    )
  }
}

const nothing = () => {}
const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silent }
