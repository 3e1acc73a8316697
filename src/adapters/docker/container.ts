// Pure: what a gateway's container is made of, and what the engine's answer about one means.
import type Dockerode from 'dockerode'
import type { TradingMode } from '../../../schemas/follower.ts'
import type { ContainerState, GatewayContainer, GatewayPlacement, GatewaySpec } from '../../ports/runtime.ts'
import { labels } from './labels.ts'
import { escapeForIbc, passwordPath, settingsPath, startScripts, vncPasswordPath } from './start-files.ts'

/** The image's socat listens here; the gateway itself only on the container's own loopback. */
const apiPorts: Record<TradingMode, string> = { live: '4003/tcp', paper: '4004/tcp' }
export const vncPort = '5900/tcp'
export const publishHost = '127.0.0.1'
/** Seconds from SIGTERM to SIGKILL for whoever stops the container without us (image facts: 30 is enough). */
const stopTimeoutSeconds = 30
const logRotation = { 'max-size': '10m', 'max-file': '3' }

export interface ContainerRequest {
  readonly managerId: string
  readonly network: string
  /** Unique to this call of `run`. */
  readonly attempt: string
  readonly spec: GatewaySpec
  readonly placement: GatewayPlacement
  readonly username: string
}

/** The engine's create options. Carries the username (the image takes no file for it) and never the password. */
export function createOptions(request: ContainerRequest): Dockerode.ContainerCreateOptions {
  const { managerId, network, spec, placement } = request
  const port = apiPorts[spec.tradingMode]
  const owner = { [labels.manager]: managerId, [labels.follower]: spec.followerId }
  const ports: Dockerode.PortMap = { [port]: [{ HostIp: publishHost, HostPort: String(placement.hostPort) }] }
  if (spec.vnc) ports[vncPort] = [{ HostIp: publishHost, HostPort: '' }]
  return {
    name: spec.containerName,
    Image: spec.image,
    Env: environment(spec, request.username),
    ExposedPorts: Object.fromEntries(Object.keys(ports).map((name) => [name, {}])),
    StopTimeout: stopTimeoutSeconds,
    Labels: {
      ...owner,
      [labels.hostPort]: String(placement.hostPort),
      [labels.clientId]: String(placement.clientId),
      [labels.specHash]: spec.specHash,
      [labels.usernameHash]: placement.usernameHash,
      [labels.tradingMode]: spec.tradingMode,
      [labels.attempt]: request.attempt,
    },
    HostConfig: {
      NetworkMode: network,
      PortBindings: ports,
      Memory: spec.memoryMb * 1024 * 1024,
      Init: true,
      // Restarts are the manager's to decide: each one is a login, and may be a push to somebody's phone.
      RestartPolicy: { Name: 'no' },
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: logRotation },
      Mounts: [
        {
          Type: 'volume',
          Source: settingsVolume(spec.containerName),
          Target: settingsPath,
          VolumeOptions: {
            NoCopy: true,
            Labels: { ...owner, [labels.attempt]: request.attempt },
            DriverConfig: { Name: 'local', Options: {} },
          },
        },
      ],
    },
  }
}

export function settingsVolume(containerName: string): string {
  return `${containerName}-settings`
}

function environment(spec: GatewaySpec, username: string): string[] {
  const variables: Record<string, string> = {
    TRADING_MODE: spec.tradingMode,
    TWS_USERID: escapeForIbc(username),
    TWS_PASSWORD_FILE: passwordPath,
    TWS_SETTINGS_PATH: settingsPath,
    START_SCRIPTS: startScripts,
    // Always set: it also makes IBC print the line that ends its configuration.
    READ_ONLY_API: spec.readOnlyApi ? 'yes' : 'no',
    TWS_ACCEPT_INCOMING: 'reject',
    AUTO_RESTART_TIME: spec.autoRestartTime,
    EXISTING_SESSION_DETECTED_ACTION: spec.existingSession,
    RELOGIN_AFTER_TWOFA_TIMEOUT: 'yes',
    TWOFA_TIMEOUT_ACTION: 'exit',
    TWOFA_EXIT_INTERVAL: '60',
    JAVA_HEAP_SIZE: String(spec.javaHeapMb),
    TIME_ZONE: spec.timeZone,
    TZ: spec.timeZone,
  }
  if (spec.twofaDevice !== undefined) variables.TWOFA_DEVICE = spec.twofaDevice
  if (spec.vnc) variables.VNC_SERVER_PASSWORD_FILE = vncPasswordPath
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`)
}

const states: Record<string, ContainerState> = {
  created: 'created',
  running: 'running',
  // Only another policy than ours restarts; the engine has it in hand.
  restarting: 'running',
  paused: 'paused',
  removing: 'exited',
  exited: 'exited',
  dead: 'exited',
}

/** One of our containers out of the engine's `inspect`. */
export function gatewayContainer(info: Dockerode.ContainerInspectInfo): GatewayContainer {
  const label = (name: string) => info.Config.Labels[name] ?? ''
  const state = states[info.State.Status] ?? 'exited'
  const startedAt = engineTime(info.State.StartedAt)
  const finishedAt = engineTime(info.State.FinishedAt)
  return {
    id: info.Id,
    name: info.Name.replace(/^\//, ''),
    followerId: label(labels.follower),
    image: info.Config.Image,
    state,
    ...(state === 'exited' ? { exitCode: info.State.ExitCode } : {}),
    outOfMemory: state === 'exited' && info.State.OOMKilled,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    hostPort: Number(label(labels.hostPort)),
    clientId: Number(label(labels.clientId)),
    usernameHash: label(labels.usernameHash),
    specHash: label(labels.specHash),
    tradingMode: label(labels.tradingMode) === 'live' ? 'live' : 'paper',
    publishedOn: publishedOn(info),
  }
}

/** Whether a container is what `run` was asked for: ours, and made from the same spec, placement and login. */
export function answersRequest(info: Dockerode.ContainerInspectInfo, request: ContainerRequest): boolean {
  const wanted = createOptions(request).Labels ?? {}
  return Object.entries(wanted).every(
    ([name, value]) => name === labels.attempt || info.Config.Labels[name] === value,
  )
}

/** Of the live bindings, or, for a container that is not up, of those it would get. An empty address means all of them. */
function publishedOn(info: Dockerode.ContainerInspectInfo): string[] {
  const live = Object.values(info.NetworkSettings.Ports ?? {}).flatMap((bindings) => bindings ?? [])
  const asked = Object.values((info.HostConfig.PortBindings ?? {}) as Dockerode.PortMap).flat()
  const bindings: ReadonlyArray<{ HostIp?: string | undefined }> = live.length > 0 ? live : asked
  return [...new Set(bindings.map((binding) => binding.HostIp || '0.0.0.0'))]
}

/** The engine writes the year 1 for "never". */
function engineTime(text: string): number | undefined {
  const time = Date.parse(text)
  return time > 0 ? time : undefined
}
