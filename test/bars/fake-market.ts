// A made-up market behind a made-up data connection: answers as IB would, at once, and breaks when a test says so.
import type { Timeframe } from '../../schemas/market-data.ts'
import type { Asking, OwnedDataLink } from '../../src/bars/data-link.ts'
import { slotsBetween } from '../../src/bars/slots.ts'
import { timeframeFacts } from '../../src/bars/timeframes.ts'
import { builtInTimes } from '../../src/calendar/built-in.ts'
import type { TradingTimes } from '../../src/calendar/session.ts'
import { FleetError } from '../../src/ports/errors.ts'
import type {
  IbBar,
  IbContract,
  IbContractDetails,
  IbHistory,
  IbRequestKind,
  IbRequests,
  IbStreamKind,
  IbStreamListener,
  IbStreams,
} from '../../src/ports/ib.ts'
import type { Bar } from '../../src/ports/market-data.ts'
import type { FakeClock } from '../fake-clock.ts'

export interface Asked {
  readonly kind: IbRequestKind
  readonly symbol: string
  readonly barSize?: string
  readonly endMs?: number
  readonly duration?: string
  readonly priority?: string
}

const dayMs = 86_400_000

export function price(timeMs: number): Bar {
  const open = 100 + (Math.floor(timeMs / 60_000) % 97)
  return { timeMs, open, high: open + 2, low: open - 1, close: open + 1, volume: 1_000 + (open % 7) }
}

export class FakeMarket implements OwnedDataLink {
  readonly isConfigured = true
  isUsable = true
  dataLost = 0
  readonly asked: Asked[] = []
  /** What IB knows; `several` stands for an ambiguous symbol, `expired` for a future that is over. */
  readonly contracts = new Map<string, 'one' | 'several' | 'expired'>([
    ['SPY', 'one'],
    ['AAPL', 'one'],
    ['MSFT', 'one'],
    ['ES', 'several'],
    ['ESH5', 'expired'],
  ])
  /** Starts of bars that do not exist. */
  readonly holes = new Set<number>()
  headMs = Date.UTC(1993, 0, 29)
  /** Called before each answer; throwing is the answer. */
  beforeAnswer: (asked: Asked) => void | Promise<void> = () => {}
  /** Called before each stream begins; throwing refuses it. */
  beforeStream: () => void = () => {}
  readonly streams = new Map<string, IbStreamListener<IbBar>>()
  readonly #clock: FakeClock
  readonly #listeners = new Set<() => void>()

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  get trouble(): string {
    return 'The data connection is down.'
  }

  down(): FleetError {
    return new FleetError('DATA_CONNECTION_DOWN', this.trouble, { retryAfterMs: 5_000 })
  }

  status(): { state: 'connected' | 'waiting'; reconnects: number } {
    return { state: this.isUsable ? 'connected' : 'waiting', reconnects: 0 }
  }
  pacing(): undefined {}
  start(): void {}
  async stop(): Promise<void> {}

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Cuts or restores the connection; a cut ends every stream. */
  connect(isUsable: boolean): void {
    this.isUsable = isUsable
    if (!isUsable) {
      const error = new FleetError('CONNECTION_CLOSED', 'cut')
      for (const [symbol, { onEnd }] of [...this.streams]) {
        this.streams.delete(symbol)
        onEnd(error)
      }
    }
    this.tell()
  }

  tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  async request<K extends IbRequestKind>(
    kind: K,
    params: IbRequests[K]['params'],
    asking: Asking,
  ): Promise<IbRequests[K]['answer']> {
    if (!this.isUsable) throw this.down()
    asking.signal?.throwIfAborted()
    const history = params as Partial<IbHistory> & IbContract
    const contract: IbContract = history.contract ?? history
    const symbol = contract.localSymbol ?? contract.symbol ?? ''
    const asked: Asked = {
      kind,
      symbol,
      ...(history.barSize !== undefined && { barSize: history.barSize }),
      ...(history.endMs !== undefined && { endMs: history.endMs }),
      ...(history.duration !== undefined && { duration: history.duration }),
      ...(asking.priority !== undefined && { priority: asking.priority }),
    }
    this.asked.push(asked)
    await this.beforeAnswer(asked)
    asking.signal?.throwIfAborted()
    if (!this.isUsable) throw new FleetError('CONNECTION_CLOSED', 'cut in the middle')
    return this.#answer(kind, history, contract, symbol) as IbRequests[K]['answer']
  }

