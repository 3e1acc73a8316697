// What goes wrong with bar files, as people read it: what happened, to which file, and what to do.
import { FleetError, isFleetError } from '../../ports/errors.ts'
import type { SeriesName } from '../../ports/market-data.ts'
import { nameOf } from './names.ts'
import type { Damage } from './survey.ts'

/** BAR_FILE_DAMAGED: the series, the file, the line and the reason. */
export function damaged(name: SeriesName, path: string, { line, what }: Damage): FleetError {
  const remedy = path.endsWith('.gz') ? 'mend the file, or move it away' : 'mend or remove that line'
  return new FleetError('BAR_FILE_DAMAGED', `${nameOf(name)}: ${path} line ${line}: ${what}; ${remedy}`)
}

/** Runs `work` on files; what the system refuses becomes BARS_DIR_UNUSABLE. */
export async function inBarsDir<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw barsDirUnusable(path, error)
  }
}

/** A FleetError as it is; anything else is taken for the system's word on `path`. */
export function barsDirUnusable(path: string, error: unknown): FleetError {
  if (isFleetError(error)) return error
  const { code = (error as Error).message, path: where = path } = error as NodeJS.ErrnoException
  return new FleetError('BARS_DIR_UNUSABLE', `BARS_DIR: ${where} cannot be used: ${explain(code)}`, {
    cause: error,
  })
}

function explain(code: string): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `user ${process.getuid?.() ?? ''} may not read and write there (${code}). Change its owner or mode, or set BARS_DIR to another folder.`
    case 'EEXIST':
    case 'ENOTDIR':
      return `it is, or lies under, something that is not a folder (${code}). Move that away, or set BARS_DIR to another folder.`
    case 'EISDIR':
      return `something that is not a file is where a file should be (${code}). Move it away.`
    case 'EROFS':
      return `its file system is read-only (${code}). Set BARS_DIR to a folder that can be written.`
    case 'ENOSPC':
    case 'EDQUOT':
      return `its disk is full (${code}); what was there is intact. Free some space, or set BARS_DIR to another disk.`
    case 'EFBIG':
      return `a file may not grow that far (${code}); what was there is intact. Raise the process's limit on the size of files.`
    case 'ENAMETOOLONG':
      return `the symbol is too long for a name of a file here (${code}). Remove that series.`
    case 'ENOENT':
      return `it does not exist and cannot be made (${code}). Set BARS_DIR to another folder.`
    default:
      return `the system refused (${code}). Check the disk, or set BARS_DIR to another folder.`
  }
}
