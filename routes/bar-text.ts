// Bars as text, JSON or CSV, in chunks: an answer of any length is never built whole.
import { setImmediate } from 'node:timers/promises'
import type { Bar, BarsAnswer, SeriesName } from '../src/ports/market-data.ts'

/** Of a chunk: enough to make its overhead small, few enough to hold nobody else up. */
const barsPerChunk = 1_000

/** The text of `bars`, whose first chunk holds the first bars, so that what stands in their way fails before any text is there. */
export async function* barsAsJson({ bars, ...answer }: BarsAnswer): AsyncGenerator<string> {
  const { symbol, timeframe, source, complete, gaps, note } = answer
  const head = JSON.stringify({ symbol, timeframe, source, complete, gaps, note })
  let before = `${head.slice(0, -1)},"bars":[`
  for await (const chunk of chunked(bars)) {
    yield before + chunk.map((bar) => JSON.stringify(wireBar(bar))).join(',')
    before = ','
  }
  // Without any bar, the head has not been sent yet.
  yield before === ',' ? ']}' : `${before}]}`
}

/** The same as lines of the columns that bar files have. */
export async function* barsAsCsv({ bars }: BarsAnswer): AsyncGenerator<string> {
  let before = 'timestamp,open,high,low,close,volume\n'
  for await (const chunk of chunked(bars)) {
    yield before + chunk.map(csvLine).join('')
    before = ''
  }
  if (before !== '') yield before
}

/** A bar as the API shows it, the fields in the order of the columns. */
export function wireBar({ timeMs, open, high, low, close, volume }: Bar) {
  return { timestamp: wireTime(timeMs), open, high, low, close, volume }
}

function csvLine({ timeMs, open, high, low, close, volume }: Bar): string {
  return `${wireTime(timeMs)},${open},${high},${low},${close},${volume}\n`
}

/** Bars begin on whole seconds, and their times are shown so. */
function wireTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}

/** A name that no file system and no header takes for anything else, whatever the symbol is. */
export function csvFileName({ symbol, timeframe }: SeriesName): string {
  return `${symbol.replace(/[^A-Za-z0-9-]+/g, '_')}_${timeframe}.csv`
}

/** A fast reader would take chunk after chunk in one go; in between, others have their turn. */
async function* chunked(portions: AsyncIterable<readonly Bar[]>): AsyncGenerator<readonly Bar[]> {
  for await (const portion of portions) {
    for (let at = 0; at < portion.length; at += barsPerChunk) {
      yield portion.slice(at, at + barsPerChunk)
      await setImmediate()
    }
  }
}

/**
 * The same items, the first of them taken already: what fails at once fails here. Ending the iteration ends that of `items`, even before any
 * item has been asked for.
 */
export async function begun<T>(items: AsyncGenerator<T>): Promise<AsyncIterable<T>> {
  let first: IteratorResult<T> | undefined = await items.next()
  const rest: AsyncIterator<T> = {
    async next() {
      const result = first ?? (await items.next())
      first = undefined
      return result
    },
    return: () => items.return(undefined),
  }
  return { [Symbol.asyncIterator]: () => rest }
}
