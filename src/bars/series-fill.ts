// Filling the gaps of one series: portion by portion, each on disk before the next is asked for, so that it can end anywhere and go on later.
import type { Timeframe } from '../../schemas/market-data.ts'
import type { BarRun } from '../ports/bar-files.ts'
import type { Log } from '../ports/log.ts'
import type { Bar } from '../ports/market-data.ts'
import type { Turns } from '../ports/turns.ts'
import type { Asking } from './data-link.ts'
import { barsWithin, withEmptyRange } from './empty-ranges.ts'
import { type FoundGap, isFillable } from './gaps.ts'
import type { Portion } from './history.ts'
import { seriesKey } from './series.ts'
import type { SeriesBook, SeriesState } from './series-book.ts'
import { type SurveyDeps, survey } from './survey.ts'
import { timeframeFacts } from './timeframes.ts'

export interface FillDeps extends SurveyDeps {
  readonly book: SeriesBook
  readonly turns: Turns
  readonly log: Log
}

/** After each portion. */
export interface FillProgress {
  readonly barsAdded: number
  readonly requestsLeft: number
}

export interface FillOptions {
  readonly asking: Asking
  readonly onProgress: (progress: FillProgress) => void
  /** Asked after each portion: true ends the fill there. */
  readonly isEnough?: () => boolean
}

/**
 * Asks IB for what is missing, outages first, and writes it. Ends with the error of what failed: of the connection, of IB, of the file, or
 * SERIES_NOT_FOUND when the series was taken off the list; what came before that is kept.
 */
export function fillSeries(deps: FillDeps, state: SeriesState, options: FillOptions): Promise<void> {
  return deps.turns.take(seriesKey(state.record), () => fill(deps, state, options), options.asking.signal)
}

async function fill(deps: FillDeps, state: SeriesState, options: FillOptions): Promise<void> {
  const { contracts, calendar, history } = deps
  const { removed, record } = state
  const signal = options.asking.signal
    ? AbortSignal.any([options.asking.signal, removed.signal])
    : removed.signal
  const asking = { ...options.asking, signal }
  const contract = await contracts.qualify(record, asking)
  const times = await calendar.learn(record, contract, asking)
  await history.head(record, contract, asking)
  // With what IB has just told, some gaps are none.
  await survey(deps, state)
  const wanted = state.gaps.filter(isFillable)
  for (const { gaps, priority } of byUrgency(wanted, options.asking)) {
    for await (const portion of history.portions(state.record, contract, times, gaps, {
      ...asking,
      priority,
    })) {
      const barsAdded = await keepPortion(deps, state, portion)
      await survey(deps, state)
      options.onProgress({ barsAdded, requestsLeft: portion.left })
      if (options.isEnough?.()) return
    }
  }
}

/** What an outage has left goes first, here and in the pacer's queue. */
function byUrgency(gaps: readonly FoundGap[], asking: Asking) {
  const ofOutages = gaps.filter((gap) => gap.class === 'outage')
  const others = gaps.filter((gap) => gap.class !== 'outage')
  const { priority = 'background' } = asking
  return [
    { gaps: ofOutages, priority: priority === 'background' ? ('outage' as const) : priority },
    { gaps: others, priority },
  ].filter((part) => part.gaps.length > 0)
}

/** Writes what is new, and how many bars that were. Bars that are there already stay as they are: they may have been mended by hand. */
export async function keepPortion(
  deps: FillDeps,
  state: SeriesState,
  { request, bars, empty }: Portion,
): Promise<number> {
  const { files, clock, maxAgeMs } = deps
  const { record } = state
  const { runs } = await files.coverage(record, Math.min(request.startMs, clock.now() - maxAgeMs))
  const missing = notCovered(bars, runs, record.timeframe)
  const { added } = missing.length > 0 ? await files.merge(record, missing) : { added: 0 }
  if (empty) await rememberEmpty(deps, state, empty)
  return added
}

/** The bars that no run has. */
export function notCovered(bars: readonly Bar[], runs: readonly BarRun[], timeframe: Timeframe): Bar[] {
  const { stepMs } = timeframeFacts[timeframe]
  return bars.filter(({ timeMs }) => barsWithin(runs, timeMs, timeMs + 1, stepMs) === 0)
}

async function rememberEmpty(
  { book, clock, maxAgeMs }: FillDeps,
  state: SeriesState,
  empty: NonNullable<Portion['empty']>,
): Promise<void> {
  await book.remember(state, { empty: withEmptyRange(state.record.empty, empty, clock.now() - maxAgeMs) })
}