  async stream<K extends IbStreamKind>(
    _kind: K,
    params: IbStreams[K]['params'],
    listener: IbStreamListener<IbStreams[K]['item']>,
  ): Promise<() => void> {
    if (!this.isUsable) throw this.down()
    this.beforeStream()
    const { symbol = '' } = (params as { contract: IbContract }).contract
    if (this.streams.has(symbol)) throw new Error(`a second stream of ${symbol}`)
    this.streams.set(symbol, listener as IbStreamListener<IbBar>)
    return () => this.streams.delete(symbol)
  }

  /** Every whole bar that IB has of the last `days`. */
  bars(timeframe: Timeframe, fromMs: number, toMs: number): Bar[] {
    return slotsBetween(timeframe, marketTimes, fromMs, toMs)
      .flatMap((slots) => Array.from({ length: slots.count }, (_, index) => slots.slot(index)))
      .filter(({ startMs, closeMs }) => startMs >= fromMs && startMs < toMs && closeMs <= this.#clock.now())
      .filter(({ startMs }) => !this.holes.has(startMs))
      .map(({ startMs }) => price(startMs))
  }

  #answer(kind: IbRequestKind, params: Partial<IbHistory>, contract: IbContract, symbol: string): unknown {
    switch (kind) {
      case 'contractDetails':
        return this.#details(contract)
      case 'schedule':
        return {
          timeZone: marketTimes.timeZone,
          sessions: marketTimes
            .sessions(this.#clock.now() - 60 * dayMs, this.#clock.now())
            .map(({ date, openMs, closeMs }) => ({
              start: zoned(openMs),
              end: zoned(closeMs),
              date: date.replaceAll('-', ''),
            })),
        }
      case 'headTimestamp':
        return this.headMs
      case 'historicalBars':
        return this.#history(params, symbol)
      default:
        throw new Error(`nobody asks ${kind} here`)
    }
  }

  #details({ symbol, localSymbol, includeExpired }: IbContract): IbContractDetails[] {
    const name = localSymbol ?? symbol ?? ''
    const known = this.contracts.get(name)
    const details = { conId: 1, symbol: name, secType: 'STK', currency: 'USD', primaryExchange: 'ARCA' }
    if (known === 'one') return [details]
    if (known === 'several') return [details, { ...details, conId: 2, localSymbol: 'ESZ6' }]
    if (known === 'expired' && includeExpired)
      return [{ ...details, lastTradeDateOrContractMonth: '20250321' }]
    throw new FleetError('REQUEST_REJECTED', 'IB refused the request', {
      cause: { id: 1, code: 200, text: 'No security definition has been found for the request' },
    })
  }

  #history(
    { endMs = this.#clock.now(), duration = '', barSize }: Partial<IbHistory>,
    symbol: string,
  ): IbBar[] {
    const timeframe = (Object.keys(timeframeFacts) as Timeframe[]).find(
      (each) => timeframeFacts[each].barSize === barSize,
    )
    const [, count = '0', unit] = /^(\d+) ([SDY])$/.exec(duration) ?? []
    if (!timeframe || !unit) throw new Error(`a request that IB does not know: ${barSize} ${duration}`)
    const days = marketTimes.sessions(endMs - 800 * dayMs, endMs).filter(({ openMs }) => openMs < endMs)
    const firstMs =
      unit === 'D'
        ? days.at(-Number(count))?.openMs
        : endMs - Number(count) * (unit === 'S' ? 1_000 : 366 * dayMs)
    const fromMs = timeframe === '1d' ? Math.floor((firstMs ?? 0) / dayMs) * dayMs : (firstMs ?? 0)
    const bars = this.bars(timeframe, fromMs, endMs)
    if (bars.length > 0) return bars
    throw new FleetError('REQUEST_REJECTED', 'IB refused the request', {
      cause: {
        id: 1,
        code: 162,
        text: `Historical Market Data Service error message:HMDS query returned no data: ${symbol}@SMART Trades`,
      },
    })
  }
}

export const marketTimes: TradingTimes = builtInTimes(
  { secType: 'STK', exchange: 'SMART', currency: 'USD' },
  false,
)

/** `yyyymmdd-HH:MM:SS` in New York. */
function zoned(ms: number): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: marketTimes.timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(ms)
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? ''
  return `${part('year')}${part('month')}${part('day')}-${part('hour')}:${part('minute')}:${part('second')}`
}
