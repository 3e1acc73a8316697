// When an outage is told: after some patience, never while IBKR resets its systems, and at once when it outlasts that. Pure.
import type { Follower } from '../../../schemas/follower.ts'
import {
  type IbRegion,
  ibRegions,
  type MaintenanceWindow,
  maintenanceAt,
} from '../../calendar/ib-maintenance.ts'

/** One that begins as a window ends may be over in a moment. */
const lastMinuteMs = 60_000

export interface Telling {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** The window that kept it quiet until then. */
  readonly outlasted?: MaintenanceWindow
}

/** When to tell of an outage that began at `since`, if it lasts. Outside maintenance it is told after `patienceMs`. */
export function whenToTell(since: number, patienceMs: number, region: IbRegion): Telling {
  const within = maintenanceAt(since, region)
  if (within)
    return { at: Math.max(within.toMs, since + Math.min(patienceMs, lastMinuteMs)), outlasted: within }
  const due = since + patienceMs
  const reached = maintenanceAt(due, region)
  return reached ? { at: reached.toMs, outlasted: reached } : { at: due }
}

/** The follower's label `ibRegion` where it names one, else the fleet's. */
export function regionOf({ labels }: Pick<Follower, 'labels'>, fleets: IbRegion): IbRegion {
  return ibRegions.find((region) => region === labels?.ibRegion) ?? fleets
}
