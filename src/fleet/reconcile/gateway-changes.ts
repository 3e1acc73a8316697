// What follows each change of a gateway's state: figures, traces, history, alerts, those who wait for it, its readers.
import { settleAlerts } from '../alerts/fleet-alerts.ts'
import type { Fleet } from '../fleet.ts'
import { type GatewayState, gatewayStatus } from '../lifecycle/state.ts'
import type { Keeper } from './keeper.ts'

export class GatewayChanges {
  readonly #fleet: Fleet
  /** Called with a follower's id after each change. */
  readonly #listeners = new Set<(followerId: string) => void>()
  /** Those whose gateway this manager has told of. */
  readonly #toldOf = new Set<string>()

  constructor(fleet: Fleet) {
    this.#fleet = fleet
  }

  /** Calls `listener` with a follower's id after each change of its gateway's state; returns how to stop. */
  listen(listener: (followerId: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  changed(keeper: Keeper, before: GatewayState): void {
    const { course, traces, waiting, feed } = this.#fleet
    const { state, follower } = keeper
    course.moved(follower.id, state)
    traces.note(keeper, before)
    if (before.phase !== state.phase) this.#note(keeper, before)
    settleAlerts(this.#fleet, keeper)
    waiting.notice(keeper)
    feed.touch(follower.id)
    for (const listener of [...this.#listeners]) listener(follower.id)
    if (keeper.orphaned && keeper.state.phase === 'stopped' && keeper.container === null)
      this.#fleet.forget(keeper)
  }

  forget(followerId: string): void {
    this.#toldOf.delete(followerId)
  }

  /** For the history. The first of each gateway says since when nobody has watched it, if the manager before us died. */
  #note({ state, follower }: Keeper, before: GatewayState): void {
    const { audit, charge } = this.#fleet
    const diedAt = this.#toldOf.has(follower.id) ? undefined : charge.diedAt
    this.#toldOf.add(follower.id)
    audit.note({
      type: 'gateway.phase',
      followerId: follower.id,
      message: state.cause ? `Gateway ${state.phase} (${state.cause.code})` : `Gateway ${state.phase}`,
      data: {
        from: before.phase,
        to: state.phase,
        status: gatewayStatus(state.phase),
        before: gatewayStatus(before.phase),
        ...(state.cause && { reason: state.cause.code }),
        ...(diedAt !== undefined && { unwatchedSince: new Date(diedAt).toISOString() }),
      },
    })
  }
}
