// Pages of series and gaps: each begins after the last item of the page before, whatever was added or removed meanwhile. Pure.
import { FleetError } from '../ports/errors.ts'
import type { SeriesName } from '../ports/market-data.ts'
import { bySeriesName, seriesKey } from './series.ts'
import { timeframeFacts } from './timeframes.ts'

/** Where an item stands in a list: by series, then by time. */
export interface Place extends SeriesName {
  /** Epoch milliseconds; 0 of what stands for its whole series. */
  readonly startMs: number
}

export interface PageQuery {
  readonly limit: number
  /** `nextCursor` of the page before. */
  readonly cursor?: string
}

/** The items of `all`, which is ascending by place, that follow the cursor. INVALID_REQUEST for a cursor that no list gave. */
export function page<T>(
  all: readonly T[],
  placeOf: (item: T) => Place,
  { limit, cursor }: PageQuery,
): { items: T[]; nextCursor?: string } {
  const after = cursor === undefined ? undefined : placeAt(cursor)
  const rest = after ? all.filter((item) => byPlace(placeOf(item), after) > 0) : all
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  return { items, ...(last && rest.length > limit && { nextCursor: cursorAt(placeOf(last)) }) }
}

function byPlace(a: Place, b: Place): number {
  return bySeriesName(a, b) || a.startMs - b.startMs
}

/** The symbol comes last, since it may hold anything. */
const cursorAt = (place: Place) => `${place.startMs}/${seriesKey(place)}`

function placeAt(cursor: string): Place {
  const [, startMs, timeframe, symbol] = /^(\d{1,15})\/([^/]+)\/(.+)$/s.exec(cursor) ?? []
  if (startMs !== undefined && symbol !== undefined && isTimeframe(timeframe))
    return { symbol, timeframe, startMs: Number(startMs) }
  throw new FleetError('INVALID_REQUEST', 'cursor must be the nextCursor of the page before.', {
    faults: [{ path: 'query/cursor', message: 'must be the nextCursor of the page before' }],
  })
}

function isTimeframe(text: string | undefined): text is Place['timeframe'] {
  return text !== undefined && Object.hasOwn(timeframeFacts, text)
}
