// A store in memory that outlives managers: the documents, and how one manager process reaches them.
import type { Alert } from '../../schemas/alert.ts'
import type { FleetEvent } from '../../schemas/event.ts'
import type { Follower } from '../../schemas/follower.ts'
import { FleetError } from '../../src/ports/errors.ts'
import type {
  AlertStore,
  EventStore,
  FollowerStore,
  GatewayRecord,
  GatewayStore,
  LeaseRecord,
  LeaseStore,
  LoginBudgetRecord,
  LoginBudgetStore,
  SealedSecretStore,
  Stores,
} from '../../src/ports/stores.ts'
import type { Condition, Line } from './lines.ts'

/** The documents themselves. */
export class Documents {
  readonly condition: Condition = { up: true, slowMs: 0, lostAnswers: 0 }
  readonly followers = new Map<string, Follower>()
  readonly gateways = new Map<string, GatewayRecord>()
  readonly leases = new Map<string, LeaseRecord>()
  readonly budgets = new Map<string, LoginBudgetRecord>()
  readonly openAlerts = new Map<string, Alert>()
  /** Told of each event that is written. */
  onEvent: (event: FleetEvent) => void = () => {}
  /** Told of each alert that is written. */
  onAlert: (alert: Alert) => void = () => {}
  /** Told of one that was not open before. */
  onNewAlert: (alert: Alert) => void = () => {}
  events = 0
}

export const storeAway = () => new FleetError('STORE_UNAVAILABLE', 'The simulated store does not answer.')

/** What is written must not change in anyone's hands. */
const kept = <T extends object>(value: T): T => Object.freeze({ ...value })

export function storesOver(documents: Documents, line: Line): Stores {
  const missing = () => {
    throw new Error('not part of this simulation')
  }
  return {
    kind: 'mongodb',
    followers: followers(documents, line),
    gateways: gateways(documents, line),
    leases: leases(documents, line),
    budgets: budgets(documents, line),
    events: events(documents, line),
    alerts: alerts(documents, line),
    secrets: noSecrets,
    series: { list: missing, put: missing, delete: missing },
    outages: { list: missing, put: missing, sweep: missing },
    lock: { acquire: async () => undefined, release: async () => {} },
    archive: { budgets: missing, secrets: missing, constants: missing },
    constant: async (_name, make) => make(),
    ping: () => line.call(() => ({ latencyMs: 1 })),
    close: async () => {},
  }
}

function followers({ followers }: Documents, line: Line): FollowerStore {
  return {
    list: () => line.call(() => ({ followers: [...followers.values()], malformed: [] })),
    get: (id) => line.call(() => followers.get(id) ?? null),
    insert: (follower) =>
      line.call(() => {
        if (followers.has(follower.id)) throw new FleetError('FOLLOWER_EXISTS', `${follower.id} exists.`)
        followers.set(follower.id, kept(follower))
      }),
    replace: (follower, expectedRevision) =>
      line.call(() => {
        const stored = followers.get(follower.id)
        if (!stored) throw new FleetError('FOLLOWER_NOT_FOUND', `There is no ${follower.id}.`)
        if (stored.revision !== expectedRevision)
          throw new FleetError('REVISION_MISMATCH', `${follower.id} was changed.`)
        followers.set(follower.id, kept(follower))
      }),
    delete: (id) => line.call(() => followers.delete(id)),
  }
}

function gateways({ gateways }: Documents, line: Line): GatewayStore {
  return {
    list: () => line.call(() => [...gateways.values()]),
    get: (id) => line.call(() => gateways.get(id) ?? null),
    put: (record) => line.call(() => void gateways.set(record.followerId, kept(record))),
    delete: (id) => line.call(() => void gateways.delete(id)),
  }
}

function leases({ leases }: Documents, line: Line): LeaseStore {
  const keyOf = (followerId: string, purpose: string) => `${followerId}/${purpose}`
  return {
    list: (followerId) =>
      line.call(() =>
        [...leases.values()].filter((lease) => followerId === undefined || lease.followerId === followerId),
      ),
    put: (lease) => line.call(() => void leases.set(keyOf(lease.followerId, lease.purpose), kept(lease))),
    delete: (followerId, purpose) => line.call(() => void leases.delete(keyOf(followerId, purpose))),
  }
}

function budgets({ budgets }: Documents, line: Line): LoginBudgetStore {
  return {
    get: (key) => line.call(() => budgets.get(key) ?? null),
    put: (record) => line.call(() => void budgets.set(record.key, kept(record))),
  }
}

function events(documents: Documents, line: Line): EventStore {
  return {
    append: (event) =>
      line.call(() => {
        documents.events++
        documents.onEvent(event)
      }),
    list: () => line.call(() => []),
    sweep: () => line.call(() => 0),
  }
}

/** The resolved ones are of no use to anyone here. */
function alerts(documents: Documents, line: Line): AlertStore {
  const { openAlerts } = documents
  return {
    put: (alert) =>
      line.call(() => {
        documents.onAlert(alert)
        if (alert.resolvedAt !== undefined) openAlerts.delete(alert.id)
        else {
          if (!openAlerts.has(alert.id)) documents.onNewAlert(alert)
          openAlerts.set(alert.id, kept(alert))
        }
      }),
    get: (id) => line.call(() => openAlerts.get(id) ?? null),
    list: ({ limit }) => line.call(() => [...openAlerts.values()].reverse().slice(0, limit)),
    sweep: () => line.call(() => 0),
  }
}

const noSecrets: SealedSecretStore = {
  get: async () => null,
  put: async () => {},
  delete: async () => {},
}
