// Bars at rest: one file per symbol and timeframe. An adapter never changes a file that it cannot read whole.
import type { Bar, SeriesName } from './market-data.ts'

/** A stretch without holes: a bar starts at `firstMs` and every `stepMs` after it, up to and including `lastMs`. */
export interface BarRun {
  readonly firstMs: number
  readonly lastMs: number
}

export interface Coverage {
  /** Ascending and disjoint; within `sinceMs` and the end of the file. Bars one step apart share a run, whatever the calendar says. */
  readonly runs: readonly BarRun[]
  /** Of the whole file; absent when it has no bars. */
  readonly firstMs?: number
  readonly lastMs?: number
  /** In `runs`. */
  readonly bars: number
}

export interface BarFiles {
  /** Every series that has a file, by symbol and then the shortest bars first; files whose names are no series' are logged. BARS_DIR_UNUSABLE. */
  list(): Promise<SeriesName[]>
  /**
   * What a file holds since `sinceMs`; no file is no bars. Answers from memory while the file is unchanged and `sinceMs` does not go back.
   * BAR_FILE_DAMAGED naming file and line; BARS_DIR_UNUSABLE.
   */
  coverage(name: SeriesName, sinceMs: number): Promise<Coverage>
  /** Ascending, in portions; what a file has in [startMs, endMs). BAR_FILE_DAMAGED when the reader gets there. */
  read(name: SeriesName, startMs: number, endMs: number): AsyncIterable<readonly Bar[]>
  /**
   * Adds bars; one whose time is there already replaces it. `bars` are ascending, without duplicates. All or nothing, on disk when it
   * resolves; two that overlap follow each other, also from two processes. Nothing is written when nothing changes.
   * INVALID_REQUEST for a bar that nobody could read again (a high below the open, a time that is no whole minute), BAR_FILE_DAMAGED (and then nothing is written), BAR_FILE_LOCKED (another process holds it for long), BARS_DIR_UNUSABLE (disk full, no permission: the old file is intact).
   */
  merge(name: SeriesName, bars: readonly Bar[]): Promise<{ readonly added: number; readonly changed: number }>
  /** Whether there is a file. */
  has(name: SeriesName): Promise<boolean>
  /** Ends its workers. */
  close(): Promise<void>
}
