// The longest step: from a follower's credentials to a container that runs on a port of its own.
import { FleetError, isFleetError } from '../../ports/errors.ts'
import type { GatewayContainer, GatewayCredentials } from '../../ports/runtime.ts'
import { traced } from '../../telemetry/tracer.ts'
import { remember } from '../records/gateway-record.ts'
import { tracedRun } from '../tracing/container-trace.ts'
import { attributesOf } from '../tracing/gateway-traces.ts'
import type { Hands } from './hands.ts'
import type { Keeper } from './keeper.ts'
import { chooseClientId } from './pools.ts'
import { closeSession } from './session-keeping.ts'

/** A port that a stranger holds is not tried again for so long. */
const strangerMs = 60_000

/**
 * Credentials, username, budget, port, container: each can fail with its own code, and then what was taken for it is given back. The port stays
 * with the follower: it will be tried again.
 */
export async function launchContainer(keeper: Keeper, hands: Hands, signal: AbortSignal): Promise<void> {
  const { follower } = keeper
  await closeSession(keeper)
  // Held since a launch whose answer was lost; the engine has said meanwhile that nothing came of it.
  hands.usernames.release(follower.id)
  const credentials = await readCredentials(keeper, hands, signal)
  const usernameHash = hands.digests.username(credentials.username)
  hands.usernames.reserve(follower.id, usernameHash)
  try {
    await hands.engineReady(signal)
    const secretHash = hands.digests.secret(credentials)
    await remember(keeper, hands, { secretHash })
    await hands.budget.check(follower, usernameHash, secretHash, keeper.askedByPersonAt)
    const container = await runOnFreePort(keeper, credentials, usernameHash, hands, signal)
    const again = keeper.state.starts > 0
    keeper.container = container
    keeper.adopted = false
    keeper.countedId = container.id
    keeper.askedByPersonAt = null
    if (again) await countRestart(keeper, hands)
    hands.audit.note({
      type: 'gateway.container.started',
      followerId: follower.id,
      message: 'Gateway container started',
      data: { containerId: container.id, hostPort: container.hostPort },
    })
  } catch (err) {
    // An engine that did not answer may have made the container all the same, and logged the user in.
    const mayRun = isFleetError(err, 'ENGINE_UNAVAILABLE')
    if (!mayRun && hands.usernames.release(follower.id)) hands.usernameFreed()
    throw err
  }
}

/** A figure for people: a container that runs is not given up for it. */
async function countRestart(keeper: Keeper, hands: Hands): Promise<void> {
  const followerId = keeper.follower.id
  hands.course.restarted(followerId)
  try {
    await remember(keeper, hands, { restarts: keeper.record.restarts + 1 })
  } catch (err) {
    if (!isFleetError(err, 'STORE_UNAVAILABLE')) throw err
    hands.log.warn({ followerId, err }, 'restart not counted')
  }
}

async function readCredentials(
  keeper: Keeper,
  hands: Hands,
  signal: AbortSignal,
): Promise<GatewayCredentials> {
  const followerId = keeper.follower.id
  const { credentials, from } = await traced(
    hands.tracer,
    'credentials.read',
    attributesOf(keeper),
    async (span) => {
      const login = await hands.credentials.read(keeper.follower, signal)
      span.setAttribute('ibgm.credential_store', login.from.store)
      return login
    },
  )
  const message = 'Credentials read for a login'
  hands.audit.note({ type: 'credentials.read', followerId, message, data: { ...from } })
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
    await remember(keeper, hands, { hostPort, clientId })
    const spent = await hands.budget.spend(follower, usernameHash)
    let isStarting = false
    try {
      return await hands.launchSlot(() => {
        signal.throwIfAborted()
        const placement = { hostPort, clientId, usernameHash }
        return tracedRun(hands.tracer, attributesOf(keeper), (onCreated) =>
          hands.runtime.run(spec, placement, credentials, signal, (containerId) => {
            isStarting = true
            keeper.countedId = containerId
            onCreated(containerId)
          }),
        )
      })
    } catch (err) {
      // A start whose answer never came may have been a login.
      const hasNotRun = !isStarting || (isFleetError(err) && err.code !== 'ENGINE_UNAVAILABLE')
      if (hasNotRun)
        await spent.giveBack().catch((error) => {
          // The failure of the launch is what matters; a start too many makes us careful.
          hands.log.warn({ followerId: follower.id, err: error }, 'start not given back to the login budget')
        })
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
