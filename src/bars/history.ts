// Historical bars from IB: portion by portion, newest first, each checked, with what IB did not have.
import type { TradingTimes } from '../calendar/session.ts'
import type { Clock } from '../ports/clock.ts'
import type { IbBar, IbContract } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import type { Bar } from '../ports/market-data.ts'
import type { EmptyRange, SeriesRecord } from '../ports/stores.ts'
import { Turns } from '../ports/turns.ts'
import { checkBars } from './checked-bars.ts'
import { type BarRequest, planRequests } from './chunks.ts'
import type { QualifiedContract } from './contracts.ts'
import type { Asking, DataRequester } from './data-link.ts'
import { barsWithin } from './empty-ranges.ts'
import { type FoundGap, findGaps } from './gaps.ts'
import { askPatiently, refusalOf } from './refusals.ts'
import { contractKey, seriesTitle } from './series.ts'
import { timeframeFacts } from './timeframes.ts'

/** One answer of IB. */
export interface Portion {
  readonly request: BarRequest
  /** Ascending, whole, within the request. */
  readonly bars: readonly Bar[]
  /** Present when bars that the calendar expects are not among them. */
  readonly empty?: EmptyRange
  /** Requests still to come. */
  readonly left: number
}

/** IB is slow with years of bars. */
const timeoutMs = 60_000
/** IB may not have the latest bars yet, so their absence means nothing. */
const settledAfterMs = 10 * 60_000
const headGoodForMs = 86_400_000

export class History {
  readonly #requester: DataRequester
  readonly #clock: Clock
  readonly #log: Log
  readonly #turns = new Turns()
  readonly #heads = new Map<string, { readonly ms: number; readonly askedMs: number }>()

  constructor(deps: { requester: DataRequester; clock: Clock; log: Log }) {
    this.#requester = deps.requester
    this.#clock = deps.clock
    this.#log = deps.log
  }

  /** When IB's data begins, epoch milliseconds; -Infinity where IB does not say. Asked once a day; fails as DataRequester.request but for a refusal. */
  head(series: SeriesRecord, { contract }: QualifiedContract, asking: Asking): Promise<number> {
    const key = headKey(series)
    // One at a time, so that of several series of a contract only the first asks.
    return this.#turns.take(key, () => this.#askHead(key, series, contract, asking), asking.signal)
  }

  async #askHead(key: string, series: SeriesRecord, contract: IbContract, asking: Asking): Promise<number> {
    const { whatToShow, useRth } = series
    const known = this.#heads.get(key)
    if (known && this.#clock.monotonicMs() - known.askedMs < headGoodForMs) return known.ms
    const ms = await this.#patiently(series, () =>
      this.#requester.request('headTimestamp', { contract, whatToShow, useRth }, asking),
    ).catch((error) => {
      if (/refused|no-data/.test(refusalOf(error))) return Number.NaN
      throw error
    })
    const head = {
      ms: Number.isFinite(ms) ? ms : Number.NEGATIVE_INFINITY,
      askedMs: this.#clock.monotonicMs(),
    }
    this.#heads.set(key, head)
    return head.ms
  }

  /** What IB said last, without asking; -Infinity where it has not. */
  knownHead(series: SeriesRecord): number {
    return this.#heads.get(headKey(series))?.ms ?? Number.NEGATIVE_INFINITY
  }

  /** Asks for what is missing. Ends early with the error of the request that failed; what was yielded before is good. */
  async *portions(
    series: SeriesRecord,
    contract: QualifiedContract,
    times: TradingTimes,
    gaps: readonly FoundGap[],
    asking: Asking,
  ): AsyncGenerator<Portion> {
    const requests = planRequests(gaps, series.timeframe, times)
    let left = requests.length
    for (const request of requests) {
      asking.signal?.throwIfAborted()
      const raw = await this.#ask(series, contract, request, asking)
      const askedAt = this.#clock.now()
      const { bars, problems } = checkBars(raw, {
        timeframe: series.timeframe,
        times,
        startMs: request.startMs,
        endMs: request.endMs,
        nowMs: askedAt,
        secType: series.secType,
      })
      if (problems.length > 0)
        this.#log.warn(
          { series: seriesTitle(series), problems: problems.slice(0, 5), count: problems.length },
          'IB sent bars that cannot be used',
        )
      left--
      const empty = emptyRange(series, times, request, bars, askedAt)
      yield { request, bars, left, ...(empty && { empty }) }
    }
  }

  async #ask(
    series: SeriesRecord,
    { contract }: QualifiedContract,
    { askEndMs, duration }: BarRequest,
    asking: Asking,
  ): Promise<readonly IbBar[]> {
    const { whatToShow, useRth, timeframe } = series
    const { barSize } = timeframeFacts[timeframe]
    try {
      return await this.#patiently(series, () =>
        this.#requester.request(
          'historicalBars',
          { contract, endMs: askEndMs, duration, barSize, whatToShow, useRth },
          { timeoutMs, ...asking },
        ),
      )
    } catch (error) {
      if (refusalOf(error) === 'no-data') return []
      throw error
    }
  }

  #patiently<T>(series: SeriesRecord, ask: () => Promise<T>): Promise<T> {
    return askPatiently(ask, (err) => this.#log.warn({ series: seriesTitle(series), err }, 'asking IB again'))
  }
}

function headKey(series: SeriesRecord): string {
  return `${contractKey(series)}/${series.whatToShow}/${series.useRth}`
}

/** The asked stretch, if something that the calendar expects there did not come; without the latest minutes. */
function emptyRange(
  { timeframe }: SeriesRecord,
  times: TradingTimes,
  { startMs, endMs }: BarRequest,
  bars: readonly Bar[],
  askedAt: number,
): EmptyRange | undefined {
  const { stepMs } = timeframeFacts[timeframe]
  const toMs = Math.min(endMs, askedAt - settledAfterMs)
  if (toMs <= startMs) return undefined
  const runs = bars.map(({ timeMs }) => ({ firstMs: timeMs, lastMs: timeMs }))
  const missing = findGaps({
    timeframe,
    runs,
    times,
    fromMs: startMs,
    toMs,
    // The trading day of a daily bar may end in the night after its date by UTC.
    nowMs: askedAt - settledAfterMs,
    empty: [],
    outages: [],
  })
  if (missing.length === 0) return undefined
  return { fromMs: startMs, toMs, askedAt, bars: barsWithin(runs, startMs, toMs, stepMs) }
}
