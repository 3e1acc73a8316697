// The BarFiles port on a folder of CSV files.
import { join } from 'node:path'
import type { BarFiles, Coverage } from '../../ports/bar-files.ts'
import type { Clock } from '../../ports/clock.ts'
import { FleetError } from '../../ports/errors.ts'
import type { Processes } from '../../ports/lock-holder.ts'
import type { Log } from '../../ports/log.ts'
import type { Bar, SeriesName } from '../../ports/market-data.ts'
import { Turns } from '../../ports/turns.ts'
import { linesOf, openSource, type Source } from './bytes.ts'
import { barsDirUnusable, damaged, inBarsDir } from './failures.ts'
import { findFile, listSeries, pathToWrite } from './folder.ts'
import { coverageIn, type FoundFile, Knowledge } from './knowledge.ts'
import { withLock } from './lock-file.ts'
import { makeFile, mergeInto } from './merge.ts'
import { nameOf, placesOf } from './names.ts'
import { FileFault, RowReader } from './rows.ts'
import { headOf, seek } from './seek.ts'
import { damageOf, type Survey } from './survey.ts'
import { Surveyors } from './surveyors.ts'
import { timeText, unwritable } from './values.ts'

/** Some 3,600 bars: a few milliseconds of work. */
const readBytes = 192 * 1024
/** A file that another program changes again and again under our hands. */
const mergeTries = 5

export interface BarFilesDeps {
  /** BARS_DIR; made at the first merge. */
  readonly dir: string
  readonly log: Log
  readonly clock: Clock
  readonly processes: Processes
}

/** Opens nothing yet, and starts no thread before there is something to read. */
export function createBarFiles(deps: BarFilesDeps): BarFiles {
  return new CsvBarFiles(deps)
}

class CsvBarFiles implements BarFiles {
  readonly #deps: BarFilesDeps
  readonly #knowledge = new Knowledge()
  readonly #surveyors: Surveyors
  readonly #turns = new Turns()
  readonly #toldStrays = new Set<string>()

  constructor(deps: BarFilesDeps) {
    this.#deps = deps
    this.#surveyors = new Surveyors(deps.clock)
  }

