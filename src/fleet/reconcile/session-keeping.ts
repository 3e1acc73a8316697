// The one API session of a gateway: opened for its container, closed with its counters kept.
import type { GatewayContainer } from '../../ports/runtime.ts'
import { IbSession } from '../../session/session.ts'
import type { Hands } from './hands.ts'
import type { Keeper } from './keeper.ts'

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

/** Opens nothing yet: a session for this container, which wakes its follower at every change. */
export function openSession(keeper: Keeper, container: GatewayContainer, hands: Hands): IbSession {
  const followerId = keeper.follower.id
  const session = new IbSession(
    {
      connector: hands.connector,
      clock: hands.clock,
      log: hands.log,
      random: hands.random,
      ...(hands.tracer && { tracer: hands.tracer }),
      pacer: hands.pacers.of('127.0.0.1', container.hostPort),
      measures: hands.measures,
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
  session.onHeartbeat((roundTripMs) => hands.heartbeat(followerId, roundTripMs))
  return session
}
