// What may be asked of gateways, answered from memory, the history or the log; only a screen asks the engine for more. Nothing is changed by it.
import type { FleetControl } from '../../ports/fleet.ts'
import type { Fleet } from '../fleet.ts'
import { readTimeline } from '../history/timeline.ts'
import { scrubLine } from '../login-log/scrub.ts'
import type { Keeper } from '../reconcile/keeper.ts'
import { followerNotFound, page } from '../records/follower-desk.ts'
import { countStatuses } from './fleet-status.ts'
import { gatewayScreen } from './screen.ts'
import { gatewayView, healthView, statusView, toldStatus } from './view.ts'

export class GatewayReader {
  readonly #fleet: Fleet

  constructor(fleet: Fleet) {
    this.#fleet = fleet
  }

  readonly list: FleetControl['listGateways'] = ({ status, limit, cursor }) => {
    const keepers = allKeepers(this.#fleet)
    const chosen = status === undefined ? keepers : keepers.filter((keeper) => toldStatus(keeper) === status)
    const { items, nextCursor } = page(chosen, (keeper) => keeper.follower.id, limit, cursor)
    const now = this.#fleet.deps.clock.now()
    return {
      items: items.map((keeper) => gatewayView(keeper, now)),
      ...(nextCursor !== undefined && { nextCursor }),
      counts: countStatuses(keepers),
    }
  }

  readonly get: FleetControl['getGateway'] = (id) =>
    gatewayView(keeperOf(this.#fleet, id), this.#fleet.deps.clock.now())

  readonly status: FleetControl['gatewayStatus'] = (id) => statusView(keeperOf(this.#fleet, id))

  readonly health: FleetControl['gatewayHealth'] = (id) => healthView(keeperOf(this.#fleet, id))

  readonly timeline: FleetControl['gatewayTimeline'] = (id, hours) =>
    readTimeline(this.#fleet, keeperOf(this.#fleet, id), hours)

  readonly screen: FleetControl['gatewayScreen'] = async (id, caller, signal) =>
    gatewayScreen(this.#fleet, keeperOf(this.#fleet, id), caller, signal)

  async *logs(...[id, options, signal]: Parameters<FleetControl['gatewayLogs']>) {
    const { container, lastWords } = keeperOf(this.#fleet, id)
    if (!container) {
      // Its container is gone; why, its last words may tell.
      const from = Math.max(0, lastWords.length - (options.tail ?? lastWords.length))
      yield* lastWords.slice(from)
      return
    }
    const until = AbortSignal.any([signal, this.#fleet.signal])
    for await (const line of this.#fleet.deps.runtime.logs(container.id, options, until))
      yield { ...line, text: scrubLine(line.text) }
  }
}

/** FOLLOWER_NOT_FOUND; STORE_UNAVAILABLE while nobody can tell, since the store has not been read. */
export function keeperOf({ keepers, charge }: Pick<Fleet, 'keepers' | 'charge'>, id: string): Keeper {
  const keeper = keepers.get(id)
  if (keeper) return keeper
  charge.mustBeHeld()
  throw followerNotFound(id)
}

/** All of them. STORE_UNAVAILABLE while none is known because the store has not been read: an empty list would say that there are none. */
export function allKeepers({ keepers, charge }: Pick<Fleet, 'keepers' | 'charge'>): Keeper[] {
  if (keepers.size === 0) charge.mustBeHeld()
  return [...keepers.values()]
}
