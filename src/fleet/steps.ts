// The executor of each step: the only place where the fleet acts on engine, credentials and sessions.
import type { Clock } from '../ports/clock.ts'
import type { CredentialStore } from '../ports/credentials.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type { IbConnector } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import type { GatewayContainer, GatewayCredentials, GatewayRuntime } from '../ports/runtime.ts'
import type { GatewayRecord, Stores } from '../ports/stores.ts'
import { IbSession } from '../session/session.ts'
import type { Audit } from './audit.ts'
import type { Digests } from './digests.ts'
import type { ImagePuller } from './image-puller.ts'
import type { Keeper } from './keeper.ts'
import { connectTried, type Deciding, fail, softRestartAccepted } from './lifecycle.ts'
import type { LoginBudget } from './login-budget.ts'
import type { StepArguments } from './plan.ts'
import { chooseClientId, type PortPool, type PortRange, type UsernamePool } from './pools.ts'

/** A port that a stranger holds is not tried again for so long. */
const strangerMs = 60_000
const stopGraceMs = 30_000

export interface SessionSettings {
  readonly heartbeatIntervalMs: number
  readonly heartbeatTimeoutMs: number
  readonly reconnectAttempts: number
  readonly reconnectWindowMs: number
}

export interface Hands {
  readonly runtime: GatewayRuntime
  readonly stores: Stores
  readonly credentials: CredentialStore
  readonly connector: IbConnector
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly audit: Audit
  readonly digests: Digests
  readonly budget: LoginBudget
  readonly puller: ImagePuller
  readonly ports: PortPool
  readonly usernames: UsernamePool
  readonly clientIds: PortRange
  readonly sessionSettings: SessionSettings
  /** Bounds how many containers are made at once. */
  /** Fails while what all gateways share is not as it must be (NETWORK_UNSAFE). */
  readonly engineReady: (signal: AbortSignal) => Promise<void>
  readonly launchSlot: <T>(run: () => Promise<T>) => Promise<T>
  readonly deciding: () => Deciding
  readonly wake: (followerId: string) => void
  /** A username is free again: others may have waited for it. */
  readonly usernameFreed: () => void
}

type Executor<K extends keyof StepArguments> = (
  keeper: Keeper,
  step: StepArguments[K],
  hands: Hands,
  signal: AbortSignal,
) => Promise<void>

export const executors: { readonly [K in keyof StepArguments]: Executor<K> } = {
  pull: async (keeper, _, { puller }, signal) => {
    const show = (text: string) => {
      keeper.progress = text
    }
    try {
      await puller.pull(keeper.spec.image, show, signal)
    } finally {
      keeper.progress = null
    }
  },

  launch: async (keeper, _, hands, signal) => {
    const { follower } = keeper
    await closeSession(keeper)
    const credentials = await readCredentials(keeper, hands, signal)
    const usernameHash = hands.digests.username(credentials.username)
    hands.usernames.reserve(follower.id, usernameHash)
    try {
      await hands.engineReady(signal)
      if (!keeper.askedByPerson) await hands.budget.check(follower, usernameHash)
      const container = await runOnFreePort(keeper, credentials, usernameHash, hands, signal)
      const again = keeper.state.failures > 0 || keeper.state.crashes.length > 0
      keeper.container = container
      keeper.adopted = false
      keeper.askedByPerson = false
      if (again) await remember(keeper, hands, { restarts: keeper.record.restarts + 1 })
      hands.audit.note({
        type: 'gateway.container.started',
        followerId: follower.id,
        message: 'Gateway container started',
        data: { containerId: container.id, hostPort: container.hostPort },
      })
    } catch (err) {
      if (hands.usernames.release(follower.id)) hands.usernameFreed()
      throw err
    }
  },

  connect: async (keeper, _, hands, signal) => {
    const { container } = keeper
    if (!container || signal.aborted) return
    keeper.session ??= openSession(keeper, container, hands)
    keeper.state = connectTried(keeper.state, hands.clock.now())
    const session = keeper.session
    const followerId = keeper.follower.id
    // Not awaited: the gateway may be mute for long, and a stop must not wait for it.
    session.connectOnce().then(
      () => hands.wake(followerId),
      (err) => {
        hands.log.debug({ followerId, err }, 'API connection attempt failed')
        hands.wake(followerId)
      },
    )
  },

  disconnect: (keeper) => closeSession(keeper),

  softRestart: async (keeper, { containerId }, hands, signal) => {
    const jvmStarts = keeper.logReader?.progress.jvmStarts ?? 0
    try {
      await hands.runtime.softRestart(containerId, signal)
      keeper.state = softRestartAccepted(keeper.state, jvmStarts, hands.clock.now())
      hands.audit.note({
        type: 'gateway.restart.soft',
        followerId: keeper.follower.id,
        message: 'Session lost: restarting the gateway without a new login',
      })
    } catch (err) {
      if (!isFleetError(err, 'SOFT_RESTART_UNAVAILABLE')) throw err
      keeper.state = fail(
        keeper.state,
        { code: 'SESSION_LOST', detail: 'the API does not answer and a soft restart is not available' },
        hands.deciding(),
        { crash: true },
      )
    }
  },

  stop: async (_keeper, { containerId, tidy }, { runtime }, signal) => {
    if (tidy) await runtime.stop(containerId, stopGraceMs, signal)
    else await runtime.kill(containerId, signal)
  },

  remove: async (keeper, { containerId }, hands, signal) => {
    await closeSession(keeper)
    await hands.runtime.remove(containerId, signal)
    keeper.container = null
    keeper.adopted = false
    await keeper.logReader?.close()
    keeper.logReader = null
    if (hands.usernames.release(keeper.follower.id)) hands.usernameFreed()
    hands.audit.note({
      type: 'gateway.container.removed',
      followerId: keeper.follower.id,
      message: 'Gateway container removed',
      data: { containerId },
    })
  },
}

