// Real-time bars: one subscription at IB for each series that somebody reads, restored whenever the connection lost it, cancelled with its last reader.
import type { Cancel, Clock } from '../ports/clock.ts'
import { type FleetError, isFleetError } from '../ports/errors.ts'
import type { IbBar } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import type { Bar } from '../ports/market-data.ts'
import type { SeriesRecord } from '../ports/stores.ts'
import { type BackoffOptions, backoffMs } from '../session/backoff.ts'
import type { Contracts, QualifiedContract } from './contracts.ts'
import type { DataLink } from './data-link.ts'
import { contractKey } from './series.ts'

/** A reader that does not keep up loses the oldest of these: bars of the last minutes are worth more. */
const bufferedBars = 120
/** Waits before a subscription that could not be started is tried again. */
const retries: BackoffOptions = { baseMs: 2_000, maxMs: 60_000, jitter: 0 }

interface Reader {
  push(bar: Bar): void
  fail(error: FleetError): void
}

interface Subscription {
  readonly series: SeriesRecord
  readonly contract: QualifiedContract
  readonly readers: Set<Reader>
  /** Of the present connection; absent while there is none. */
  cancel: (() => void) | undefined
  /** 1101s that the connection had seen when it was made. */
  dataLost: number
  starting: boolean
  /** Tries to start it that failed in a row. */
  failures: number
  /** Of the next try. */
  cancelRetry: Cancel
  /** Aborted when nobody reads it any more. */
  readonly over: AbortController
}

export class LiveBars {
  readonly #connection: DataLink
  readonly #contracts: Contracts
  readonly #clock: Clock
  readonly #log: Log
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #stopListening: () => void

  constructor(deps: { connection: DataLink; contracts: Contracts; clock: Clock; log: Log }) {
    this.#connection = deps.connection
    this.#contracts = deps.contracts
    this.#clock = deps.clock
    this.#log = deps.log
    this.#stopListening = deps.connection.onChange(() => this.#restore())
  }

  /**
   * Bars as they come until `signal` aborts; goes on after an interruption of the connection, without the bars of that time. Rejects with
   * DATA_CONNECTION_DOWN or what is wrong with the contract; the iteration fails when IB refuses the subscription.
   */
  async read(series: SeriesRecord, signal: AbortSignal): Promise<AsyncIterable<Bar>> {
    if (!this.#connection.isUsable) throw this.#connection.down()
    const contract = await this.#contracts.qualify(series, { priority: 'interactive', signal })
    const key = `${contractKey(series)}/${series.whatToShow}/${series.useRth}`
    const subscription = this.#subscriptions.get(key) ?? {
      series,
      contract,
      readers: new Set(),
      cancel: undefined,
      dataLost: 0,
      starting: false,
      failures: 0,
      cancelRetry: () => {},
      over: new AbortController(),
    }
    this.#subscriptions.set(key, subscription)
    const leave = () => this.#leave(key, subscription, queue)
    const queue = new BarQueue(signal, leave)
    subscription.readers.add(queue)
    void this.#start(subscription)
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
    return queue
  }

  /** Ends every subscription at IB. Readers end with their own signals. */
  stop(): void {
    this.#stopListening()
    for (const subscription of this.#subscriptions.values()) end(subscription)
    this.#subscriptions.clear()
  }

  /** Subscriptions that run at IB now. */
  get running(): number {
    return [...this.#subscriptions.values()].filter(({ cancel }) => cancel).length
  }

  #leave(key: string, subscription: Subscription, reader: Reader): void {
    subscription.readers.delete(reader)
    if (subscription.readers.size > 0 || this.#subscriptions.get(key) !== subscription) return
    this.#subscriptions.delete(key)
    end(subscription)
  }

  #restore(): void {
    for (const subscription of this.#subscriptions.values()) {
      // After 1101 IB has forgotten it, though the connection stands.
      if (subscription.cancel && subscription.dataLost !== this.#connection.dataLost) {
        subscription.cancel()
        subscription.cancel = undefined
      }
      void this.#start(subscription)
    }
  }

  async #start(subscription: Subscription): Promise<void> {
    if (subscription.cancel || subscription.starting || !this.#connection.isUsable) return
    subscription.starting = true
    subscription.cancelRetry()
    const { series, contract, readers, over } = subscription
    const { whatToShow, useRth } = series
    try {
      subscription.dataLost = this.#connection.dataLost
      const cancel = await this.#connection.stream(
        'realTimeBars',
        { contract: contract.contract, whatToShow, useRth },
        {
          onItem: (bar) => {
            if (isSound(bar)) for (const reader of readers) reader.push(bar)
          },
          onEnd: (error) => {
            subscription.cancel = undefined
            this.#log.info({ symbol: series.symbol, reason: error.message }, 'real-time bars interrupted')
            // A refusal comes again; an end of the connection is mended by the next.
            if (error.code === 'REQUEST_REJECTED') for (const reader of [...readers]) reader.fail(error)
          },
        },
        over.signal,
      )
      subscription.failures = 0
      if (over.signal.aborted) cancel()
      else subscription.cancel = cancel
    } catch (error) {
      if (over.signal.aborted) return
      this.#log.info({ symbol: series.symbol, err: error }, 'real-time bars not started; tried again')
      this.#startLater(subscription, isFleetError(error) ? error.retryAfterMs : undefined)
    } finally {
      subscription.starting = false
    }
  }

  /** Later, or at the next change of the connection if that comes first. */
  #startLater(subscription: Subscription, retryAfterMs = 0): void {
    const delayMs = Math.max(
      retryAfterMs,
      backoffMs(++subscription.failures, retries, () => 0),
    )
    subscription.cancelRetry = this.#clock.schedule(delayMs, () => void this.#start(subscription))
  }
}

/** Nobody reads it any more. */
function end(subscription: Subscription): void {
  subscription.over.abort()
  subscription.cancelRetry()
  subscription.cancel?.()
  subscription.cancel = undefined
}

function isSound({ timeMs, open, high, low, close, volume }: IbBar): boolean {
  return [timeMs, open, high, low, close, volume].every(Number.isFinite)
}

/** Bars on their way to one reader. */
class BarQueue implements Reader, AsyncIterable<Bar> {
  readonly #signal: AbortSignal
  readonly #onOver: () => void
  readonly #bars: Bar[] = []
  #error: FleetError | undefined
  #wake: () => void = () => {}

  /** `onOver`: the iteration has ended, for whatever reason. */
  constructor(signal: AbortSignal, onOver: () => void) {
    this.#signal = signal
    this.#onOver = onOver
    signal.addEventListener('abort', () => this.#wake(), { once: true })
  }

  push(bar: Bar): void {
    if (this.#bars.length >= bufferedBars) this.#bars.shift()
    this.#bars.push(bar)
    this.#wake()
  }

  fail(error: FleetError): void {
    this.#error = error
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Bar> {
    try {
      while (!this.#signal.aborted) {
        const bar = this.#bars.shift()
        if (bar) yield bar
        else if (this.#error) throw this.#error
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
      }
    } finally {
      this.#onOver()
    }
  }
}
