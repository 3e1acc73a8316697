// A BARS_DIR for one test, opened as often as the test likes.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createBarFiles } from '../../../src/adapters/csv/bar-files.ts'
import { folderOf } from '../../../src/adapters/csv/names.ts'
import { readProcesses } from '../../../src/adapters/embedded/processes.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import type { BarFiles } from '../../../src/ports/bar-files.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Processes } from '../../../src/ports/lock-holder.ts'
import type { Log } from '../../../src/ports/log.ts'
import type { SeriesName } from '../../../src/ports/market-data.ts'
import { testFolder } from '../../test-folder.ts'

export const header = 'timestamp,open,high,low,close,volume'
export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }

export interface OpenAs {
  readonly clock: Clock
  readonly processes: Processes
  readonly log: Log
}

export interface Folder {
  readonly dir: string
  open(as?: Partial<OpenAs>): BarFiles
  /** Where the file of a series of ours is. */
  pathOf(name: SeriesName): string
  textOf(name: SeriesName): string
}

export function barsFolder(t: Test, under = 'bars'): Folder {
  const dir = join(testFolder(t), under)
  const pathOf = ({ symbol, timeframe }: SeriesName) => join(dir, folderOf(symbol), `${timeframe}.csv`)
  return {
    dir,
    open(as = {}) {
      const files = createBarFiles({
        dir,
        log: quiet,
        clock: systemClock(),
        processes: readProcesses(),
        ...as,
      })
      t.teardown(() => files.close())
      return files
    },
    pathOf,
    textOf: (name) => readFileSync(pathOf(name), 'utf8'),
  }
}

/** The subject of the contract. */
export async function csvSubject(t: Test) {
  const { open, pathOf, textOf } = barsFolder(t)
  return {
    files: open(),
    async damage(name: SeriesName) {
      const lines = textOf(name).split('\n')
      lines[5] = (lines[5] ?? '').replace(',100,', ',a hundred,')
      writeFileSync(pathOf(name), lines.join('\n'))
    },
    remove: async (name: SeriesName) => rmSync(pathOf(name)),
  }
}
