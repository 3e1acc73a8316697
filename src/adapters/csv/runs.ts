// Times of bars as runs without holes: how they are gathered, cut and joined. Pure.
import type { Timeframe } from '../../../schemas/market-data.ts'
import type { BarRun } from '../../ports/bar-files.ts'

const minuteMs = 60_000

/** From one bar's start to the next one's, where no session ends between them. */
export const stepMs: Readonly<Record<Timeframe, number>> = {
  '1m': minuteMs,
  '5m': 5 * minuteMs,
  '15m': 15 * minuteMs,
  '30m': 30 * minuteMs,
  '1h': 60 * minuteMs,
  '4h': 240 * minuteMs,
  '1d': 1440 * minuteMs,
}

/** Gathers ascending times into runs. */
export class RunBuilder {
  readonly runs: Array<{ firstMs: number; lastMs: number }> = []
  readonly #stepMs: number

  constructor(timeframe: Timeframe) {
    this.#stepMs = stepMs[timeframe]
  }

  add(timeMs: number): void {
    const last = this.runs.at(-1)
    if (last && last.lastMs + this.#stepMs === timeMs) last.lastMs = timeMs
    else this.runs.push({ firstMs: timeMs, lastMs: timeMs })
  }
}

/** What of `runs` begins at or after `sinceMs`. */
export function runsSince(runs: readonly BarRun[], sinceMs: number, timeframe: Timeframe): BarRun[] {
  const step = stepMs[timeframe]
  return runs.flatMap(({ firstMs, lastMs }) => {
    if (lastMs < sinceMs) return []
    if (firstMs >= sinceMs) return [{ firstMs, lastMs }]
    return [{ firstMs: firstMs + Math.ceil((sinceMs - firstMs) / step) * step, lastMs }]
  })
}

/** `runs` and the ascending `times`, which may lie in them, together. */
export function joinRuns(runs: readonly BarRun[], times: readonly number[], timeframe: Timeframe): BarRun[] {
  const added = new RunBuilder(timeframe)
  for (const timeMs of times) added.add(timeMs)
  const step = stepMs[timeframe]
  const joined: Array<{ firstMs: number; lastMs: number }> = []
  for (const run of [...runs, ...added.runs].sort((a, b) => a.firstMs - b.firstMs)) {
    const last = joined.at(-1)
    const isOnGrid = last && (run.firstMs - last.firstMs) % step === 0
    if (last && isOnGrid && run.firstMs <= last.lastMs + step) last.lastMs = Math.max(last.lastMs, run.lastMs)
    else joined.push({ ...run })
  }
  return joined
}

export function barsIn(runs: readonly BarRun[], timeframe: Timeframe): number {
  const step = stepMs[timeframe]
  return runs.reduce((count, { firstMs, lastMs }) => count + (lastMs - firstMs) / step + 1, 0)
}
