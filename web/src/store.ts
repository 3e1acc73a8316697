// What the page knows, as signals: written by the live stream alone, read by every page.
import { computed, signal } from '@preact/signals'
import type { Alert } from '../../schemas/alert.ts'
import type { FleetEvent } from '../../schemas/event.ts'
import type { Gateway } from '../../schemas/gateway.ts'

export type { Alert, FleetEvent, Gateway }

/** Every gateway by follower id. */
export const gateways = signal<ReadonlyMap<string, Gateway>>(new Map())

/** Alerts by id: all that are open, and those that were resolved while the page looked. */
export const alerts = signal<ReadonlyMap<string, Alert>>(new Map())

/** The latest audit events that came while the page looked, oldest first, at most 500. */
export const history = signal<readonly FleetEvent[]>([])

/**
 * How the page is connected. `since`: when that began, epoch ms. Anything but `live` means that what is shown may be old.
 * `closed`: nobody is logged in.
 */
export interface Connection {
  readonly state: 'connecting' | 'live' | 'stale' | 'closed'
  readonly since: number
  /** What stands in the way. */
  readonly detail?: string
  /** When the next attempt begins. */
  readonly retryAt?: number
}

export const connection = signal<Connection>({ state: 'connecting', since: Date.now() })

/** Whether the first states have come: until then an empty fleet is not known to be empty. */
export const loaded = signal(false)

/** The manager's clock, epoch ms, ticking each second: ages and countdowns follow it, not this machine's clock. */
export const now = signal(Date.now())

/** The same clock in steps of a minute, for what changes with time but seldom. */
export const minute = computed(() => Math.floor(now.value / 60_000) * 60_000)

let skewMs = 0

/** Sets the manager's clock apart from this machine's; small differences are the network's. */
export function setManagerTime(asOf: string): void {
  const difference = Date.parse(asOf) - Date.now()
  skewMs = Math.abs(difference) > 2_000 ? difference : 0
  now.value = managerNow()
}

export function managerNow(): number {
  return Date.now() + skewMs
}

export const openAlerts = computed(() =>
  [...alerts.value.values()].filter((alert) => alert.resolvedAt === undefined),
)

setInterval(() => {
  now.value = managerNow()
}, 1_000)
