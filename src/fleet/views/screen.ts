// Where a gateway's screen is shown, for a person who has to answer a dialog there. Reads the password back for one caller, and notes who saw it.
import type { GatewayScreen } from '../../../schemas/gateway.ts'
import { FleetError } from '../../ports/errors.ts'
import type { Caller } from '../../ports/fleet.ts'
import type { Fleet } from '../fleet.ts'
import type { Keeper } from '../reconcile/keeper.ts'
import { toldState } from './view.ts'

/**
 * Host, port and password of the gateway's VNC server.
 * @throws FleetError NOT_FOUND when the follower has no screen, GATEWAY_NOT_UP when its container does not run, SCREEN_UNAVAILABLE when that container
 *   was made without one, ENGINE_UNAVAILABLE.
 */
export async function gatewayScreen(
  { deps: { runtime }, audit, signal: shutdown }: Pick<Fleet, 'deps' | 'audit' | 'signal'>,
  keeper: Keeper,
  caller: Caller,
  signal: AbortSignal,
): Promise<GatewayScreen> {
  const { follower, container } = keeper
  const { id: followerId } = follower
  if (!runtime.vncAccess)
    throw new FleetError('NOT_FOUND', `The gateway of ${followerId} is simulated and has no screen.`)
  if (follower.gateway?.vnc !== true)
    throw new FleetError(
      'NOT_FOUND',
      `Follower ${followerId} has its screen switched off. PATCH /api/v1/followers/${followerId} with {"gateway": {"vnc": true}}, then ${newContainer(followerId)}: it takes effect with the next container.`,
    )
  if (container?.state !== 'running')
    throw new FleetError(
      'GATEWAY_NOT_UP',
      `The gateway of ${followerId} is ${toldState(keeper).phase} and has no container that runs, so there is no screen to show. POST /api/v1/gateways/${followerId}/launch starts it.`,
    )
  const access = await runtime.vncAccess(container.id, AbortSignal.any([signal, shutdown]))
  if (!access)
    throw new FleetError(
      'SCREEN_UNAVAILABLE',
      `The container of ${followerId} was made before its screen was switched on, so it has none. ${newContainer(followerId)}.`,
    )
  audit.note({
    type: 'gateway.screen.shown',
    followerId,
    actor: caller.actor,
    message: 'Access to the screen shown',
  })
  return access
}

const newContainer = (id: string) =>
  `POST {"mode": "container"} to /api/v1/gateways/${id}/restart for a new container and a full login`
