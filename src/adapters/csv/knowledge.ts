// What has been found out about files, kept while they are unchanged.
import type { BarRun, Coverage } from '../../ports/bar-files.ts'
import type { Bar, SeriesName } from '../../ports/market-data.ts'
import { damaged } from './failures.ts'
import { barsIn, joinRuns, runsSince } from './runs.ts'
import type { Survey } from './survey.ts'

export interface FoundFile {
  readonly path: string
  readonly identity: string
}

/** The last survey of each file, by path. */
export class Knowledge {
  readonly #surveys = new Map<string, Survey>()

  /** What is known of the file as it is now. */
  of({ path, identity }: FoundFile): Survey | undefined {
    const survey = this.#surveys.get(path)
    return survey?.identity === identity ? survey : undefined
  }

  /** A part of the same file that was read does not undo that all of it was once. */
  learn(path: string, survey: Survey): Survey {
    const wasWhole = this.of({ path, identity: survey.identity })?.isWhole ?? false
    const known = wasWhole && !survey.damage ? { ...survey, isWhole: true } : survey
    this.#surveys.set(path, known)
    return known
  }

  /** After bars were merged into a file that was known to be sound. */
  learnMerge(path: string, identity: string, { timeframe }: SeriesName, bars: readonly Bar[]): void {
    const times = bars.map(({ timeMs }) => timeMs)
    const [first, last] = [times[0], times.at(-1)]
    if (first === undefined || last === undefined) return
    const old = this.#surveys.get(path)
    const sinceMs = old?.sinceMs ?? Number.NEGATIVE_INFINITY
    this.#surveys.set(path, {
      identity,
      sinceMs,
      isWhole: true,
      runs: joinRuns(
        old?.runs ?? [],
        times.filter((timeMs) => timeMs >= sinceMs),
        timeframe,
      ),
      firstMs: Math.min(first, old?.firstMs ?? first),
      lastMs: Math.max(last, old?.lastMs ?? last),
    })
  }

  forget(path: string): void {
    this.#surveys.delete(path)
  }
}

/** What a survey says to someone who asks since a time that it includes. BAR_FILE_DAMAGED. */
export function coverageIn(survey: Survey, name: SeriesName, path: string, sinceMs: number): Coverage {
  if (survey.damage) throw damaged(name, path, survey.damage)
  const runs: BarRun[] = runsSince(survey.runs, sinceMs, name.timeframe)
  const { firstMs, lastMs } = survey
  const ends = firstMs === undefined || lastMs === undefined ? {} : { firstMs, lastMs }
  return { runs, bars: barsIn(runs, name.timeframe), ...ends }
}
