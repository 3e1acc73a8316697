// How other parts of this process come to a gateway: its session, or an address for a session of their own.
import type { IbSession } from '../../session/session.ts'
import type { Fleet } from '../fleet.ts'
import { answers, toldStatus } from '../views/view.ts'

/** A gateway that a session may be opened to. */
export interface GatewayEndpoint {
  readonly host: string
  readonly port: number
  readonly takenClientIds: ReadonlySet<number>
  readonly containerId: string
}

export class GatewayAccess {
  readonly #fleet: Pick<Fleet, 'keepers' | 'deps'>

  constructor(fleet: Pick<Fleet, 'keepers' | 'deps'>) {
    this.#fleet = fleet
  }

  /** The ready session of a follower's gateway, or null; never opens one. */
  session(followerId: string): IbSession | null {
    const session = this.#fleet.keepers.get(followerId)?.session
    return session?.isHealthy() ? session : null
  }

  /** RUNNING, and its session has answered in time. */
  isHealthy(followerId: string): boolean {
    const keeper = this.#fleet.keepers.get(followerId)
    return keeper !== undefined && toldStatus(keeper) === 'RUNNING' && answers(keeper)
  }

  /** Where another session of ours may reach the gateway, and the client ids that it must not use; null unless RUNNING. STORE_UNAVAILABLE. */
  async endpoint(followerId: string): Promise<GatewayEndpoint | null> {
    const keeper = this.#fleet.keepers.get(followerId)
    if (!keeper?.container || toldStatus(keeper) !== 'RUNNING') return null
    const { container } = keeper
    const leases = await this.#fleet.deps.stores.leases.list(followerId)
    return {
      host: '127.0.0.1',
      port: container.hostPort,
      // 0 is for orders made by hand.
      takenClientIds: new Set([0, container.clientId, ...leases.map(({ clientId }) => clientId)]),
      containerId: container.id,
    }
  }
}
