// Where gateways run: a container engine, or simulated gateways in this process. Types and promises only.
import type { TradingMode } from '../../schemas/follower.ts'

/** Everything that makes one gateway's container, without its password. A pure function of record and configuration. */
export interface GatewaySpec {
  readonly followerId: string
  /** `<prefix>-<followerId>`. */
  readonly containerName: string
  readonly image: string
  readonly tradingMode: TradingMode
  readonly timeZone: string
  /** IBC format, `hh:mm AM`. */
  readonly autoRestartTime: string
  readonly readOnlyApi: boolean
  readonly javaHeapMb: number
  readonly memoryMb: number
  readonly existingSession: string
  readonly twofaDevice?: string
  readonly vnc: boolean
  /** Digest of all of the above; a running container with another one has drifted. */
  readonly specHash: string
}

/** What changes from start to start. */
export interface GatewayPlacement {
  /** Published on 127.0.0.1 only. */
  readonly hostPort: number
  /** The manager session's client id, kept as a label so that adoption finds it. */
  readonly clientId: number
  /** Keyed digest of the username (never the name itself), so that two containers of one login are recognised. */
  readonly usernameHash: string
}

export interface GatewayCredentials {
  readonly username: string
  readonly password: string
}

export type ContainerState = 'created' | 'running' | 'paused' | 'exited'

/** One gateway container as the engine shows it. */
export interface GatewayContainer {
  readonly id: string
  readonly name: string
  readonly followerId: string
  readonly image: string
  readonly state: ContainerState
  /** Exit status of the last run, when `exited`. */
  readonly exitCode?: number
  /** The kernel killed it for memory (exit 137 with the engine's OOM mark). */
  readonly outOfMemory: boolean
  /** Milliseconds since the epoch. */
  readonly startedAt?: number
  readonly finishedAt?: number
  readonly hostPort: number
  readonly clientId: number
  readonly usernameHash: string
  readonly specHash: string
  readonly tradingMode: TradingMode
  /** Host addresses on which a port is published; anything but 127.0.0.1 is an alarm. */
  readonly publishedOn: readonly string[]
}

export interface LogLine {
  /** The engine's own time stamp, milliseconds since the epoch. */
  readonly at: number
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

/** Something happened to a container of ours. Only a hint to look again: the observation decides. */
export interface RuntimeEvent {
  readonly followerId: string
  readonly containerId: string
  readonly action: 'started' | 'exited' | 'out-of-memory' | 'paused' | 'resumed' | 'removed' | 'other'
  readonly at: number
}

/** `lost` when the stream of events broke (the engine may be down), `resumed` when it is back and everything should be looked at again. */
export type RuntimeSignal =
  | { readonly kind: 'event'; readonly event: RuntimeEvent }
  | { readonly kind: 'lost' }
  | { readonly kind: 'resumed' }

export interface PullProgress {
  /** 0…1 of the bytes known so far; layers are found on the way, so it may go back. */
  readonly share: number
  readonly text: string
}

/** How long a gateway may take to log out and end by itself before it is killed. */
export const stopGraceMs = 30_000

/** A gateway's screen, over VNC. The password is a secret like any other: never logged. */
export interface VncAccess {
  /** Always loopback. */
  readonly host: string
  readonly port: number
  readonly password: string
}

/**
 * Owns containers that carry our manager's label and nothing else. Every method honours its signal, and fails with FleetError:
 * ENGINE_UNAVAILABLE when the engine does not answer, ENGINE_REFUSED with its words when it says no.
 */
export interface GatewayRuntime {
  readonly kind: 'docker' | 'swarm' | 'simulated'

  /** Round trip to the engine; its version. */
  ping(signal: AbortSignal): Promise<{ version: string; latencyMs: number }>

  /** Makes what all gateways share (the bridge with inter-container traffic off). Idempotent. NETWORK_UNSAFE when one of that name allows such traffic. */
  prepare(signal: AbortSignal): Promise<void>

  /** All our containers, whatever their state. */
  list(signal: AbortSignal): Promise<GatewayContainer[]>

  /** The container of one follower, fresh from the engine; null when there is none of ours. */
  inspect(followerId: string, signal: AbortSignal): Promise<GatewayContainer | null>

  hasImage(image: string, signal: AbortSignal): Promise<boolean>

  /** Idempotent. IMAGE_MISSING when no registry has it; ENGINE_REFUSED for anything else. */
  pullImage(image: string, onProgress: (progress: PullProgress) => void, signal: AbortSignal): Promise<void>

  /**
   * Creates, fills (one tar: password file, start script, settings directory) and starts one container. All or nothing: on any failure, an
   * abort included, the half-made container is removed before it rejects. PORT_IN_USE when `hostPort` is taken by a stranger, NAME_IN_USE when a
   * container that is not ours has the name (it is never touched), IMAGE_MISSING. A container of ours for this follower with the same spec, placement
   * and username (a create whose reply was lost) is returned, started if need be. `onCreated` is told of a container that is about to be started.
   */
  run(
    spec: GatewaySpec,
    placement: GatewayPlacement,
    credentials: GatewayCredentials,
    signal: AbortSignal,
    onCreated?: (containerId: string) => void,
  ): Promise<GatewayContainer>

  /** Tidy logout through the IBC command server where that answers, then SIGTERM, then SIGKILL after `graceMs`. Already stopped or gone is success. */
  stop(containerId: string, graceMs: number, signal: AbortSignal): Promise<void>

  /** SIGKILL at once. Already stopped or gone is success. */
  kill(containerId: string, signal: AbortSignal): Promise<void>

  /** Removes the container, running or not; its settings volume stays. Gone is success. */
  remove(containerId: string, signal: AbortSignal): Promise<void>

  /** Removes a follower's settings volume. Gone is success. */
  removeSettings(followerId: string, signal: AbortSignal): Promise<void>

  /** Restart without 2FA through the IBC command server; resolves once it accepted. SOFT_RESTART_UNAVAILABLE when it does not answer or refuses. */
  softRestart(containerId: string, signal: AbortSignal): Promise<void>

  /** Log lines, oldest first: the last `tail` (all when absent), then, with `follow`, new ones until the container ends or the signal aborts (an abort ends the iteration quietly). */
  logs(
    containerId: string,
    options: { tail?: number; follow?: boolean; since?: number },
    signal: AbortSignal,
  ): AsyncIterable<LogLine>

  /** Hints, for ever: a broken stream is resumed by itself, from the time it broke, with backoff. Ends quietly when the signal aborts. */
  watch(signal: AbortSignal): AsyncIterable<RuntimeSignal>

  /** Where a gateway's screen is shown, and the password made up for it; null when it has none or is not up. Only for admins. Absent where gateways have no screen. */
  vncAccess?(containerId: string, signal: AbortSignal): Promise<VncAccess | null>

  /** Injects a fault into a simulated gateway; absent on engines that run real ones. UNKNOWN_FAULT, GATEWAY_NOT_UP. */
  injectFault?(followerId: string, fault: string, value: string | undefined): Promise<void>

  /** Lets go of sockets and handles; gateways stay as they are. Simulated gateways, which live in this process, end. */
  close(): Promise<void>
}
