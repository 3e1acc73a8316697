// Which bars a series should have and has not, and why: pure, so that a scan, a preview and a test see the same gaps.
import type { Gap, GapClass, Timeframe } from '../../schemas/market-data.ts'
import { dayMs } from '../calendar/days.ts'
import type { TradingTimes } from '../calendar/session.ts'
import type { BarRun } from '../ports/bar-files.ts'
import type { EmptyRange, OutageRecord } from '../ports/stores.ts'
import { type SessionSlots, type SlotSpan, slotsBetween } from './slots.ts'
import { timeframeFacts } from './timeframes.ts'

/** Missing bars in a row; a closed market between them does not end it, a change of class does. Times are those of slots. */
export interface FoundGap {
  /** Start of the first missing bar. */
  readonly startMs: number
  /** End of the last missing bar; not included. */
  readonly endMs: number
  readonly missingBars: number
  readonly class: GapClass
  readonly position: Gap['position']
}

/** What is to be filled: all but what IB said to have none of. */
export const isFillable = (gap: Pick<FoundGap, 'class'>) => gap.class !== 'no-data'

export interface GapQuestion {
  readonly timeframe: Timeframe
  /** What the file has: ascending and disjoint. */
  readonly runs: readonly BarRun[]
  /** First and last bar of the whole file when `runs` are but a part, so that a gap is placed among all bars; a Coverage has them. */
  readonly firstMs?: number
  readonly lastMs?: number
  readonly times: TradingTimes
  /** Slots that start in [fromMs, toMs) are looked at, if they are complete by `nowMs`. */
  readonly fromMs: number
  readonly toMs: number
  /** `toMs` when absent. */
  readonly nowMs?: number
  /** Slots that lie in one of them are `no-data`, unless it has aged. */
  readonly empty: readonly EmptyRange[]
  /** How long after `askedAt` IB's word on a range holds; `emptyHoldsMs` when absent. */
  readonly emptyAgesMs?: (range: EmptyRange) => number
  /** Slots with trading in one of them are `outage`, unless they are `no-data`; one that lasts, lasts till `nowMs`. */
  readonly outages: readonly OutageRecord[]
}

const weekMs = 7 * dayMs

/** IB fills in bars of the last days within a day or so, older ones rarely: a range that was recent when asked for holds a day, another a week. */
export function emptyHoldsMs({ toMs, askedAt }: EmptyRange): number {
  return askedAt - toMs < weekMs ? dayMs : weekMs
}

/** Ascending. */
export function findGaps(question: GapQuestion): FoundGap[] {
  const { timeframe, times, runs, fromMs, toMs, nowMs = toMs } = question
  const { stepMs } = timeframeFacts[timeframe]
  const reasons = reasonsOf(question, nowMs)
  const gaps = new GapList(question)
  let run = 0
  for (const slots of slotsBetween(timeframe, times, fromMs, Math.min(toMs, nowMs))) {
    const first = slots.indexFrom(fromMs)
    const end = Math.min(slots.indexFrom(toMs), slots.completeAt(nowMs))
    while ((runs[run]?.lastMs ?? Number.POSITIVE_INFINITY) < slots.startMs) run++
    let next = first
    for (let at = run; at < runs.length; at++) {
      const { firstMs, lastMs } = runs[at] as BarRun
      if (firstMs >= slots.endMs || next >= end) break
      const covered = slotsCovered(slots, firstMs, lastMs, stepMs)
      if (covered.first >= covered.end || covered.end <= next) continue
      gaps.add(slots, next, Math.min(end, covered.first), reasons)
      gaps.interrupt()
      next = covered.end
    }
    gaps.add(slots, next, end, reasons)
  }
  return gaps.found
}

/** The slots in which a bar of the run starts, whatever its phase: as bars are no further apart than slots are long, none between is left out. */
function slotsCovered(slots: SessionSlots, firstMs: number, lastMs: number, stepMs: number): SlotSpan {
  const firstBarMs = firstMs + Math.max(0, Math.ceil((slots.startMs - firstMs) / stepMs)) * stepMs
  const lastBarMs = firstMs + Math.floor((Math.min(lastMs, slots.endMs - 1) - firstMs) / stepMs) * stepMs
  if (firstBarMs > lastBarMs) return { first: 0, end: 0 }
  return { first: slots.indexAt(firstBarMs), end: slots.indexAt(lastBarMs) + 1 }
}

