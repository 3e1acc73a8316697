// One sink's alerts on their way: in order, merged while they wait, tried again while the sink is away, the urgent at once; bounded. Never in anybody's
// way.
import type { Alert } from '../../schemas/alert.ts'
import type { AlertSinkStatus } from '../../schemas/system.ts'
import type { AlertChange, AlertSink } from '../ports/alerts.ts'
import type { Clock } from '../ports/clock.ts'
import { isFleetError, messageOf } from '../ports/errors.ts'
import type { Log } from '../ports/log.ts'
import { undelivered } from './undelivered.ts'
import { urgencyOf } from './urgency.ts'

const tryMs = 10_000
const firstPauseMs = 5_000
const longestPauseMs = 60_000
const longestAskedPauseMs = 3_600_000

export interface DeliveryDeps {
  readonly sink: AlertSink
  readonly clock: Clock
  readonly log: Log
  /** Called when an alert is no longer owed to the sink: taken, refused for good, or dropped. */
  readonly onSettled: (alertId: string) => void
  /** Alerts that wait at most [200]. */
  readonly limit?: number
  /** Address of the runbook's section for a code. */
  readonly runbook: (code: 'ALERTS_UNDELIVERED') => string | undefined
}

interface Message {
  readonly alert: Alert
  readonly change: AlertChange
  /** How many it says were not delivered. */
  readonly makesUpFor?: number
}

export class Delivery {
  readonly #deps: DeliveryDeps
  readonly #limit: number
  readonly #closing = new AbortController()
  /** Those waiting for the moment in which all was tried. */
  readonly #waiting = new Set<() => void>()
  #queue: Message[] = []
  /** Under way; never merged or dropped. */
  #inHand: Message | null = null
  #isPausing = false
  /** Ends the pause; absent while the sink itself has asked for it. */
  #wake: (() => void) | undefined
  /** Tried next, before those that have waited for longer. */
  #urgentId: string | undefined
  #missing = 0
  #lastDeliveredAt: number | undefined
  #lastError: string | undefined
  #work: Promise<void> | null = null

  constructor(deps: DeliveryDeps) {
    this.#deps = deps
    this.#limit = deps.limit ?? 200
  }

  /** How the sink has done so far, and what waits for it. */
  get status(): AlertSinkStatus {
    return {
      name: this.#deps.sink.name,
      waiting: this.#queue.length + (this.#inHand ? 1 : 0),
      ...(this.#lastDeliveredAt !== undefined && {
        lastDeliveredAt: new Date(this.#lastDeliveredAt).toISOString(),
      }),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
    }
  }

  /** Whether something about that alert has not been taken yet. */
  owes(alertId: string): boolean {
    return this.#inHand?.alert.id === alertId || this.#queue.some(({ alert }) => alert.id === alertId)
  }