  list(): Promise<SeriesName[]> {
    const { dir, log } = this.#deps
    return inBarsDir(dir, async () => {
      const { series, strays } = await listSeries(dir)
      const untold = strays.filter((stray) => !this.#toldStrays.has(stray))
      for (const stray of untold) this.#toldStrays.add(stray)
      if (untold.length > 0)
        log.warn(
          { dir, files: untold.slice(0, 20), count: untold.length },
          'Not bar files of a series; ignored',
        )
      return series
    })
  }

  has(name: SeriesName): Promise<boolean> {
    const { dir } = this.#deps
    return inBarsDir(dir, async () => (await findFile(dir, name)) !== null)
  }

  coverage(name: SeriesName, sinceMs: number): Promise<Coverage> {
    const { dir } = this.#deps
    return inBarsDir(dir, async () => {
      const found = await this.#find(name)
      const known = found && this.#knowledge.of(found)
      const isKnown = known && known.sinceMs <= sinceMs
      const survey = isKnown ? known : found && (await this.#survey(found, name, sinceMs, false))
      return found && survey ? coverageIn(survey, name, found.path, sinceMs) : { runs: [], bars: 0 }
    })
  }

  async *read(name: SeriesName, startMs: number, endMs: number): AsyncGenerator<readonly Bar[]> {
    const { dir } = this.#deps
    const source = await inBarsDir(dir, async () => {
      const found = await findFile(dir, name)
      return found && openSource(found.path)
    })
    if (!source) return
    try {
      yield* barsBetween(source, name, startMs, endMs)
    } catch (error) {
      if (!(error instanceof FileFault)) throw barsDirUnusable(source.path, error)
      throw damaged(name, source.path, await damageOf(source, error))
    } finally {
      await source.handle.close()
    }
  }

  async merge(name: SeriesName, bars: readonly Bar[]): Promise<{ added: number; changed: number }> {
    const [first, ...others] = bars
    if (!first) return { added: 0, changed: 0 }
    checkWritable(name, bars)
    const { dir } = this.#deps
    const [key] = placesOf(name)
    return this.#turns.take(key, () =>
      inBarsDir(dir, async () => {
        const path = await pathToWrite(dir, name, await findFile(dir, name))
        return withLock(path, this.#deps, () => this.#mergeLocked(name, [first, ...others]))
      }),
    )
  }

  close(): Promise<void> {
    return this.#surveyors.close()
  }

  async #mergeLocked(name: SeriesName, bars: readonly [Bar, ...Bar[]]) {
    const { dir } = this.#deps
    for (let tries = mergeTries; tries > 0; tries--) {
      const found = await this.#find(name)
      const path = await pathToWrite(dir, name, found)
      if (found && !(await this.#isSound(found, name))) continue
      const merged = found ? await mergeInto(path, found.identity, name, bars) : await makeFile(path, bars)
      if (!merged) continue
      const { added, changed, identity } = merged
      if (added + changed > 0) this.#knowledge.learnMerge(found?.path ?? path, identity, name, bars)
      return { added, changed }
    }
    throw new FleetError(
      'BAR_FILE_LOCKED',
      `${nameOf(name)}: another program keeps changing its file in ${dir}. Stop that program, or let it write elsewhere.`,
    )
  }

  /** Whether all lines of the file, as it is now, can be read; false when it has changed since. BAR_FILE_DAMAGED. */
  async #isSound(found: FoundFile, name: SeriesName): Promise<boolean> {
    const known = this.#knowledge.of(found)
    if (known?.isWhole) return true
    const survey = await this.#survey(found, name, known?.sinceMs ?? Number.POSITIVE_INFINITY, true)
    if (survey?.damage) throw damaged(name, found.path, survey.damage)
    return survey?.identity === found.identity && survey.isWhole
  }

  async #survey(found: FoundFile, name: SeriesName, sinceMs: number, whole: boolean): Promise<Survey | null> {
    const task = { path: found.path, timeframe: name.timeframe, sinceMs, whole }
    const survey = await this.#surveyors.survey(task)
    return survey && this.#knowledge.learn(found.path, survey)
  }

  async #find(name: SeriesName): Promise<FoundFile | null> {
    const { dir } = this.#deps
    const found = await findFile(dir, name)
    if (!found) for (const place of placesOf(name)) this.#knowledge.forget(join(dir, place))
    return found
  }
}

async function* barsBetween(
  source: Source,
  { timeframe }: SeriesName,
  startMs: number,
  endMs: number,
): AsyncGenerator<readonly Bar[]> {
  const { manner } = await headOf(source)
  const reader = new RowReader(manner, timeframe)
  for await (const { text, at } of linesOf(source, await seek(source, manner, startMs), readBytes)) {
    const bars: Bar[] = []
    const goesOn = reader.read(text, at, (bar) => {
      if (bar.timeMs >= startMs && bar.timeMs < endMs) bars.push(bar)
      return bar.timeMs < endMs
    })
    if (bars.length > 0) yield bars
    if (!goesOn) return
  }
}

/** INVALID_REQUEST for a bar that nobody could read again, or bars that are not in order. */
function checkWritable(name: SeriesName, bars: readonly Bar[]): void {
  let lastMs = Number.NEGATIVE_INFINITY
  for (const bar of bars) {
    const fault =
      unwritable(bar, name.timeframe) ??
      (bar.timeMs <= lastMs ? 'it is not later than the one before' : undefined)
    lastMs = bar.timeMs
    if (fault === undefined) continue
    const when = Number.isFinite(bar.timeMs) ? timeText(bar.timeMs, Math.abs(bar.timeMs) > 8e15) : 'no time'
    throw new FleetError('INVALID_REQUEST', `${nameOf(name)}: the bar of ${when} cannot be written: ${fault}`)
  }
}
