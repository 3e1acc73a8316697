// What the stream has told so far. Pure: messages in, the next snapshot out; after a reconnect nothing is lost and nothing is doubled.
import type { Alert } from '../../../schemas/alert.ts'
import type { FleetEvent } from '../../../schemas/event.ts'
import type { Gateway } from '../../../schemas/gateway.ts'

export interface Snapshot {
  readonly gateways: ReadonlyMap<string, Gateway>
  readonly alerts: ReadonlyMap<string, Alert>
  /** Oldest first. */
  readonly history: readonly FleetEvent[]
  /** While the first states of a connection come: whose have come. */
  readonly arrived: { readonly gateways: ReadonlySet<string>; readonly alerts: ReadonlySet<string> } | null
}

export type Message =
  /** A connection has opened: every state that is comes anew. */
  | { readonly kind: 'opened' }
  | { readonly kind: 'gateway'; readonly gateway: Gateway }
  | { readonly kind: 'gateway-removed'; readonly followerId: string }
  | { readonly kind: 'alert'; readonly alert: Alert }
  | { readonly kind: 'history'; readonly event: FleetEvent }
  /** All first states of this connection have come: what did not come is no more. */
  | { readonly kind: 'synced'; readonly asOf: string }

export const emptySnapshot: Snapshot = { gateways: new Map(), alerts: new Map(), history: [], arrived: null }

const keptEvents = 500

/** Parts that no message concerned stay the same object, so that who reads them need not look. */
export function applyMessages(before: Snapshot, messages: readonly Message[]): Snapshot {
  let gateways: Map<string, Gateway> | undefined
  let alerts: Map<string, Alert> | undefined
  let history: FleetEvent[] | undefined
  let arrived = before.arrived && {
    gateways: new Set(before.arrived.gateways),
    alerts: new Set(before.arrived.alerts),
  }
  const changedGateways = () => (gateways ??= new Map(before.gateways))
  const changedAlerts = () => (alerts ??= new Map(before.alerts))
  for (const message of messages) {
    switch (message.kind) {
      case 'opened':
        arrived = { gateways: new Set(), alerts: new Set() }
        break
      case 'gateway':
        changedGateways().set(message.gateway.followerId, message.gateway)
        arrived?.gateways.add(message.gateway.followerId)
        break
      case 'gateway-removed':
        changedGateways().delete(message.followerId)
        break
      case 'alert':
        changedAlerts().set(message.alert.id, message.alert)
        arrived?.alerts.add(message.alert.id)
        break
      case 'history': {
        const told = history ?? before.history
        if (told.some(({ id }) => id === message.event.id)) break
        history ??= [...before.history]
        history.push(message.event)
        break
      }
      case 'synced':
        if (!arrived) break
        for (const id of (gateways ?? before.gateways).keys()) {
          if (!arrived.gateways.has(id)) changedGateways().delete(id)
        }
        // Only open alerts are sent: one that did not come was resolved meanwhile.
        for (const id of (alerts ?? before.alerts).keys()) {
          if (!arrived.alerts.has(id)) changedAlerts().delete(id)
        }
        arrived = null
        break
    }
  }
  return {
    gateways: gateways ?? before.gateways,
    alerts: alerts ?? before.alerts,
    history: history?.slice(-keptEvents) ?? before.history,
    arrived,
  }
}

/** The message of one server-sent event; undefined for one that this page does not know. Throws SyntaxError on data that is no JSON. */
export function readMessage(event: string, data: string): Message | undefined {
  switch (event) {
    case 'message':
      return { kind: 'history', event: JSON.parse(data) }
    case 'gateway':
      return { kind: 'gateway', gateway: JSON.parse(data) }
    case 'gateway-removed':
      return { kind: 'gateway-removed', followerId: JSON.parse(data).followerId }
    case 'alert':
      return { kind: 'alert', alert: JSON.parse(data) }
    case 'synced':
      return { kind: 'synced', asOf: JSON.parse(data).asOf }
    default:
      return undefined
  }
}
