// Which contract IB means by a series: asked once, remembered; unknown, ambiguous and expired told apart.
import type { Clock } from '../ports/clock.ts'
import { type ErrorCode, FleetError, isFleetError } from '../ports/errors.ts'
import type { IbContract, IbContractDetails, IbNotice } from '../ports/ib.ts'
import type { SeriesRecord } from '../ports/stores.ts'
import { Turns } from '../ports/turns.ts'
import type { Asking, DataRequester } from './data-link.ts'
import { contractKey, describedContract } from './series.ts'

export interface QualifiedContract {
  /** Enough to ask for its bars. */
  readonly contract: IbContract
  readonly details: IbContractDetails
}

/** A definition that is right today is asked again tomorrow, since futures expire and symbols change hands. */
const goodForMs = 86_400_000
/** A wrong one sooner, as somebody may have mended it at IB. */
const badForMs = 3_600_000
/** No security definition has been found. Source: IBKR's message codes. */
const unknownCode = 200

interface Verdict {
  readonly untilMs: number
  readonly contract?: QualifiedContract
  readonly error?: FleetError
}

export class Contracts {
  readonly #requester: DataRequester
  readonly #clock: Clock
  readonly #turns = new Turns()
  readonly #verdicts = new Map<string, Verdict>()

  constructor(deps: { requester: DataRequester; clock: Clock }) {
    this.#requester = deps.requester
    this.#clock = deps.clock
  }

  /** CONTRACT_UNKNOWN, CONTRACT_AMBIGUOUS, CONTRACT_EXPIRED, all three remembered for an hour; else as DataRequester.request. */
  qualify(series: SeriesRecord, asking: Asking): Promise<QualifiedContract> {
    const key = contractKey(series)
    // One at a time, so that of several series of a contract only the first asks.
    return this.#turns.take(key, () => this.#qualify(key, series, asking), asking.signal)
  }

  async #qualify(key: string, series: SeriesRecord, asking: Asking): Promise<QualifiedContract> {
    const now = this.#clock.now()
    let verdict = this.#verdicts.get(key)
    if (!verdict || verdict.untilMs <= now) {
      verdict = await this.#ask(series, asking, now)
      this.#verdicts.set(key, verdict)
    }
    if (verdict.contract) return verdict.contract
    throw verdict.error ?? new FleetError('INTERNAL', `No verdict on ${key}.`)
  }

  /** What IB said of it last, without asking. */
  known(series: SeriesRecord): QualifiedContract | undefined {
    return this.#verdicts.get(contractKey(series))?.contract
  }

  /** Forgets what was wrong, so that it is asked again. */
  forgetFaults(): void {
    for (const [key, { error }] of this.#verdicts) if (error) this.#verdicts.delete(key)
  }

  async #ask(series: SeriesRecord, asking: Asking, now: number): Promise<Verdict> {
    const described = describedContract(series)
    let found = await this.#details(described, asking)
    // Futures and options have names of their own, such as ESZ6.
    if (found.length === 0 && series.secType !== 'STK')
      found = await this.#details({ ...without(described, 'symbol'), localSymbol: series.symbol }, asking)
    const [only, ...others] = found
    if (only && others.length === 0)
      return { untilMs: now + goodForMs, contract: { contract: askable(only, series), details: only } }
    const error = only ? ambiguous(series, found) : await this.#missing(series, described, asking)
    return { untilMs: now + badForMs, error }
  }

  async #missing(series: SeriesRecord, described: IbContract, asking: Asking): Promise<FleetError> {
    const mayExpire = /^(FUT|OPT|FOP|WAR|BOND|BILL)$/.test(series.secType)
    const { symbol: localSymbol, ...rest } = described
    const past = mayExpire
      ? await this.#details({ ...rest, ...(localSymbol && { localSymbol }), includeExpired: true }, asking)
      : []
    const [expired] = past
    if (expired)
      return fault(
        'CONTRACT_EXPIRED',
        series,
        `expired${expired.lastTradeDateOrContractMonth ? ` (${expired.lastTradeDateOrContractMonth})` : ''}, so there are no new bars: track its successor, and remove this series`,
      )
    return fault(
      'CONTRACT_UNKNOWN',
      series,
      'is not known to IB: check symbol, secType, exchange and currency (IB writes share classes with a blank, such as `BRK B`)',
    )
  }

  async #details(contract: IbContract, asking: Asking): Promise<readonly IbContractDetails[]> {
    try {
      return await this.#requester.request('contractDetails', contract, asking)
    } catch (error) {
      if (
        isFleetError(error, 'REQUEST_REJECTED') &&
        (error.cause as IbNotice | undefined)?.code === unknownCode
      ) {
        // IB has one code for both, and only the text tells.
        if (!/ambiguous/i.test((error.cause as IbNotice).text)) return []
      }
      throw error
    }
  }
}

/** By its number, and at the exchange that was asked for. */
function askable(
  { conId, symbol, secType, currency, localSymbol }: IbContractDetails,
  series: SeriesRecord,
): IbContract {
  return {
    ...(conId !== undefined && { conId }),
    ...(symbol !== undefined && { symbol }),
    ...(secType !== undefined && { secType }),
    ...(currency !== undefined && { currency }),
    ...(localSymbol !== undefined && { localSymbol }),
    exchange: series.exchange,
  }
}

function without({ symbol: _symbol, ...rest }: IbContract, _field: 'symbol'): IbContract {
  return rest
}

function ambiguous(series: SeriesRecord, found: readonly IbContractDetails[]): FleetError {
  const names = found
    .slice(0, 5)
    .map(({ localSymbol, currency, primaryExchange }) =>
      [localSymbol, currency, primaryExchange].filter(Boolean).join(' '),
    )
  const more = found.length > names.length ? ` and ${found.length - names.length} more` : ''
  return fault(
    'CONTRACT_AMBIGUOUS',
    series,
    `fits ${found.length} contracts (${names.join(', ')}${more}): use the local symbol of one, or say exchange and currency`,
  )
}

function fault(code: ErrorCode, series: SeriesRecord, what: string): FleetError {
  const { symbol, secType, exchange, currency } = series
  return new FleetError(code, `${symbol} (${secType} on ${exchange} in ${currency}) ${what}.`)
}
