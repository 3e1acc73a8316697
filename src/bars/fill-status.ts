// What the gap filler is doing, for those who watch: counted here, shown as the API has it.
import type { GapFillerStatus } from '../../schemas/market-data.ts'
import type { SeriesName } from '../ports/market-data.ts'
import type { PacingStats } from '../session/pacing/pacer.ts'
import { seriesTitle } from './series.ts'
import { problemOf } from './series-book.ts'

export class FillStatus {
  scanId: string | undefined
  lastScanAt: number | undefined
  nextScanAt: number | undefined
  stage: 'scanning' | 'filling' | undefined
  done = 0
  total = 0
  found = 0
  filled = 0
  failed = 0
  barsWritten = 0
  /** Over all scans. */
  readonly ever = { filled: 0, failed: 0 }
  lastError: GapFillerStatus['lastError']
  /** Series being worked on, with the requests that each still needs. */
  readonly current = new Map<string, number>()

  beginScan(scanId: string, series: number, nowMs: number): void {
    Object.assign(this, { scanId, stage: 'scanning', done: 0, total: series, found: 0, filled: 0, failed: 0 })
    this.lastScanAt = nowMs
    this.nextScanAt = undefined
  }

  endScan(): void {
    this.stage = undefined
    this.current.clear()
  }

  noteFilled(gaps: number): void {
    this.filled += gaps
    this.ever.filled += gaps
  }

  /** Of a series, or of the whole scan. */
  noteFailed(): void {
    this.failed++
    this.ever.failed++
  }

  noteError(error: unknown, nowMs: number, series?: SeriesName): void {
    const { code, message } = problemOf(error) ?? {
      code: 'INTERNAL',
      message: 'A fault of ours; the log tells more.',
    }
    this.lastError = {
      code,
      message,
      ...(series && { symbol: series.symbol, timeframe: series.timeframe }),
      at: new Date(nowMs).toISOString(),
    }
  }

  view(enabled: boolean, series: number, pacing: PacingStats | undefined): GapFillerStatus {
    const waitingUntil = pacing?.pausedUntil ?? pacing?.nextAdmission
    return {
      enabled,
      running: this.stage !== undefined,
      ...(this.scanId !== undefined && { scanId: this.scanId }),
      ...(this.lastScanAt !== undefined && { lastScanAt: stamp(this.lastScanAt) }),
      ...(this.nextScanAt !== undefined && { nextScanAt: stamp(this.nextScanAt) }),
      series,
      gapsFound: this.found,
      gapsFilled: this.filled,
      barsWritten: this.barsWritten,
      failed: this.failed,
      pacingWaits: pacing?.waits ?? 0,
      pacingErrors: pacing?.violations ?? 0,
      ...(this.stage && {
        current: {
          stage: this.stage,
          done: this.stage === 'scanning' ? this.done : this.filled,
          total: this.stage === 'scanning' ? this.total : this.found,
          symbols: [...this.current.keys()],
          ...(this.stage === 'filling' && {
            requestsLeft: [...this.current.values()].reduce((sum, left) => sum + left, 0),
          }),
          ...(this.stage === 'filling' &&
            waitingUntil !== undefined && { waitingUntil: stamp(waitingUntil) }),
        },
      }),
      ...(this.lastError && { lastError: this.lastError }),
    }
  }

  working(series: SeriesName, requestsLeft: number): void {
    this.current.set(seriesTitle(series), requestsLeft)
  }

  finished(series: SeriesName): void {
    this.current.delete(seriesTitle(series))
  }
}

const stamp = (ms: number) => new Date(ms).toISOString()
