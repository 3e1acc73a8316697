// Bar files that are only in memory, held to the same contract as those on disk; a test can damage and lock them.
import { inOrder } from '../../src/adapters/csv/names.ts'
import { RunBuilder } from '../../src/adapters/csv/runs.ts'
import type { BarFiles, Coverage } from '../../src/ports/bar-files.ts'
import { FleetError } from '../../src/ports/errors.ts'
import type { Bar, SeriesName } from '../../src/ports/market-data.ts'

const portionBars = 1_000

export class FakeBarFiles implements BarFiles {
  readonly #files = new Map<string, { name: SeriesName; bars: Map<number, Bar> }>()
  readonly #troubles = new Map<string, FleetError>()
  #folderTrouble: FleetError | undefined
  /** Calls so far, for tests that count them: `coverage AAPL 1m`. */
  readonly calls: string[] = []

  /** Puts a file there, or replaces what it holds. */
  plant(name: SeriesName, bars: readonly Bar[] = []): void {
    this.#files.set(keyOf(name), {
      name: onlyName(name),
      bars: new Map(bars.map((bar) => [bar.timeMs, bar])),
    })
  }

  /** All that the file of `name` holds, ascending. */
  barsOf(name: SeriesName): Bar[] {
    const bars = this.#files.get(keyOf(name))?.bars.values() ?? []
    return [...bars].sort((a, b) => a.timeMs - b.timeMs)
  }

  remove(name: SeriesName): void {
    this.#files.delete(keyOf(name))
  }

  /** From now on its coverage, its bars and merges fail with BAR_FILE_DAMAGED. */
  damage(name: SeriesName, line = 2): void {
    const what = `${keyOf(name)}: /bars/${name.symbol}/${name.timeframe}.csv line ${line}: open is not a number`
    this.#troubles.set(keyOf(name), new FleetError('BAR_FILE_DAMAGED', `${what}; mend or remove that line`))
  }

  /** From now on merges into it fail with BAR_FILE_LOCKED. */
  lock(name: SeriesName): void {
    const what = `${keyOf(name)}: another process has held it for 15 s.`
    this.#troubles.set(keyOf(name), new FleetError('BAR_FILE_LOCKED', what, { retryAfterMs: 10_000 }))
  }

  /** Ends what `damage` or `lock` began. */
  mend(name: SeriesName): void {
    this.#troubles.delete(keyOf(name))
  }

  /** While true everything fails with BARS_DIR_UNUSABLE. */
  setDiskFull(isFull: boolean): void {
    this.#folderTrouble = isFull
      ? new FleetError('BARS_DIR_UNUSABLE', 'BARS_DIR /bars cannot be used: its disk is full (ENOSPC).')
      : undefined
  }

  async list(): Promise<SeriesName[]> {
    this.#begin('list')
    return [...this.#files.values()].map(({ name }) => name).sort(inOrder)
  }

  async coverage(name: SeriesName, sinceMs: number): Promise<Coverage> {
    this.#begin('coverage', name)
    this.#checkWhole(name)
    const times = this.barsOf(name).map(({ timeMs }) => timeMs)
    const since = times.filter((timeMs) => timeMs >= sinceMs)
    const builder = new RunBuilder(name.timeframe)
    for (const timeMs of since) builder.add(timeMs)
    const [firstMs, lastMs] = [times[0], times.at(-1)]
    const ends = firstMs === undefined || lastMs === undefined ? {} : { firstMs, lastMs }
    return { runs: builder.runs, bars: since.length, ...ends }
  }

  async *read(name: SeriesName, startMs: number, endMs: number): AsyncGenerator<readonly Bar[]> {
    this.#begin('read', name)
    this.#checkWhole(name)
    const bars = this.barsOf(name).filter(({ timeMs }) => timeMs >= startMs && timeMs < endMs)
    for (let at = 0; at < bars.length; at += portionBars) yield bars.slice(at, at + portionBars)
  }

  async merge(name: SeriesName, bars: readonly Bar[]): Promise<{ added: number; changed: number }> {
    this.#begin('merge', name)
    const trouble = this.#troubles.get(keyOf(name))
    if (trouble) throw trouble
    if (bars.length === 0) return { added: 0, changed: 0 }
    if (!this.#files.has(keyOf(name))) this.plant(name)
    const kept = this.#files.get(keyOf(name))?.bars ?? new Map<number, Bar>()
    let [added, changed] = [0, 0]
    for (const bar of bars) {
      const old = kept.get(bar.timeMs)
      if (!old) added++
      else if (!isEqual(old, bar)) changed++
      kept.set(bar.timeMs, bar)
    }
    return { added, changed }
  }

  async has(name: SeriesName): Promise<boolean> {
    this.#begin('has', name)
    return this.#files.has(keyOf(name))
  }

  async close(): Promise<void> {}

  #begin(call: string, name?: SeriesName): void {
    this.calls.push(name ? `${call} ${keyOf(name)}` : call)
    if (this.#folderTrouble) throw this.#folderTrouble
  }

  #checkWhole(name: SeriesName): void {
    const trouble = this.#troubles.get(keyOf(name))
    if (trouble?.code === 'BAR_FILE_DAMAGED') throw trouble
  }
}

function keyOf({ symbol, timeframe }: SeriesName): string {
  return `${symbol} ${timeframe}`
}

function onlyName({ symbol, timeframe }: SeriesName): SeriesName {
  return { symbol, timeframe }
}

function isEqual(a: Bar, b: Bar): boolean {
  return (['open', 'high', 'low', 'close', 'volume'] as const).every((field) => a[field] === b[field])
}
