// Last prices of the gameplan's symbols over the trading session, for strategies to look at. A price that is missing or old is no fault of the bot.
import type { Log } from '../ports/log.ts'
import type { IbSession } from '../session/session.ts'

/** Tick types: 4 last, 68 delayed last, 9 close, 75 delayed close; a trade counts more than yesterday's close. Source: IBKR's tick types. */
const lastTypes: ReadonlySet<number> = new Set([4, 68])
const closeTypes: ReadonlySet<number> = new Set([9, 75])

export class Prices {
  readonly #session: IbSession
  readonly #log: Log
  readonly #last = new Map<string, number>()
  readonly #close = new Map<string, number>()
  readonly #cancels = new Map<string, () => void>()
  #connectionId = 0
  #wanted: readonly string[] = []

  constructor(deps: { session: IbSession; log: Log }) {
    this.#session = deps.session
    this.#log = deps.log
  }

  /** By symbol, as far as they are known. */
  known(): Record<string, number> {
    return Object.fromEntries([...this.#close, ...this.#last])
  }

  /** Follows these symbols, and no others; after a reconnect it must be called again, which costs nothing when nothing has changed. */
  async follow(symbols: readonly string[], signal: AbortSignal): Promise<void> {
    const { connectionId } = this.#session.orders
    if (connectionId !== this.#connectionId) {
      this.#cancels.clear()
      this.#connectionId = connectionId
    }
    this.#wanted = symbols
    for (const [symbol, cancel] of this.#cancels) {
      if (symbols.includes(symbol)) continue
      this.#cancels.delete(symbol)
      cancel()
    }
    for (const symbol of symbols) if (!this.#cancels.has(symbol)) await this.#start(symbol, signal)
  }

  stop(): void {
    for (const cancel of this.#cancels.values()) cancel()
    this.#cancels.clear()
  }

  async #start(symbol: string, signal: AbortSignal): Promise<void> {
    // At once, so that a second call does not start it twice.
    this.#cancels.set(symbol, () => {})
    try {
      const cancel = await this.#session.stream(
        'marketData',
        { symbol, secType: 'STK', exchange: 'SMART', currency: 'USD' },
        {
          onItem: ({ type, value }) => {
            if (!Number.isFinite(value) || value <= 0) return
            if (lastTypes.has(type)) this.#last.set(symbol, value)
            else if (closeTypes.has(type)) this.#close.set(symbol, value)
          },
          onEnd: (error) => {
            this.#cancels.delete(symbol)
            this.#log.debug({ symbol, reason: error.message }, 'price stream ended')
          },
        },
        signal,
      )
      if (this.#wanted.includes(symbol) && this.#cancels.has(symbol)) this.#cancels.set(symbol, cancel)
      else cancel()
    } catch (error) {
      this.#cancels.delete(symbol)
      this.#log.debug({ symbol, err: error }, 'no prices')
    }
  }
}
