// The requests that fetch missing bars from IB: as few as its limits allow, newest first.
import type { Timeframe } from '../../schemas/market-data.ts'
import { dayMs } from '../calendar/days.ts'
import type { TradingTimes } from '../calendar/session.ts'
import { type SessionSlots, slotsBetween } from './slots.ts'
import { timeframeFacts } from './timeframes.ts'

/** [startMs, endMs) in times of slots; a FoundGap is one. */
export interface SlotRange {
  readonly startMs: number
  readonly endMs: number
}

/** One request to IB, for the bars that start in [startMs, endMs); IB may send others. */
export interface BarRequest extends SlotRange {
  /** What to ask IB for: IbHistory's `endMs`, whole seconds. Not `endMs`, for a bar of 1d ends at midnight UTC, and its trading does not. */
  readonly askEndMs: number
  /** IbHistory's `duration`. */
  readonly duration: string
  /** Trading days that it spans. */
  readonly sessions: number
  /** Slots of the ranges that it covers. */
  readonly missingBars: number
}

/** What is missing of one session, or for 1d of one trading day. */
interface Need {
  /** Trading days since the first one looked at. */
  readonly day: number
  readonly slots: SessionSlots
  /** The first and last missing slot. */
  readonly first: number
  readonly last: number
  readonly missingBars: number
}

/** IB counts days of a duration only up to here; beyond, it wants years. */
const maxDays = 365

/** Durations in seconds, with the longest bar that IB gives for each (TWS API, "Historical Data Limitations"). */
const shortDurations: ReadonlyArray<{ readonly ms: number; readonly longestStepMs: number }> = [
  { ms: 1_800_000, longestStepMs: 1_800_000 },
  { ms: 3_600_000, longestStepMs: 3_600_000 },
  { ms: 14_400_000, longestStepMs: 3_600_000 },
]

/**
 * Covers each slot that starts in one of `ranges` by exactly one request. None spans more than `maxSessions` trading days;
 * ranges that fit into the same ones share a request.
 */
export function planRequests(
  ranges: readonly SlotRange[],
  timeframe: Timeframe,
  times: TradingTimes,
  maxSessions: number = timeframeFacts[timeframe].maxSessions,
): BarRequest[] {
  const needs = needsOf(ranges, timeframe, times)
  const requests: BarRequest[] = []
  for (let newest = needs.at(-1); newest; newest = needs.at(-1)) {
    const together: Need[] = []
    const oldestDay = newest.day - Math.max(1, maxSessions) + 1
    for (let need = needs.at(-1); need && need.day >= oldestDay; need = needs.at(-1)) {
      together.unshift(need)
      needs.pop()
    }
    requests.push(requestFor(together, timeframe))
  }
  return requests
}

function requestFor(needs: readonly Need[], timeframe: Timeframe): BarRequest {
  const [oldest, newest] = [needs[0], needs.at(-1)] as [Need, Need]
  const { startMs } = oldest.slots.slot(oldest.first)
  const { endMs, closeMs } = newest.slots.slot(newest.last)
  const sessions = newest.day - oldest.day + 1
  const short = needs.length === 1 && secondsWithin(oldest, timeframe)
  return {
    startMs,
    endMs,
    askEndMs: Math.ceil(closeMs / 1000) * 1000,
    duration: short || daysOrYears(sessions, closeMs - oldest.slots.openMs),
    sessions,
    missingBars: needs.reduce((sum, need) => sum + need.missingBars, 0),
  }
}

/**
 * A duration in seconds, where it is sure to mean what we mean: it reaches back within one session, so that it does not matter that IB counts trading
 * time; and its bars are as long as the clock's steps, so that the first is not cut.
 */
function secondsWithin({ slots, first, last }: Need, timeframe: Timeframe): string | false {
  const { stepMs } = timeframeFacts[timeframe]
  const { endMs } = slots.slot(last)
  const neededMs = endMs - slots.slot(first).startMs
  const short = shortDurations.find(({ ms, longestStepMs }) => ms >= neededMs && stepMs <= longestStepMs)
  if (!short || timeframe === '1d') return false
  const fromMs = endMs - short.ms
  const begins = fromMs > slots.openMs && slots.slot(slots.indexAt(fromMs)).startMs === fromMs
  return begins && `${short.ms / 1000} S`
}

function daysOrYears(sessions: number, spanMs: number): string {
  if (sessions <= maxDays) return `${sessions} D`
  return `${Math.ceil((spanMs + dayMs) / (365 * dayMs))} Y`
}

/** Ascending. */
function needsOf(ranges: readonly SlotRange[], timeframe: Timeframe, times: TradingTimes): Need[] {
  const ordered = disjoint(ranges)
  const [first, last] = [ordered[0], ordered.at(-1)]
  if (!first || !last) return []
  const needs: Need[] = []
  let day = -1
  let date = ''
  let at = 0
  for (const slots of slotsBetween(timeframe, times, first.startMs, last.endMs)) {
    if (slots.date !== date) day++
    date = slots.date
    while ((ordered[at]?.endMs ?? Number.POSITIVE_INFINITY) <= slots.startMs) at++
    const missing = missingOf(slots, ordered, at)
    if (missing) needs.push({ day, slots, ...missing })
  }
  return needs
}

function missingOf(slots: SessionSlots, ordered: readonly SlotRange[], from: number) {
  let found: { first: number; last: number; missingBars: number } | undefined
  for (let at = from; at < ordered.length; at++) {
    const { startMs, endMs } = ordered[at] as SlotRange
    if (startMs >= slots.endMs) break
    const first = slots.indexFrom(startMs)
    const end = slots.indexFrom(endMs)
    if (first >= end) continue
    found = {
      first: found?.first ?? first,
      last: end - 1,
      missingBars: end - first + (found?.missingBars ?? 0),
    }
  }
  return found
}

/** Ascending; overlapping ranges become one. */
function disjoint(ranges: readonly SlotRange[]): SlotRange[] {
  const kept: SlotRange[] = []
  for (const { startMs, endMs } of ranges.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = kept.at(-1)
    if (endMs <= startMs) continue
    if (last && startMs <= last.endMs)
      kept[kept.length - 1] = { startMs: last.startMs, endMs: Math.max(last.endMs, endMs) }
    else kept.push({ startMs, endMs })
  }
  return kept
}
