// When each contract trades: IB's own schedule where it has told us, its contract hours, else the built-in calendar.
import { builtInTimes } from '../calendar/built-in.ts'
import { contractHoursTimes, ibTimes, type TimesFromIb } from '../calendar/ib-schedule.ts'
import type { TradingTimes } from '../calendar/session.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { SeriesRecord } from '../ports/stores.ts'
import { Turns } from '../ports/turns.ts'
import type { QualifiedContract } from './contracts.ts'
import type { Asking, DataRequester } from './data-link.ts'
import { askPatiently, refusalOf } from './refusals.ts'
import { contractKey } from './series.ts'

/** Holidays are announced long before, so twice a day is often enough. */
const goodForMs = 12 * 3_600_000
/** IB answers durations over 365 D only in years. */
const longestDays = 365
/** Beyond the oldest gap, so that the first day is in it. */
const spareDays = 5

interface Learned {
  readonly times: TradingTimes
  readonly atMs: number
}

export class TradingCalendar {
  readonly #requester: DataRequester
  readonly #clock: Clock
  readonly #log: Log
  readonly #days: number
  readonly #turns = new Turns()
  readonly #learned = new Map<string, Learned>()
  readonly #builtIn = new Map<string, TradingTimes>()

  constructor(deps: { requester: DataRequester; clock: Clock; log: Log; maxAgeDays: number }) {
    this.#requester = deps.requester
    this.#clock = deps.clock
    this.#log = deps.log
    this.#days = Math.min(longestDays, deps.maxAgeDays + spareDays)
  }

  /** The best that is known without asking. */
  known(series: SeriesRecord, contract?: QualifiedContract): TradingTimes {
    return this.#learned.get(keyOf(series))?.times ?? this.#fallback(series, contract)
  }

  /** IB's own schedule, asked for when it is not known or old; where IB has none, the contract's hours. Fails as DataRequester.request, but for a refusal. */
  learn(series: SeriesRecord, contract: QualifiedContract, asking: Asking): Promise<TradingTimes> {
    const key = keyOf(series)
    // One at a time, so that of several series of a contract only the first asks.
    return this.#turns.take(key, () => this.#learn(key, series, contract, asking), asking.signal)
  }

  async #learn(
    key: string,
    series: SeriesRecord,
    contract: QualifiedContract,
    asking: Asking,
  ): Promise<TradingTimes> {
    const known = this.#learned.get(key)
    if (known && this.#clock.monotonicMs() - known.atMs < goodForMs) return known.times
    const fallback = this.#withContractHours(series, contract, this.#fallback(series, contract))
    const times = await this.#ask(series, contract, fallback, asking)
    this.#learned.set(key, { times, atMs: this.#clock.monotonicMs() })
    return times
  }

  async #ask(
    series: SeriesRecord,
    contract: QualifiedContract,
    fallback: TradingTimes,
    asking: Asking,
  ): Promise<TradingTimes> {
    try {
      const schedule = await askPatiently(
        () =>
          this.#requester.request(
            'schedule',
            { contract: contract.contract, duration: `${this.#days} D`, useRth: series.useRth },
            asking,
          ),
        (err) => this.#log.warn({ symbol: series.symbol, err }, 'asking IB again'),
      )
      return this.#reported(series, ibTimes(schedule, fallback, this.#clock.now()))
    } catch (error) {
      // Not every kind of contract has a schedule.
      if (!/refused|no-data/.test(refusalOf(error))) throw error
      const { message: reason } = error as Error
      this.#log.info({ symbol: series.symbol, reason }, 'no trading schedule from IB')
      return fallback
    }
  }

  #withContractHours(
    series: SeriesRecord,
    { details }: QualifiedContract,
    fallback: TradingTimes,
  ): TradingTimes {
    const hours = series.useRth ? details.liquidHours : details.tradingHours
    if (!hours || !details.timeZoneId) return fallback
    return this.#reported(series, contractHoursTimes(hours, details.timeZoneId, fallback))
  }

  #reported({ symbol }: SeriesRecord, { times, problems }: TimesFromIb): TradingTimes {
    if (problems.length > 0) this.#log.warn({ symbol, problems }, "parts of IB's trading hours were left out")
    return times
  }

  #fallback(series: SeriesRecord, contract: QualifiedContract | undefined): TradingTimes {
    const key = keyOf(series)
    const made = this.#builtIn.get(key)
    if (made) return made
    const primaryExchange = contract?.details.primaryExchange
    const times = builtInTimes(
      {
        secType: series.secType,
        exchange: series.exchange,
        currency: series.currency,
        ...(primaryExchange && { primaryExchange }),
      },
      series.useRth,
    )
    this.#builtIn.set(key, times)
    return times
  }
}

const keyOf = (series: SeriesRecord) => `${contractKey(series)}/${series.useRth}`
