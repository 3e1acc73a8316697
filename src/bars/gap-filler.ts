// The gap filler: looks at every file every few minutes and has what is missing filled, outages first, a batch at a time, one scan at a time.
import { randomUUID } from 'node:crypto'
import pLimit from 'p-limit'
import type { AlertDesk } from '../ports/alerts.ts'
import type { Cancel } from '../ports/clock.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import { seriesAlertPrefix, seriesAlerts } from './bar-alerts.ts'
import type { DataLink } from './data-link.ts'
import { FillStatus } from './fill-status.ts'
import { isFillable } from './gaps.ts'
import { seriesTitle } from './series.ts'
import { problemOf, type SeriesState } from './series-book.ts'
import { type FillDeps, fillSeries } from './series-fill.ts'
import { survey } from './survey.ts'

export interface GapFillerDeps extends FillDeps {
  readonly connection: DataLink
  readonly alerts: AlertDesk
  readonly intervalMs: number
  /** Series filled at the same time. */
  readonly batchSize: number
}

/** Between a change that asks for a scan and the scan, so that several changes make one, and a person may force it first. */
const soonMs = 10_000
/** Files read at the same time. */
const readsAtOnce = 8

export class GapFiller {
  readonly #deps: GapFillerDeps
  readonly #closing = new AbortController()
  readonly status = new FillStatus()
  #scanning: Promise<void> | undefined
  #cancelTimer: Cancel | undefined
  #stopListening: () => void = () => {}
  /** Why BARS_DIR itself cannot be read. */
  #folderTrouble: string | undefined
  /** The connection came back while a scan was running. */
  #again = false

  constructor(deps: GapFillerDeps) {
    this.#deps = deps
  }

