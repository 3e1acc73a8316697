// From a run that failed to the few things that it takes: halves, quarters, single happenings are left out as long as it still fails.
import type { Happening } from './happenings.ts'
import { type SimulationOptions, type SimulationReport, simulate } from './simulate.ts'

export interface Shrunk {
  readonly happenings: readonly Happening[]
  readonly report: SimulationReport
  /** Runs that it took. */
  readonly runs: number
}

/** The same promise broken, whoever was hit and whenever. */
const kindOf = ({ violations }: SimulationReport) => violations[0]?.what.replace(/[\d.]+/g, '#').slice(0, 60)

/** Ends after `seconds`, with the smallest that was found until then. */
export async function shrink(
  options: SimulationOptions,
  failed: SimulationReport,
  seconds: number,
  run: typeof simulate = simulate,
): Promise<Shrunk> {
  const until = performance.now() + seconds * 1_000
  const failedAtMs = failed.violations[0]?.atMs ?? 0
  let best = failed
  let happenings = failed.happenings.filter(({ at }) => at <= failedAtMs)
  let runs = 0
  const attempt = async (candidate: readonly Happening[]): Promise<boolean> => {
    runs++
    const report = await run({ ...options, choose: () => candidate })
    if (kindOf(report) !== kindOf(failed)) return false
    best = report
    happenings = [...candidate]
    return true
  }
  let parts = 2
  while (happenings.length > 1 && performance.now() < until) {
    const size = Math.ceil(happenings.length / parts)
    let smaller = false
    for (let from = 0; from < happenings.length && performance.now() < until; from += size) {
      smaller = await attempt([...happenings.slice(0, from), ...happenings.slice(from + size)])
      if (smaller) break
    }
    if (smaller) parts = Math.max(2, parts - 1)
    else if (size === 1) break
    else parts = Math.min(happenings.length, parts * 2)
  }
  for (const long of happenings.filter(({ forMs }) => forMs > 10_000)) {
    if (performance.now() > until) break
    const half = { ...long, forMs: Math.round(long.forMs / 2) }
    await attempt(happenings.map((happening) => (happening === long ? half : happening)))
  }
  return { happenings, report: best, runs }
}
