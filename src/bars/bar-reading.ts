// Bars for whoever asks: what the file has, and with a connection what is missing there, as far as IB is quick enough.
import type { BarRun } from '../ports/bar-files.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type { Bar, BarsAnswer, BarsRequest, SeriesName } from '../ports/market-data.ts'
import type { EmptyRange, SeriesRecord } from '../ports/stores.ts'
import type { DataLink } from './data-link.ts'
import { barsWithin, withEmptyRange } from './empty-ranges.ts'
import { type FoundGap, isFillable } from './gaps.ts'
import { newSeries, seriesKey } from './series.ts'
import type { SeriesState } from './series-book.ts'
import { type FillDeps, keepPortion, notCovered } from './series-fill.ts'
import { gapsBetween, gapView } from './survey.ts'
import { timeframeFacts } from './timeframes.ts'

export interface ReadingDeps extends FillDeps {
  readonly connection: DataLink
}

interface Span {
  readonly startMs: number
  readonly endMs: number
}

interface Fetched {
  /** Of a series that has no file of ours: to be answered with what is there. Ascending. */
  readonly bars: readonly Bar[]
  /** What IB has none of, of such a series: no record of ours keeps it. */
  readonly empty: readonly EmptyRange[]
  readonly count: number
  readonly error?: FleetError
}

/** How long a caller waits for bars from IB; what has come by then is answered, the rest is a gap. */
const fetchMs = 30_000

/** As MarketData.bars. */
export async function readBars(
  deps: ReadingDeps,
  request: BarsRequest,
  signal: AbortSignal,
): Promise<BarsAnswer> {
  const span = spanOf(deps, request)
  const state = deps.book.find(request)
  const record = state?.record ?? likely(deps, request)
  const before = await look(deps, record, span, [])
  const mayFetch = request.fetch && deps.connection.isUsable && before.gaps.some(isFillable)
  const fetched = mayFetch ? await fetchMissing(deps, record, state, before.gaps, signal) : nothing
  if (before.count === 0 && fetched.count === 0 && fetched.error && isAboutContract(fetched.error))
    throw fetched.error
  const known = state?.record ?? { ...record, empty: fetched.empty }
  const after = mayFetch ? await look(deps, known, span, fetched.bars) : before
  const isComplete = !after.gaps.some(isFillable)
  const note = isComplete ? undefined : whyIncomplete(deps, request, fetched)
  const { startMs, endMs } = span
  const local = deps.files.read(record, startMs, endMs)
  return {
    symbol: request.symbol,
    timeframe: request.timeframe,
    source: fetched.count === 0 ? 'local' : before.count === 0 ? 'ib' : 'mixed',
    complete: isComplete,
    gaps: after.gaps.map((gap) => gapView(request, gap)),
    ...(note !== undefined && { note }),
    bars: fetched.bars.length === 0 ? local : together(local, fetched.bars, span),
  }
}

function spanOf({ clock, maxAgeMs }: ReadingDeps, request: BarsRequest): Span {
  const endMs = request.endMs ?? clock.now()
  const startMs = request.startMs ?? endMs - maxAgeMs
  if (startMs < endMs) return { startMs, endMs }
  throw new FleetError('INVALID_REQUEST', 'start must lie before end, which is now when it is not given.', {
    faults: [{ path: 'query/start', message: 'must lie before end' }],
  })
}

/** One that is on no list: of the kind that its symbol has in another timeframe, else a US stock. */
function likely({ book, clock }: ReadingDeps, { symbol, timeframe }: SeriesName): SeriesRecord {
  const other = book.definitionOf(symbol)
  return { ...(other ?? newSeries({ symbol, timeframe }, 'file', clock.now())), timeframe, empty: [] }
}

/** What is there in the span, with `extra` bars that no file has. */
async function look(
  deps: ReadingDeps,
  record: SeriesRecord,
  { startMs, endMs }: Span,
  extra: readonly Bar[],
): Promise<{ count: number; gaps: readonly FoundGap[] }> {
  const { stepMs } = timeframeFacts[record.timeframe]
  const coverage = await deps.files.coverage(record, startMs)
  const runs: BarRun[] = [
    ...coverage.runs,
    ...extra.map(({ timeMs }) => ({ firstMs: timeMs, lastMs: timeMs })),
  ].sort((a, b) => a.firstMs - b.firstMs)
  return {
    count: barsWithin(runs, startMs, endMs, stepMs),
    gaps: gapsBetween(deps, { record }, { ...coverage, runs }, startMs, endMs),
  }
}

/** Asks IB for the gaps. Bars of a series on the list are in its file when this resolves. */
async function fetchMissing(
  deps: ReadingDeps,
  record: SeriesRecord,
  state: SeriesState | undefined,
  gaps: readonly FoundGap[],
  signal: AbortSignal,
): Promise<Fetched> {
  const over = new AbortController()
  const cancel = deps.clock.schedule(fetchMs, () =>
    over.abort(new FleetError('CONNECTION_TIMEOUT', `IB had not sent all of it within ${fetchMs / 1000} s.`)),
  )
  const asking = { priority: 'interactive' as const, signal: AbortSignal.any([signal, over.signal]) }
  const portions: Bar[][] = []
  let empty: readonly EmptyRange[] = []
  let count = 0
  try {
    const fetchGaps = async () => {
      const contract = await deps.contracts.qualify(record, asking)
      const times = await deps.calendar.learn(record, contract, asking)
      const wanted = gaps.filter(isFillable)
      const { runs } = await deps.files.coverage(record, wanted[0]?.startMs ?? 0)
      for await (const portion of deps.history.portions(record, contract, times, wanted, asking)) {
        if (state) {
          count += await keepPortion(deps, state, portion)
          continue
        }
        const missing = notCovered(portion.bars, runs, record.timeframe)
        count += missing.length
        portions.unshift(missing)
        if (portion.empty) empty = withEmptyRange(empty, portion.empty, 0)
      }
    }
    // A fill of the series may be under way, and last for minutes.
    await deps.turns.take(seriesKey(record), fetchGaps, asking.signal)
    return { bars: portions.flat(), empty, count }
  } catch (error) {
    signal.throwIfAborted()
    if (!isFleetError(error) || /^BAR/.test(error.code)) throw error
    return { bars: portions.flat(), empty, count, error }
  } finally {
    cancel()
  }
}

const nothing: Fetched = { bars: [], empty: [], count: 0 }

const isAboutContract = ({ code }: FleetError) => /^CONTRACT_/.test(code)

function whyIncomplete({ connection }: ReadingDeps, request: BarsRequest, { error }: Fetched): string {
  if (error) return error.message
  if (!request.fetch) return 'Local bars only, as asked for.'
  return connection.isUsable
    ? 'IB did not send all of it; ask again later.'
    : `Local bars only. ${connection.trouble}`
}

/** Both in one ascending list, portion by portion; they have no bar in common, and `fetched` is ascending too. */
async function* together(
  local: AsyncIterable<readonly Bar[]>,
  fetched: readonly Bar[],
  { startMs, endMs }: Span,
): AsyncGenerator<readonly Bar[]> {
  const wanted = fetched.filter(({ timeMs }) => timeMs >= startMs && timeMs < endMs)
  let next = 0
  for await (const bars of local) {
    const lastMs = bars.at(-1)?.timeMs ?? 0
    const from = next
    while (next < wanted.length && (wanted[next]?.timeMs ?? 0) <= lastMs) next++
    yield [...bars, ...wanted.slice(from, next)].sort((a, b) => a.timeMs - b.timeMs)
  }
  yield wanted.slice(next)
}
