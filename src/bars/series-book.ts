// The series that are kept: those asked for and those found as files, each with what the last look at its file and at IB has shown.
import type { Series, SeriesCreate } from '../../schemas/market-data.ts'
import type { BarFiles, Coverage } from '../ports/bar-files.ts'
import type { Clock } from '../ports/clock.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type { SeriesName } from '../ports/market-data.ts'
import type { SeriesRecord, SeriesStore } from '../ports/stores.ts'
import { Turns } from '../ports/turns.ts'
import { type FoundGap, isFillable } from './gaps.ts'
import { bySeriesName, newSeries, seriesKey, seriesTitle } from './series.ts'

export interface SeriesState {
  record: SeriesRecord
  /** As of the last look at the file; null before the first, and when it could not be read. */
  coverage: Coverage | null
  gaps: readonly FoundGap[]
  scannedAt?: number
  problem?: { readonly code: string; readonly message: string }
  /** Aborted when the series is taken off the list. */
  readonly removed: AbortController
}

export class SeriesBook {
  readonly #store: SeriesStore
  readonly #files: BarFiles
  readonly #clock: Clock
  readonly #states = new Map<string, SeriesState>()
  /** Writes of one series follow each other. */
  readonly #writing = new Turns()

  constructor(deps: { store: SeriesStore; files: BarFiles; clock: Clock }) {
    this.#store = deps.store
    this.#files = deps.files
    this.#clock = deps.clock
  }

  /**
   * Reads what is stored, which others may have changed, and finds files that are on no list. STORE_UNAVAILABLE, BARS_DIR_UNUSABLE: what was
   * known stays.
   */
  async refresh(): Promise<void> {
    const stored = await this.#store.list()
    const present = new Set(stored.map(seriesKey))
    for (const record of stored) this.#take(record)
    for (const [key, state] of this.#states) if (!present.has(key)) this.#drop(key, state)
    for (const name of await this.#files.list()) {
      if (this.#states.has(seriesKey(name))) continue
      const record = newSeries(name, 'file', this.#clock.now())
      await this.#store.put(record)
      this.#take(record)
    }
  }

  /** Those that are looked after, by name. */
  all(): SeriesState[] {
    return [...this.#states.values()]
      .filter(({ record }) => record.origin !== 'ignored')
      .sort((a, b) => bySeriesName(a.record, b.record))
  }

  /** One that is looked after. */
  find(name: SeriesName): SeriesState | undefined {
    const state = this.#states.get(seriesKey(name))
    return state?.record.origin === 'ignored' ? undefined : state
  }

  /** Any definition that fits the symbol, tracked ones first: timeframes of one symbol are of one contract. */
  definitionOf(symbol: string): SeriesRecord | undefined {
    const known = this.all().filter(({ record }) => record.symbol === symbol)
    return (known.find(({ record }) => record.origin === 'tracked') ?? known[0])?.record
  }

  /** SERIES_EXISTS when it is tracked already; STORE_UNAVAILABLE. */
  async track(body: SeriesCreate): Promise<SeriesState> {
    const known = this.find(body)
    if (known?.record.origin === 'tracked')
      throw new FleetError(
        'SERIES_EXISTS',
        `${seriesTitle(body)} is tracked already, as ${known.record.secType} on ${known.record.exchange} in ${known.record.currency}. Remove it first to track another contract under this symbol.`,
      )
    const record = newSeries(body, 'tracked', this.#clock.now())
    const key = seriesKey(record)
    const before = this.#states.get(key)
    const state: SeriesState = { record, coverage: null, gaps: [], removed: new AbortController() }
    // At once, so that of two that ask at the same time the second is refused.
    this.#states.set(key, state)
    try {
      await this.#write(record)
    } catch (error) {
      if (before) this.#states.set(key, before)
      else this.#states.delete(key)
      throw error
    }
    before?.removed.abort(untracked(record))
    return state
  }

  /** SERIES_NOT_FOUND; STORE_UNAVAILABLE, and then nothing has changed. */
  async untrack(name: SeriesName): Promise<void> {
    const state = this.find(name)
    if (!state)
      throw new FleetError(
        'SERIES_NOT_FOUND',
        `There is no series ${seriesTitle(name)}; GET /series lists them.`,
      )
    if (await this.#files.has(name)) await this.#write({ ...state.record, origin: 'ignored', empty: [] })
    else {
      await this.#store.delete(name.symbol, name.timeframe)
      this.#states.delete(seriesKey(name))
    }
    state.removed.abort(untracked(name))
  }

  /** Keeps what has been learned of a series; nothing when it was taken off the list meanwhile. */
  async remember(state: SeriesState, change: Pick<SeriesRecord, 'empty'>): Promise<void> {
    if (this.#states.get(seriesKey(state.record)) !== state || state.removed.signal.aborted) return
    await this.#write({ ...state.record, ...change })
  }

  #write(record: SeriesRecord): Promise<void> {
    return this.#writing.take(seriesKey(record), async () => {
      await this.#store.put(record)
      this.#take(record)
    })
  }

  #take(record: SeriesRecord): void {
    const key = seriesKey(record)
    const state = this.#states.get(key)
    if (state) state.record = record
    else this.#states.set(key, { record, coverage: null, gaps: [], removed: new AbortController() })
  }

  #drop(key: string, state: SeriesState): void {
    // One that is being written is not in the store yet.
    if (this.#writing.has(key)) return
    this.#states.delete(key)
    state.removed.abort(untracked(state.record))
  }
}

/** What a failure says of a series; undefined for one that is about none. */
export function problemOf(error: unknown): SeriesState['problem'] {
  return isFleetError(error) ? { code: error.code, message: error.message } : undefined
}

/** As the API shows it. */
export function seriesView({ record, coverage, gaps, scannedAt, problem }: SeriesState): Series {
  const { empty: _empty, createdAt: _createdAt, origin, ...definition } = record
  return {
    ...definition,
    origin: origin === 'tracked' ? 'tracked' : 'file',
    ...(coverage?.firstMs !== undefined && { firstBarAt: stamp(coverage.firstMs) }),
    ...(coverage?.lastMs !== undefined && { lastBarAt: stamp(coverage.lastMs) }),
    ...(scannedAt !== undefined && { scannedAt: stamp(scannedAt), gaps: gaps.filter(isFillable).length }),
    ...(problem && { problem: { ...problem } }),
  }
}

const stamp = (ms: number) => new Date(ms).toISOString()

function untracked(name: SeriesName): FleetError {
  return new FleetError('SERIES_NOT_FOUND', `${seriesTitle(name)} was taken off the list.`)
}
