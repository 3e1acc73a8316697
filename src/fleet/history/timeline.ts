// What a gateway has been through, told from its history: phases one after the other, and how long it was down. The telling is pure.
import type { FleetEvent } from '../../../schemas/event.ts'
import { type GatewayPhase, gatewayPhases } from '../../../schemas/gateway.ts'
import type { GatewayTimeline } from '../../../schemas/gateway-timeline.ts'
import { type ReasonCode, reasonCodes } from '../../../schemas/reason.ts'
import type { Fleet } from '../fleet.ts'
import { gatewayStatus } from '../lifecycle/state.ts'
import type { Keeper } from '../reconcile/keeper.ts'
import { toldState } from '../views/view.ts'

const hourMs = 3_600_000
const pageSize = 500
/** Read beyond the window's start, so that it begins with what was before. */
const lookBackMs = 24 * hourMs

/** A phase and when it began, milliseconds since the epoch. */
export interface PhaseBegin {
  readonly phase: GatewayPhase
  readonly at: number
  readonly reason?: ReasonCode
  /** What it was before; tells the beginning where no earlier event does. */
  readonly before?: GatewayPhase
  /** When the manager before this one was last alive (ms since the epoch); nobody watched between then and this. */
  readonly unwatchedSince?: number
  /** Nobody knows: it is what was seen last. */
  readonly isUnwatched?: boolean
}

export interface Window {
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
}

/**
 * Reads the last `hours` of a gateway. What happened while no manager ran nobody knows: the phase before is told to have lasted until the next
 * manager's first look, as `unwatched` from the last sign of life of a manager that died. STORE_UNAVAILABLE.
 */
export async function readTimeline(fleet: Fleet, keeper: Keeper, hours: number): Promise<GatewayTimeline> {
  const followerId = keeper.follower.id
  const to = fleet.deps.clock.now()
  const window = { from: to - hours * hourMs, to }
  const events: FleetEvent[] = []
  let since: string | number = window.from - lookBackMs
  for (;;) {
    const page: FleetEvent[] = await fleet.feed.stored({ since, followerId, limit: pageSize })
    events.push(...page.filter(({ type }) => type === 'gateway.phase'))
    const last = page.at(-1)
    if (!last || page.length < pageSize) break
    since = last.id
  }
  const { phase, since: at, cause } = toldState(keeper)
  const present = { phase, at, ...(cause && { reason: cause.code }) }
  const beats = fleet.heartbeats.of(followerId)
  return {
    followerId,
    ...tellTimeline(events.flatMap(phaseBegin), present, window),
    heartbeats: beats.map((beat) => ({ ...beat, at: stamp(beat.at) })),
  }
}

/** The phase that an event of type `gateway.phase` tells of; none when it cannot be read. */
export function phaseBegin({ at, data }: FleetEvent): PhaseBegin[] {
  const phase = gatewayPhases.find((known) => known === data?.to)
  const before = gatewayPhases.find((known) => known === data?.from)
  const reason = reasonCodes.find((known) => known === data?.reason)
  const atMs = Date.parse(at)
  if (!phase || Number.isNaN(atMs)) return []
  const unwatchedSince =
    typeof data?.unwatchedSince === 'string' ? Date.parse(data.unwatchedSince) : Number.NaN
  return [
    {
      phase,
      at: atMs,
      ...(before && { before }),
      ...(reason && { reason }),
      ...(!Number.isNaN(unwatchedSince) && { unwatchedSince }),
    },
  ]
}

/**
 * Spans and outages within the window, from the phases that began before and in it (oldest first) and the present one, which stays open.
 *
 * An outage begins when a RUNNING gateway stops being RUNNING without having been stopped on purpose, or when a start of it fails, and ends when it
 * is RUNNING again, or is stopped. A restart counts, planned or asked for, because nothing could be traded meanwhile; a first start that has not
 * failed, and one after a stop, does not, nor does a manager that takes over a gateway which ran on. One that began before the window counts with
 * its seconds only.
 */
