// What all gateways stand on, as it comes and goes: engine, network, store. Each is told by an alert; who waited for it is tried at once when it is back.
import type { ReasonCode } from '../../../schemas/reason.ts'
import type { FleetError } from '../../ports/errors.ts'
import { engineDown, networkUnsafe, storeDown } from '../alerts/dependency-alerts.ts'
import type { Fleet } from '../fleet.ts'

export class Dependencies {
  readonly #fleet: Fleet
  #storeUp = true

  constructor(fleet: Fleet) {
    this.#fleet = fleet
  }

  /** Whether the store answered when it was last asked for the records. */
  get storeUp(): boolean {
    return this.#storeUp
  }

  engine(up: boolean): void {
    const { alerts, engine } = this.#fleet
    alerts.settle('engine:DOWN', up ? [] : [engineDown(engine.detail)])
    if (up) this.retryThose('ENGINE_UNAVAILABLE')
    else this.#fleet.wakeAll()
  }

  /** `unsafe`: how the network that gateways share lets them reach one another, or null. */
  network(unsafe: string | null): void {
    this.#fleet.alerts.settle('engine:NETWORK', unsafe === null ? [] : [networkUnsafe(unsafe)])
    if (unsafe === null) this.retryThose('NETWORK_UNSAFE')
    this.#fleet.wakeAll()
  }

  /** `error` is null when the store answers. */
  store(error: FleetError | null): void {
    const { audit, alerts } = this.#fleet
    this.#storeUp = error === null
    if (error === null) audit.storeAgain()
    alerts.settle('store:DOWN', error ? [storeDown(error.message)] : [])
  }

  /** What they waited for is there again: their backoff is over. */
  retryThose(waitingFor: ReasonCode): void {
    const { keepers, queue, deps } = this.#fleet
    for (const keeper of keepers.values()) {
      if (keeper.state.phase !== 'backing-off' || keeper.state.cause?.code !== waitingFor) continue
      keeper.state = { ...keeper.state, retryAt: deps.clock.now() }
      queue.enqueue(keeper.follower.id)
    }
  }
}