  /**
   * Sends it after those that wait. While the sink is away, it takes the place of one about the same alert: only the latest is told. An ERROR or worse
   * does not wait for the end of the pause, unless the sink has asked for it.
   */
  send(alert: Alert, change: AlertChange): void {
    const { sink } = this.#deps
    if (this.#closing.signal.aborted || (change === 'resolved' && sink.ignoresResolved)) return
    this.#queue.push({ alert, change })
    if (this.#isPausing) this.#merge()
    this.#makeRoom()
    if (change !== 'resolved' && urgencyOf(alert.level) >= urgencyOf('ERROR')) this.#hurry(alert.id)
    this.#work ??= this.#deliverAll()
  }

  /** Resolves when all so far is delivered, or the sink has turned out to be away. */
  async tried(): Promise<void> {
    if (this.#work === null || this.#isPausing) return
    await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  /** Stops at once; what waits stays owed. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the manager is stopping'))
    await this.#work
  }

  async #deliverAll(): Promise<void> {
    const { log, sink } = this.#deps
    let pauseMs = firstPauseMs
    for (let message = this.#take(); message; message = this.#take()) {
      try {
        await this.#handOver(message)
        pauseMs = firstPauseMs
        this.#taken(message)
      } catch (err) {
        this.#inHand = null
        if (this.#closing.signal.aborted) {
          this.#putBack(message)
          break
        }
        this.#lastError = messageOf(err)
        const fields = { err, sink: sink.name, alert: message.alert.key }
        if (isFleetError(err, 'REQUEST_REJECTED')) {
          log.warn(fields, 'alert not delivered')
          this.#giveUp(message)
          continue
        }
        const askedMs = Math.min((isFleetError(err) && err.retryAfterMs) || 0, longestAskedPauseMs)
        const waitMs = Math.max(pauseMs, askedMs)
        log.warn({ ...fields, waiting: this.#queue.length + 1, againInMs: waitMs }, 'alert not delivered')
        this.#putBack(message)
        await this.#pause(waitMs, askedMs > 0)
        pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      }
    }
    this.#work = null
    this.#tellWaiting()
  }

  #take(): Message | null {
    if (this.#closing.signal.aborted) return null
    const urgent = this.#queue.findIndex(({ alert }) => alert.id === this.#urgentId)
    this.#urgentId = undefined
    this.#inHand = this.#queue.splice(Math.max(urgent, 0), 1)[0] ?? null
    return this.#inHand
  }

  /** The pause is over at once, so that who waits for this try (see `tried`) does wait for it. */
  #hurry(alertId: string): void {
    if (!this.#isPausing || !this.#wake) return
    this.#urgentId = alertId
    this.#isPausing = false
    this.#wake()
  }

  #taken({ alert, makesUpFor = 0 }: Message): void {
    const { clock, runbook } = this.#deps
    this.#inHand = null
    this.#lastDeliveredAt = clock.now()
    this.#lastError = undefined
    this.#missing -= makesUpFor
    if (makesUpFor === 0) this.#deps.onSettled(alert.id)
    if (this.#missing === 0) return
    const notice = undelivered(this.#missing, clock.now(), runbook('ALERTS_UNDELIVERED'))
    this.#queue.unshift({ alert: notice, change: 'raised', makesUpFor: this.#missing })
  }

  #giveUp({ alert, makesUpFor }: Message): void {
    if (makesUpFor !== undefined) return
    this.#missing += 1
    this.#deps.onSettled(alert.id)
  }

  /** What is made up for is counted again when the time comes. */
  #putBack(message: Message): void {
    if (message.makesUpFor === undefined) this.#queue.unshift(message)
    this.#merge()
  }

  /** Of those about one alert only the latest stays, in the place of the first. */
  #merge(): void {
    const latest = new Map<string, Message>()
    for (const message of this.#queue) latest.set(message.alert.id, message)
    this.#queue = [...latest.values()]
  }

  async #pause(ms: number, isAsked: boolean): Promise<void> {
    const over = new AbortController()
    this.#isPausing = true
    this.#wake = isAsked ? undefined : () => over.abort()
    this.#tellWaiting()
    const signal = AbortSignal.any([this.#closing.signal, over.signal])
    await this.#deps.clock.sleep(ms, signal).catch(() => undefined)
    this.#isPausing = false
  }

  /** A sink that does not answer is given up for now, whether it honours its signal or not. */
  async #handOver({ alert, change }: Message): Promise<void> {
    const { sink, clock } = this.#deps
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, this.#closing.signal])
    const late = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    )
    const cancel = clock.schedule(tryMs, () => over.abort(new Error(`no answer within ${tryMs / 1000} s`)))
    try {
      await Promise.race([sink.deliver(alert, change, signal), late])
    } finally {
      cancel()
    }
  }

  /** Drops the oldest of the least important. */
  #makeRoom(): void {
    while (this.#queue.length > this.#limit) {
      const least = Math.min(...this.#queue.map(weight))
      const [dropped] = this.#queue.splice(
        this.#queue.findIndex((message) => weight(message) === least),
        1,
      )
      if (dropped) this.#giveUp(dropped)
    }
  }

  #tellWaiting(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** That something is over can be seen in the list of alerts, too. */
const weight = ({ alert, change }: Message) => (change === 'resolved' ? 0 : urgencyOf(alert.level))
