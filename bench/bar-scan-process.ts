// The measured side of bench/bar-scan: the bar files of one folder, asked for everything as the gap filler asks.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createBarFiles } from '../src/adapters/csv/bar-files.ts'
import { readProcesses } from '../src/adapters/embedded/processes.ts'
import { systemClock } from '../src/adapters/system-clock.ts'
import type { BarFiles } from '../src/ports/bar-files.ts'
import type { Log } from '../src/ports/log.ts'

export interface ScanTask {
  readonly dir: string
  readonly sinceMs: number
  /** That many must be found. */
  readonly bars: number
}

export interface ScanCosts {
  readonly firstMs: number
  readonly againMs: number
  readonly peakMb: number
  readonly loopP99Ms: number
  readonly mergeMs: number
}

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }

process.once('message', async ({ dir, sinceMs, bars }: ScanTask) => {
  const files = createBarFiles({ dir, log: quiet, clock: systemClock(), processes: readProcesses() })
  const loop = monitorEventLoopDelay({ resolution: 5 })
  loop.enable()
  const firstMs = await timed(() => scan(files, sinceMs, bars))
  loop.disable()
  const againMs = await timed(() => scan(files, sinceMs, bars))
  const peakMb = process.resourceUsage().maxRSS / 1024
  const mergeMs = await timed(() => mergeDay(files))
  await files.close()
  process.send?.({
    firstMs,
    againMs,
    peakMb,
    loopP99Ms: loop.percentile(99) / 1e6,
    mergeMs,
  } satisfies ScanCosts)
  process.disconnect?.()
})

async function scan(files: BarFiles, sinceMs: number, bars: number): Promise<void> {
  const series = await files.list()
  const coverages = await Promise.all(series.map((name) => files.coverage(name, sinceMs)))
  const found = coverages.reduce((sum, coverage) => sum + coverage.bars, 0)
  if (found !== bars) throw new Error(`${found} bars found instead of ${bars}`)
}

/** 400 bars after the last one of the first series. */
async function mergeDay(files: BarFiles): Promise<void> {
  const [name] = await files.list()
  if (!name) throw new Error('there are no series')
  const { lastMs = 0 } = await files.coverage(name, Number.MAX_SAFE_INTEGER)
  const bars = Array.from({ length: 400 }, (_, index) => ({
    timeMs: lastMs + (index + 1) * 60_000,
    open: 100,
    high: 101,
    low: 99,
    close: 100.5,
    volume: 1000,
  }))
  const { added } = await files.merge(name, bars)
  if (added !== bars.length) throw new Error(`${added} bars added`)
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
