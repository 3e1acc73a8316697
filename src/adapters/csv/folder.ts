// BARS_DIR as a whole: which series have files, and where the file of one is.
import type { Dirent } from 'node:fs'
import { mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SeriesName } from '../../ports/market-data.ts'
import { isAbsent } from './bytes.ts'
import type { FoundFile } from './knowledge.ts'
import { inOrder, nameOf, placesOf, seriesOf } from './names.ts'
import { identityAt, syncFolder } from './replace.ts'

export interface Listing {
  /** Each once, in order. */
  readonly series: SeriesName[]
  /** What lies there and is no series: other names, and further files of a series that has one. */
  readonly strays: string[]
}

/** No folder is no series. Errors of the system as they come. */
export async function listSeries(dir: string): Promise<Listing> {
  const series = new Map<string, SeriesName>()
  const strays: string[] = []
  const take = (path: string, name: SeriesName | null) => {
    if (name === null || series.has(nameOf(name))) strays.push(path)
    else series.set(nameOf(name), name)
  }
  for (const entry of await entriesOf(dir)) {
    if (!(await isFolder(dir, entry))) {
      take(entry.name, seriesOf(entry.name))
      continue
    }
    for (const file of await entriesOf(join(dir, entry.name)))
      take(join(entry.name, file.name), seriesOf(file.name, entry.name))
  }
  return { series: [...series.values()].sort(inOrder), strays: strays.sort() }
}

/** The file of a series, with links followed; null when there is none. */
export async function findFile(dir: string, name: SeriesName): Promise<FoundFile | null> {
  for (const place of placesOf(name)) {
    const path = join(dir, place)
    const identity = await identityAt(path)
    if (identity !== null) return { path, identity }
  }
  return null
}

/** Where a merge writes: the file that a link means, or a new one, whose folder is made. */
export async function pathToWrite(dir: string, name: SeriesName, found: FoundFile | null): Promise<string> {
  if (found) return realpath(found.path)
  const path = join(dir, placesOf(name)[0])
  await makeFolder(dirname(path))
  return path
}

/**
 * With its parents, to outlast a power cut; others may be making the same. Node's own `recursive` never returns where a parent exists but
 * takes no folders.
 */
async function makeFolder(path: string): Promise<void> {
  if ((await identityAt(dirname(path))) === null) await makeFolder(dirname(path))
  try {
    await mkdir(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await stat(path)).isDirectory()) return
    throw error
  }
  await syncFolder(dirname(path))
}

/** Without what hides: locks, drafts, and what systems leave in folders. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

async function isFolder(dir: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory()
  try {
    return (await stat(join(dir, entry.name))).isDirectory()
  } catch (error) {
    if (isAbsent(error)) return false
    throw error
  }
}
