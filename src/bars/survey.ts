// Looking at what a series has: its file against its trading calendar. Asks nobody but the file.
import type { Gap } from '../../schemas/market-data.ts'
import type { TradingTimes } from '../calendar/session.ts'
import type { BarFiles, Coverage } from '../ports/bar-files.ts'
import type { Clock } from '../ports/clock.ts'
import type { SeriesName } from '../ports/market-data.ts'
import type { Contracts } from './contracts.ts'
import { stillEmpty } from './empty-ranges.ts'
import { type FoundGap, findGaps } from './gaps.ts'
import type { History } from './history.ts'
import type { Outages } from './outages.ts'
import { problemOf, type SeriesState } from './series-book.ts'
import { timeframeFacts } from './timeframes.ts'
import type { TradingCalendar } from './trading-calendar.ts'

export interface SurveyDeps {
  readonly files: BarFiles
  readonly contracts: Contracts
  readonly calendar: TradingCalendar
  readonly history: History
  readonly outages: Outages
  readonly clock: Clock
  /** Older gaps are left alone. */
  readonly maxAgeMs: number
}

/** Reads the file's coverage and finds the gaps of the last days; a file that cannot be read leaves its problem in the state and is thrown. */
export async function survey(deps: SurveyDeps, state: SeriesState): Promise<void> {
  const nowMs = deps.clock.now()
  const fromMs = nowMs - deps.maxAgeMs
  try {
    state.coverage = await deps.files.coverage(state.record, fromMs)
  } catch (error) {
    state.coverage = null
    state.gaps = []
    state.problem = problemOf(error) ?? { code: 'INTERNAL', message: 'The file could not be read.' }
    throw error
  } finally {
    state.scannedAt = nowMs
  }
  if (state.problem && /^BAR/.test(state.problem.code)) delete state.problem
  state.gaps = gapsBetween(deps, state, state.coverage, fromMs, nowMs)
}

/** The gaps in [fromMs, toMs) of what `coverage` shows. */
export function gapsBetween(
  deps: Omit<SurveyDeps, 'files' | 'maxAgeMs'>,
  { record }: Pick<SeriesState, 'record'>,
  coverage: Pick<Coverage, 'runs' | 'firstMs' | 'lastMs'>,
  fromMs: number,
  toMs: number,
): FoundGap[] {
  const { timeframe, empty } = record
  const { stepMs } = timeframeFacts[timeframe]
  // IB's first bar begins anywhere in its slot.
  const firstMs = deps.history.knownHead(record) - stepMs + 1
  const times: TradingTimes = deps.calendar.known(record, deps.contracts.known(record))
  return findGaps({
    timeframe,
    ...coverage,
    times,
    fromMs: Math.max(fromMs, firstMs),
    toMs: Math.min(toMs, deps.clock.now()),
    empty: stillEmpty(empty, coverage.runs, stepMs),
    outages: deps.outages.list(),
    nowMs: deps.clock.now(),
  })
}

/** As the API shows it. */
export function gapView({ symbol, timeframe }: SeriesName, gap: FoundGap): Gap {
  return {
    symbol,
    timeframe,
    start: new Date(gap.startMs).toISOString(),
    end: new Date(gap.endMs).toISOString(),
    missingBars: gap.missingBars,
    class: gap.class,
    position: gap.position,
  }
}
