// Taking over what runs: every container of ours that the engine has, before anything is created or removed.
import { isFleetError } from '../../ports/errors.ts'
import type { GatewayContainer } from '../../ports/runtime.ts'
import type { Fleet } from '../fleet.ts'

/** Rebuilds ports, usernames and keepers from the labels. What no follower record speaks of is told and left alone: the records may come back. */
export function adopt(fleet: Fleet, found: readonly GatewayContainer[]): void {
  for (const keeper of fleet.keepers.values()) keeper.container ??= null
  for (const container of found) {
    const { followerId, hostPort } = container
    const up = container.state === 'running' || container.state === 'paused'
    if (hostPort > 0) fleet.ports.adopt(followerId, hostPort)
    if (up) adoptUsername(fleet, container)
    const keeper = fleet.keepers.get(followerId)
    if (!keeper) continue
    keeper.container = container
    keeper.adopted = up
    if (up) {
      const data = { containerId: container.id, hostPort }
      fleet.audit.note({ type: 'gateway.adopted', followerId, message: 'Gateway container adopted', data })
    }
  }
  fleet.strays.found(found)
}

function adoptUsername({ usernames, deps }: Fleet, { followerId, usernameHash }: GatewayContainer): void {
  try {
    usernames.reserve(followerId, usernameHash)
  } catch (err) {
    if (!isFleetError(err, 'USERNAME_IN_USE')) throw err
    deps.log.error({ followerId, err }, 'two running gateways share a username')
  }
}
