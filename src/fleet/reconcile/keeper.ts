// What the manager keeps in memory of one follower's gateway, and the pure reading of it. One keeper per follower.
// Its own queue run moves it on. Verbs, records, secret-watch and adoption write down at once what was asked or seen, and ask for a run.
import type { Follower } from '../../../schemas/follower.ts'
import type { GatewayContainer, GatewaySpec, LogLine } from '../../ports/runtime.ts'
import type { GatewayRecord } from '../../ports/stores.ts'
import type { IbSession } from '../../session/session.ts'
import type { Layer } from '../lifecycle/health.ts'
import { type GatewayState, initialState, type Observation } from '../lifecycle/state.ts'
import type { LogReader } from '../login-log/log-reader.ts'

export interface Keeper {
  follower: Follower
  record: GatewayRecord
  spec: GatewaySpec
  state: GatewayState
  /** As the engine said last; undefined until it has answered once. */
  container: GatewayContainer | null | undefined
  /** The container was up before this manager. */
  adopted: boolean
  logReader: LogReader | null
  /** The end of the last container's log, for whoever wants to know why it is gone. */
  lastWords: readonly LogLine[]
  session: IbSession | null
  /** Sums over the sessions that came before the present one. */
  past: { reconnects: number; connectionFailures: number }
  /** The last look, for readers. */
  seen: Observation
  layers: readonly Layer[]
  conditions: ReadonlyArray<{ readonly type: string; readonly message: string; readonly since: number }>
  /** What a slow step is doing, for a person watching. */
  progress: string | null
  /** The container whose first start is in the login budget. */
  countedId: string | null
  /** When a person asked for this launch (ms since the epoch): the login budget does not hold it up. null: nobody did. */
  askedByPersonAt: number | null
  /** The record is being deleted, or is gone: nothing starts any more. */
  deleting: boolean
  /** The record was removed from outside: forgotten as soon as the container is gone. */
  orphaned: boolean
  /** The last write of the record failed: the store may hold it or not. */
  isRecordUnsure: boolean
  /** The last write of the record, so that changes follow each other. */
  writing: Promise<void>
}

/** A follower as first met: nothing seen yet. */
export function newKeeper(follower: Follower, record: GatewayRecord, spec: GatewaySpec, now: number): Keeper {
  return {
    follower,
    record,
    spec,
    state: initialState(now, record.crashes, record.missedPushes),
    container: undefined,
    adopted: false,
    logReader: null,
    lastWords: [],
    session: null,
    past: { reconnects: 0, connectionFailures: 0 },
    seen: nothingSeen,
    layers: [],
    conditions: [],
    progress: null,
    countedId: null,
    askedByPersonAt: null,
    deleting: false,
    orphaned: false,
    isRecordUnsure: false,
    writing: Promise.resolve(),
  }
}

const nothingSeen: Observation = {
  wanted: false,
  hold: null,
  engineUp: false,
  container: undefined,
  imagePresent: false,
  adopted: false,
  login: null,
  session: null,
  accountFault: null,
}

export const emptyRecord = (followerId: string): GatewayRecord => ({
  followerId,
  desired: 'stopped',
  seen: null,
  hold: null,
  crashes: [],
  clientId: null,
  hostPort: null,
  restarts: 0,
  secretHash: null,
})

/** Only an enabled, ACTIVE follower may have a gateway. */
export const isEligible = (follower: Follower) => follower.enabled && follower.state === 'ACTIVE'

export const isWanted = (keeper: Keeper) =>
  keeper.record.desired === 'running' && isEligible(keeper.follower) && !keeper.deleting

/** What it trades in: what its container was started with, whatever the record says since then. */
export const tradingModeOf = ({ container, follower }: Keeper) =>
  container?.tradingMode ?? follower.tradingMode

/** That the container which runs is not the one that the record asks for, in words; null when it is. */
export function driftOf({ container, spec }: Keeper): string | null {
  if (!container || container.specHash === spec.specHash) return null
  const drift =
    'The record asks for another container than the one that runs; a container restart applies it.'
  if (container.tradingMode === spec.tradingMode) return drift
  return `${drift} Until then it trades ${container.tradingMode}, and ${spec.tradingMode} from then on.`
}
