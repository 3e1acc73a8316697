// Reading a file through for what it covers; runs in the worker threads.
import type { Timeframe } from '../../../schemas/market-data.ts'
import type { BarRun } from '../../ports/bar-files.ts'
import { linesOf, openSource, type Source } from './bytes.ts'
import { FileFault, RowReader } from './rows.ts'
import { RunBuilder } from './runs.ts'
import { headOf, lineAt, seek } from './seek.ts'

const surveyBytes = 256 * 1024
/** A file that somebody keeps writing into is taken as it is after so many tries. */
const tries = 3

export interface SurveyTask {
  readonly path: string
  readonly timeframe: Timeframe
  /** What is earlier is not told, and where it can be helped not read. */
  readonly sinceMs: number
  /** Whether all of it is to be read nevertheless. */
  readonly whole: boolean
}

/** What a file was found to be. */
export interface Survey {
  readonly identity: string
  readonly sinceMs: number
  /** Whether every line has been read, and all are sound. */
  readonly isWhole: boolean
  readonly runs: readonly BarRun[]
  readonly firstMs?: number
  readonly lastMs?: number
  readonly damage?: Damage
}

export interface Damage {
  readonly line: number
  readonly what: string
}

/** Null when there is no file. Errors of the system as they come. */
export async function survey(task: SurveyTask): Promise<Survey | null> {
  for (let left = tries; ; left--) {
    const source = await openSource(task.path)
    if (!source) return null
    try {
      const found = await surveyOpen(source, task)
      const again = left > 1 && (await openSource(task.path))
      if (!again) return found
      await again.handle.close()
      if (again.identity === source.identity) return found
    } finally {
      await source.handle.close()
    }
  }
}

/** The line and the reason; errors that are no faults of the file are thrown on. */
export async function damageOf(source: Source, error: unknown): Promise<Damage> {
  if (!(error instanceof FileFault)) throw error
  return { line: await lineAt(source, error.at), what: error.message }
}

async function surveyOpen(source: Source, { timeframe, sinceMs, whole }: SurveyTask): Promise<Survey> {
  const { identity } = source
  try {
    const { manner, text } = await headOf(source)
    const from = whole ? manner.bodyStart : await seek(source, manner, sinceMs)
    const builder = new RunBuilder(timeframe)
    let [firstMs, lastMs] = [Number.NaN, Number.NaN]
    new RowReader(manner, timeframe).read(text.slice(manner.bodyStart), manner.bodyStart, ({ timeMs }) => {
      firstMs = timeMs
      return false
    })
    const reader = new RowReader(manner, timeframe)
    for await (const portion of linesOf(source, from, surveyBytes))
      reader.read(portion.text, portion.at, ({ timeMs }) => {
        lastMs = timeMs
        if (timeMs >= sinceMs) builder.add(timeMs)
        return true
      })
    const ends = Number.isNaN(lastMs) ? {} : { firstMs, lastMs }
    return { identity, sinceMs, isWhole: from === manner.bodyStart, runs: builder.runs, ...ends }
  } catch (error) {
    return { identity, sinceMs, isWhole: false, runs: [], damage: await damageOf(source, error) }
  }
}