export function tellTimeline(
  begins: readonly PhaseBegin[],
  present: PhaseBegin,
  { from, to }: Window,
): Pick<GatewayTimeline, 'from' | 'to' | 'spans' | 'outages' | 'outageSeconds'> {
  const spans: GatewayTimeline['spans'] = []
  let outages = 0
  let outageMs = 0
  let isMissed = false
  let wasOut = false
  const row = joined(begins, present, from)
  for (const [index, begin] of row.entries()) {
    const { phase, at, reason, isUnwatched } = begin
    const previous = row[index - 1]
    const next = row[index + 1]
    const status = gatewayStatus(phase)
    if (isDown(phase)) isMissed = false
    else if (status === 'RUNNING' || isFailure(begin)) isMissed = true
    const isOut = isMissed && status !== 'RUNNING' && !isTakenOver(begin, previous)
    if (isOut && !wasOut && at >= from) outages++
    wasOut = isOut
    if (next && next.at <= from) continue
    const shown = { from: Math.max(at, from), to: Math.min(next?.at ?? to, to) }
    if (isOut) outageMs += Math.max(0, shown.to - shown.from)
    const last = spans.at(-1)
    const goesOn = last?.phase === phase && last.reason === reason && last.unwatched === isUnwatched
    if (goesOn) spans.pop()
    spans.push({
      phase,
      status,
      from: goesOn ? last.from : stamp(shown.from),
      ...(next && { to: stamp(shown.to) }),
      ...(reason && { reason }),
      ...(isUnwatched && { unwatched: true }),
    })
  }
  return { from: stamp(from), to: stamp(to), spans, outages, outageSeconds: Math.round(outageMs / 1000) }
}

/** Each start begins so for a moment: it waits for its credentials, or for the first look at the engine. */
const isAwaited: ReadonlySet<ReasonCode | undefined> = new Set<ReasonCode>([
  'CREDENTIALS_MISSING',
  'ENGINE_UNAVAILABLE',
  'STORE_UNAVAILABLE',
])

const isFailure = ({ phase, reason }: PhaseBegin) =>
  gatewayStatus(phase) === 'FAILED' && (phase === 'locked' || !isAwaited.has(reason))

const isDown = (phase: GatewayPhase) => phase === 'stopping' || phase === 'stopped'

/** Another manager opens its session to a gateway that ran on. */
function isTakenOver({ phase, before }: PhaseBegin, previous: PhaseBegin | undefined): boolean {
  return phase === 'connecting' && before === 'stopped' && previous !== undefined && !isDown(previous.phase)
}

/** The phases in a row without holes: what was at the window's start first, the present last. */
function joined(begins: readonly PhaseBegin[], present: PhaseBegin, from: number): PhaseBegin[] {
  const row: PhaseBegin[] = []
  const first = begins[0]
  if (first?.before && first.at > from) row.push({ phase: first.before, at: from })
  for (const begin of begins) {
    const unwatched = unwatchedBefore(begin, row.at(-1))
    if (unwatched) append(row, unwatched)
    append(row, begin)
  }
  // It is told to be in another phase than the history says: its session has just gone, or the event could not be stored.
  if (row.at(-1)?.phase !== present.phase) append(row, present)
  return row
}

/** What is not known of a gateway that was up, because its manager had died, is told apart. */
function unwatchedBefore(
  { at, unwatchedSince }: PhaseBegin,
  seen: PhaseBegin | undefined,
): PhaseBegin | undefined {
  if (unwatchedSince === undefined || !seen || isDown(seen.phase)) return undefined
  return { ...seen, at: Math.min(unwatchedSince, at), isUnwatched: true }
}

/** A wall clock set back makes no span end before it began. */
function append(row: PhaseBegin[], begin: PhaseBegin): void {
  row.push({ ...begin, at: Math.max(begin.at, row.at(-1)?.at ?? begin.at) })
}

const stamp = (at: number) => new Date(at).toISOString()
