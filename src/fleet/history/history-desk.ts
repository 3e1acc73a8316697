// Alerts and events for those outside: read, acknowledged, followed as they happen.
import type { Alert } from '../../../schemas/alert.ts'
import type { Caller, FleetControl } from '../../ports/fleet.ts'
import type { Fleet } from '../fleet.ts'
import { placeOf } from './event-id.ts'

export class HistoryDesk {
  readonly #fleet: Fleet

  constructor(fleet: Fleet) {
    this.#fleet = fleet
  }

  readonly listAlerts: FleetControl['listAlerts'] = (query) => this.#fleet.alerts.list(query)

  async acknowledge(id: string, { actor }: Caller): Promise<Alert> {
    const { alerts, audit } = this.#fleet
    const alert = await alerts.acknowledge(id, actor)
    audit.note({
      type: 'alert.acknowledged',
      actor,
      message: `Alert acknowledged: ${alert.title}`,
      ...(alert.followerId !== undefined && { followerId: alert.followerId }),
    })
    return alert
  }

  readonly listEvents: FleetControl['listEvents'] = async ({ since, ...query }) => {
    const { audit, deps } = this.#fleet
    const after = since === undefined ? {} : { since: placeOf(since) }
    await audit.flush()
    return deps.stores.events.list({ ...query, ...after })
  }

  readonly follow: FleetControl['follow'] = (query, signal) => this.#fleet.feed.follow(query, signal)
}
