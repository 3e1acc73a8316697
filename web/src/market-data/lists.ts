// The lists that the market data page asks for, page by page of the API, up to what a person could still look through.
import type { Gap, GapFillerStatus, Series } from '../../../schemas/market-data.ts'
import { api } from '../api.ts'

export interface MarketDataLists {
  readonly filler: GapFillerStatus
  readonly series: Listed<Series>
  readonly gaps: Listed<Gap>
}

export interface Listed<T> {
  readonly items: readonly T[]
  /** There are more than were asked for. */
  readonly more: boolean
}

const pageSize = 1_000
const mostPages = 5

export async function askMarketData(signal: AbortSignal): Promise<MarketDataLists> {
  const [filler, series, gaps] = await Promise.all([
    api<GapFillerStatus>('/system/gap-filler-status', { signal }),
    list<Series>('/series', signal),
    list<Gap>('/gaps', signal),
  ])
  return { filler, series, gaps }
}

async function list<T>(path: string, signal: AbortSignal): Promise<Listed<T>> {
  const items: T[] = []
  let cursor: string | undefined
  for (let page = 0; page < mostPages; page++) {
    const query = { limit: pageSize, cursor }
    const answer = await api<{ items: T[]; nextCursor?: string }>(path, { query, signal })
    items.push(...answer.items)
    cursor = answer.nextCursor
    if (cursor === undefined) return { items, more: false }
  }
  return { items, more: true }
}
