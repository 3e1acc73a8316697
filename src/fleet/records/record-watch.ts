// The follower records, read when the manager takes charge and every few seconds from then on: what people change in the store takes effect by itself.
import { isFleetError } from '../../ports/errors.ts'
import type { Fleet } from '../fleet.ts'
import { Monitor } from '../monitor.ts'
import { assertRecord } from './gateway-record.ts'
import { replaceRecalled } from './last-known.ts'
import { readRecords, storedGateways } from './records.ts'

export class RecordWatch {
  readonly #fleet: Fleet
  readonly #monitor: Monitor

  constructor(fleet: Fleet) {
    this.#fleet = fleet
    const { clock, log, settings } = fleet.deps
    this.#monitor = new Monitor({
      clock,
      log,
      intervalMs: settings.recordIntervalMs,
      sweep: () => this.#sweep(),
    })
  }

  start(): void {
    this.#monitor.start()
  }

  stop(): Promise<void> {
    return this.#monitor.stop()
  }

  /** Everything that the store says, in place of what was last known: history, open alerts, wishes, records. STORE_UNAVAILABLE. */
  async readAll(): Promise<void> {
    const { audit, feed, alerts, keepers } = this.#fleet
    const ahead = await audit.goOn()
    if (ahead !== undefined) feed.recent.startAfter(ahead)
    await alerts.load()
    if (keepers.size > 0) replaceRecalled(keepers.values(), await storedGateways(this.#fleet))
    await readRecords(this.#fleet)
  }

  async #sweep(): Promise<void> {
    const { charge, dependencies, alerts, keepers, strays, deps, signal } = this.#fleet
    if (!charge.held) return
    try {
      await readRecords(this.#fleet)
      dependencies.store(null)
      alerts.storeAgain()
      for (const keeper of keepers.values()) if (keeper.isRecordUnsure) await assertRecord(keeper, deps)
    } catch (err) {
      if (!isFleetError(err, 'STORE_UNAVAILABLE')) throw err
      dependencies.store(err)
      return
    }
    await strays.lookAgain(signal)
  }
}