/** Ends the session and keeps its counters. */
export async function closeSession(keeper: Keeper): Promise<void> {
  const session = keeper.session
  if (!session) return
  const { reconnects, connectionFailures } = session.snapshot()
  keeper.past = {
    reconnects: keeper.past.reconnects + reconnects,
    connectionFailures: keeper.past.connectionFailures + connectionFailures,
  }
  keeper.session = null
  await session.disconnect()
}

async function readCredentials(
  keeper: Keeper,
  hands: Hands,
  signal: AbortSignal,
): Promise<GatewayCredentials> {
  const followerId = keeper.follower.id
  const data = {
    store: hands.credentials.kind,
    ...(keeper.follower.vaultSecretRef && { ref: keeper.follower.vaultSecretRef }),
  }
  const credentials = await hands.credentials.read(keeper.follower, signal)
  hands.audit.note({ type: 'credentials.read', followerId, message: 'Credentials read for a login', data })
  return credentials
}

async function runOnFreePort(
  keeper: Keeper,
  credentials: GatewayCredentials,
  usernameHash: string,
  hands: Hands,
  signal: AbortSignal,
): Promise<GatewayContainer> {
  const { follower, spec } = keeper
  for (;;) {
    const hostPort = hands.ports.reserve(follower.id, keeper.record.hostPort, hands.clock.now())
    const clientId = keeper.record.clientId ?? (await firstClientId(follower.id, hands))
    await remember(keeper, hands, { hostPort, clientId, secretHash: hands.digests.secret(credentials) })
    const spent = await hands.budget.spend(follower, usernameHash)
    try {
      return await hands.launchSlot(() => {
        signal.throwIfAborted()
        return hands.runtime.run(spec, { hostPort, clientId, usernameHash }, credentials, signal)
      })
    } catch (err) {
      await spent.giveBack()
      if (!isFleetError(err, 'PORT_IN_USE')) throw err
      hands.log.warn(
        { followerId: follower.id, hostPort },
        'port is taken by another program; trying the next',
      )
      hands.ports.skipTaken(follower.id, hands.clock.now() + strangerMs)
    }
  }
}

async function firstClientId(followerId: string, hands: Hands): Promise<number> {
  const leases = await hands.stores.leases.list(followerId)
  const id = chooseClientId(hands.clientIds, new Set(leases.map((lease) => lease.clientId)), hands.random)
  if (id !== undefined) return id
  throw new FleetError(
    'CLIENT_ID_EXHAUSTED',
    `Every client id of CLIENT_ID_RANGE_START-CLIENT_ID_RANGE_END is leased on the gateway of ${followerId}. Release leases, or widen the range.`,
  )
}

/** Changes the stored record and the one in memory, in that order, one change after the other. */
export function remember(
  keeper: Keeper,
  { stores }: Pick<Hands, 'stores'>,
  change: Partial<GatewayRecord>,
): Promise<void> {
  const write = keeper.writing.then(async () => {
    const same = Object.entries(change).every(
      ([key, value]) => keeper.record[key as keyof GatewayRecord] === value,
    )
    if (same) return
    const changed = { ...keeper.record, ...change }
    await stores.gateways.put(changed)
    keeper.record = changed
  })
  keeper.writing = write.catch(() => undefined)
  return write
}

function openSession(keeper: Keeper, container: GatewayContainer, hands: Hands): IbSession {
  const followerId = keeper.follower.id
  const session = new IbSession(
    {
      connector: hands.connector,
      clock: hands.clock,
      log: hands.log,
      random: hands.random,
    },
    {
      followerId,
      host: '127.0.0.1',
      port: container.hostPort,
      clientId: container.clientId,
      onClientIdInUse: 'keep',
      ...hands.sessionSettings,
    },
  )
  session.onChange(() => hands.wake(followerId))
  return session
}