interface Reasons {
  readonly empty: readonly Stretch[]
  readonly outages: readonly Stretch[]
}

interface Stretch {
  readonly fromMs: number
  readonly toMs: number
}

function reasonsOf({ empty, outages, emptyAgesMs = emptyHoldsMs }: GapQuestion, nowMs: number): Reasons {
  const holding = empty.filter((range) => nowMs - range.askedAt < emptyAgesMs(range))
  return {
    empty: union(holding),
    outages: union(outages.map(({ fromMs, toMs = nowMs }) => ({ fromMs, toMs }))),
  }
}

/** The gaps so far; slots are added in ascending order. */
class GapList {
  readonly found: FoundGap[] = []
  readonly #question: GapQuestion
  /** Whether the last gap may go on with the next slot. */
  #open = false

  constructor(question: GapQuestion) {
    this.#question = question
  }

  /** A bar that is there ends the gap before it. */
  interrupt(): void {
    this.#open = false
  }

  /** The slots from `first` up to `end` are missing. */
  add(slots: SessionSlots, first: number, end: number, reasons: Reasons): void {
    if (first >= end) return
    const { openMs } = slots.slot(first)
    const { endMs, closeMs } = slots.slot(end - 1)
    const empty = touching(reasons.empty, openMs, Math.max(endMs, closeMs)).map(({ fromMs, toMs }) =>
      slots.lyingWithin(fromMs, toMs),
    )
    const outages = touching(reasons.outages, openMs, closeMs).map(({ fromMs, toMs }) =>
      slots.tradedWithin(fromMs, toMs),
    )
    const borders = [...empty, ...outages].flatMap((span) => [span.first, span.end])
    const cuts = [...new Set(borders)].filter((at) => at > first && at < end).sort((a, b) => a - b)
    const holds = (spans: readonly SlotSpan[], at: number) =>
      spans.some((span) => at >= span.first && at < span.end)
    let from = first
    for (const to of [...cuts, end]) {
      this.#append(
        slots,
        from,
        to,
        holds(empty, from) ? 'no-data' : holds(outages, from) ? 'outage' : 'missing',
      )
      from = to
    }
  }

  #append(slots: SessionSlots, first: number, end: number, kind: GapClass): void {
    const last = this.found.at(-1)
    const goesOn = this.#open && last?.class === kind
    const startMs = goesOn ? last.startMs : slots.slot(first).startMs
    const endMs = slots.slot(end - 1).endMs
    const missingBars = end - first + (goesOn ? last.missingBars : 0)
    if (goesOn) this.found.pop()
    this.found.push({ startMs, endMs, missingBars, class: kind, position: this.#position(startMs, endMs) })
    this.#open = true
  }

  #position(startMs: number, endMs: number): Gap['position'] {
    const { runs, firstMs = runs[0]?.firstMs, lastMs = runs.at(-1)?.lastMs } = this.#question
    const before = firstMs !== undefined && firstMs < startMs
    const after = lastMs !== undefined && lastMs >= endMs
    if (before) return after ? 'interior' : 'trailing'
    return after ? 'leading' : 'whole'
  }
}

/** The same time as ascending stretches that do not touch; one that ends before it begins is none. */
function union(stretches: readonly Stretch[]): Stretch[] {
  const joined: Stretch[] = []
  for (const { fromMs, toMs } of stretches.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = joined.at(-1)
    if (fromMs >= toMs) continue
    if (last && fromMs <= last.toMs)
      joined[joined.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, toMs) }
    else joined.push({ fromMs, toMs })
  }
  return joined
}

/** Those of a union that overlap [fromMs, toMs). */
function touching(stretches: readonly Stretch[], fromMs: number, toMs: number): Stretch[] {
  let low = 0
  let high = stretches.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((stretches[middle] as Stretch).toMs > fromMs) high = middle
    else low = middle + 1
  }
  const found: Stretch[] = []
  for (let next = stretches[low]; next && next.fromMs < toMs; next = stretches[++low]) found.push(next)
  return found
}