  /** Scans at once, then every interval, and whenever the connection comes back. */
  start(): void {
    const { connection } = this.#deps
    let wasUsable = connection.isUsable
    this.#stopListening = connection.onChange(() => {
      const { isUsable } = connection
      if (isUsable && !wasUsable) this.#scanNow()
      wasUsable = isUsable
    })
    this.#begin()
  }

  /** Ends the scan under way, after the file that is being written. */
  async stop(): Promise<void> {
    this.#stopListening()
    this.#cancelTimer?.()
    this.#closing.abort(new FleetError('SHUTTING_DOWN', 'The gap filler is being stopped.'))
    await this.#scanning
  }

  /** SCAN_RUNNING. Asks again about contracts that were wrong. */
  forceScan(): { scanId: string } {
    if (this.#closing.signal.aborted) throw new FleetError('SHUTTING_DOWN', 'The manager is shutting down.')
    if (this.#scanning)
      throw new FleetError(
        'SCAN_RUNNING',
        `Scan ${this.status.scanId} is running; GET /system/gap-filler-status shows how far it is.`,
      )
    this.#deps.contracts.forgetFaults()
    return { scanId: this.#begin() }
  }

  /** There is something new to look at. */
  scanSoon(): void {
    if (this.#scanning) this.#again = true
    else this.#schedule(Math.min(soonMs, this.#untilNextMs()))
  }

  #scanNow(): void {
    if (this.#scanning) this.#again = true
    else this.#begin()
  }

  #untilNextMs(): number {
    return Math.max(0, (this.status.nextScanAt ?? 0) - this.#deps.clock.now())
  }

  #schedule(delayMs: number): void {
    const { clock } = this.#deps
    if (this.#closing.signal.aborted) return
    this.#cancelTimer?.()
    this.status.nextScanAt = clock.now() + delayMs
    this.#cancelTimer = clock.schedule(delayMs, () => this.#begin())
  }

  #begin(): string {
    const { book, clock, intervalMs, log } = this.#deps
    const scanId = randomUUID()
    this.#cancelTimer?.()
    this.status.beginScan(scanId, book.all().length, clock.now())
    this.#again = false
    this.#scanning = this.#scan(clock.monotonicMs() + intervalMs)
      .catch((error) => {
        if (this.#closing.signal.aborted) return false
        this.status.noteError(error, clock.now())
        this.status.noteFailed()
        if (isFleetError(error, 'BARS_DIR_UNUSABLE')) this.#folderTrouble = error.message
        this.settleAlerts()
        log.warn({ err: error }, 'gap scan ended early')
        return false
      })
      .then((isUnfinished) => {
        this.#scanning = undefined
        const delayMs = isUnfinished || this.#again ? 0 : intervalMs
        this.status.endScan()
        this.#schedule(delayMs)
      })
    return scanId
  }

  /** True when the time was over before the work was: then the next scan follows at once, with gaps that are new by then. */
  async #scan(untilMs: number): Promise<boolean> {
    const { book, outages, clock, connection } = this.#deps
    await outages.load()
    await book.refresh()
    this.#folderTrouble = undefined
    await this.#surveyAll(book.all())
    const open = byUrgency(book.all())
    this.status.stage = 'filling'
    this.status.found = open.reduce((sum, { gaps }) => sum + gaps.filter(isFillable).length, 0)
    const isOver = () => clock.monotonicMs() >= untilMs
    while (open.length > 0 && connection.isUsable && !isOver()) {
      this.#closing.signal.throwIfAborted()
      const batch = open.splice(0, this.#deps.batchSize)
      await Promise.all(batch.map((state) => this.#fill(state, isOver)))
      this.settleAlerts()
    }
    return (
      isOver() &&
      connection.isUsable &&
      book.all().some(({ gaps, problem }) => !problem && gaps.some(isFillable))
    )
  }

  async #surveyAll(states: readonly SeriesState[]): Promise<void> {
    const limit = pLimit(readsAtOnce)
    this.status.total = states.length
    await Promise.all(
      states.map((state) =>
        limit(async () => {
          this.#closing.signal.throwIfAborted()
          await survey(this.#deps, state).catch((error) => this.#failed(state, error))
          this.status.done++
        }),
      ),
    )
    this.settleAlerts()
  }

  async #fill(state: SeriesState, isOver: () => boolean): Promise<void> {
    const { status } = this
    const { log } = this.#deps
    const openBefore = state.gaps.filter(isFillable).length
    let barsAdded = 0
    status.working(state.record, 0)
    try {
      await fillSeries(this.#deps, state, {
        asking: { signal: this.#closing.signal },
        isEnough: isOver,
        onProgress: (progress) => {
          barsAdded += progress.barsAdded
          status.barsWritten += progress.barsAdded
          status.working(state.record, progress.requestsLeft)
        },
      })
      if (!/^BAR/.test(state.problem?.code ?? '')) delete state.problem
    } catch (error) {
      this.#failed(state, error)
    } finally {
      status.finished(state.record)
      // What turned out to be no gap, or IB has none of, is not to be filled any more.
      const openNow = state.gaps.filter(isFillable).length
      const closed = Math.max(0, openBefore - openNow)
      if (barsAdded > 0) status.noteFilled(closed)
      else status.found -= closed
      log.debug({ series: seriesTitle(state.record), barsAdded, openNow }, 'series filled')
    }
  }

  #failed(state: SeriesState, error: unknown): void {
    const { clock, log } = this.#deps
    if (this.#closing.signal.aborted || state.removed.signal.aborted) return
    this.status.noteError(error, clock.now(), state.record)
    const isNews = problemOf(error)?.message !== state.problem?.message
    log[isNews ? 'warn' : 'debug'](
      { series: seriesTitle(state.record), err: error },
      'series not scanned or filled',
    )
    // The connection's trouble is not the series'.
    if (
      isFleetError(error, 'DATA_CONNECTION_DOWN', 'CONNECTION_CLOSED', 'CONNECTION_TIMEOUT', 'CIRCUIT_OPEN')
    )
      return
    this.status.noteFailed()
    state.problem = problemOf(error) ?? { code: 'INTERNAL', message: 'A fault of ours; the log tells more.' }
  }

  /** Makes the open alerts those of the series' present problems. */
  settleAlerts(): void {
    const { alerts, book } = this.#deps
    const states = book.all()
    const ofSeries = states.find(({ problem }) => problem?.code === 'BARS_DIR_UNUSABLE')
    const folder = this.#folderTrouble ?? ofSeries?.problem?.message
    alerts.settle(seriesAlertPrefix, seriesAlerts(states, folder))
  }
}

/** Those with gaps to fill: of outages first, then the ones with the fewest, so that a long history never holds up the others. */
function byUrgency(states: readonly SeriesState[]): SeriesState[] {
  const count = ({ gaps }: SeriesState) =>
    gaps.filter(isFillable).reduce((sum, gap) => sum + gap.missingBars, 0)
  const hasOutage = ({ gaps }: SeriesState) => gaps.some((gap) => gap.class === 'outage')
  return states
    .filter((state) => state.gaps.some(isFillable))
    .map((state) => ({ state, outage: hasOutage(state) ? 0 : 1, missing: count(state) }))
    .sort((a, b) => a.outage - b.outage || a.missing - b.missing)
    .map(({ state }) => state)
}
