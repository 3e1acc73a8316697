// The trading loop: in market hours it shows the moment to the strategy and hands its wishes to the broker; outside, and while the gate is shut, it sends nothing.
import type { Clock } from '../ports/clock.ts'
import { isFleetError, messageOf } from '../ports/errors.ts'
import type { Log } from '../ports/log.ts'
import type { AccountState } from './broker.ts'
import { isMarketOpen, nextMarketOpen, sessionClose } from './market-hours.ts'
import type { Notifier } from './notifier.ts'
import type { GatePass } from './order-gate.ts'
import { patienceFor } from './order-patience.ts'
import type { Moment } from './strategies/strategy.ts'
import type { StrategyDesk } from './strategies/strategy-desk.ts'
import type { TradingConnection } from './trading-connection.ts'

export interface TradingLoopDeps {
  readonly clock: Clock
  readonly log: Log
  readonly notifier: Notifier
  readonly desk: StrategyDesk
  readonly dryRun: boolean
  /** From one look of the strategy to the next [5 s]. */
  readonly turnMs?: number
  /** Of today's gameplan. */
  readonly symbols: () => readonly string[]
  /** Awaited before a strategy is asked: a person must have been told of the last loss first. */
  readonly told: () => Promise<unknown>
  /** What was to be closed out is, or there is nothing to close: the gameplan may count again. */
  readonly onClosedOut: () => void
}

const defaultTurnMs = 5_000
/** While the market is closed; the clock may jump meanwhile. */
const closedTurnMs = 30_000

export class TradingLoop {
  readonly #deps: TradingLoopDeps
  #saidClosed = false
  #account: AccountState | undefined

  constructor(deps: TradingLoopDeps) {
    this.#deps = deps
  }

  /** Positions of the account that are not zero, as last seen. */
  get positionsOpen(): number {
    return this.#account?.positions.filter(({ position }) => position !== 0).length ?? 0
  }

  /** Runs until `signal` aborts. */
  async run(connection: TradingConnection, signal: AbortSignal): Promise<void> {
    const { clock, log, turnMs = defaultTurnMs } = this.#deps
    while (!signal.aborted) {
      try {
        const isOpen = this.#lookAtMarket()
        if (isOpen) await this.#turn(connection, signal)
        else await this.#look(connection, connection.gate.pass(), signal)
        await clock.sleep(isOpen ? turnMs : closedTurnMs, signal)
      } catch (error) {
        if (signal.aborted) return
        log.warn({ err: error }, 'a turn of the trading loop failed')
        await clock.sleep(turnMs, signal).catch(() => {})
      }
    }
  }

  #lookAtMarket(): boolean {
    const { clock, log } = this.#deps
    const now = clock.now()
    const isOpen = isMarketOpen(now)
    if (!isOpen && !this.#saidClosed)
      log.info(
        { nextOpen: new Date(nextMarketOpen(now)).toISOString() },
        'Outside market hours, waiting for the open',
      )
    if (isOpen && this.#saidClosed) log.info({}, 'Market open, trading loop runs')
    this.#saidClosed = !isOpen
    return isOpen
  }

  async #turn(connection: TradingConnection, signal: AbortSignal): Promise<void> {
    const { clock, desk, dryRun, symbols } = this.#deps
    const pass = connection.gate.pass()
    const account = await this.#look(connection, pass, signal)
    if (!pass || !account || connection.gate.pass() !== pass) return
    await connection.prices.follow(symbols(), signal)
    await this.#deps.told()
    const now = clock.now()
    const moment: Moment = {
      nowMs: now,
      account: pass.account,
      positions: account.positions,
      symbols: symbols(),
      ...(account.netLiquidation !== undefined && { netLiquidation: account.netLiquidation }),
      prices: connection.prices.known(),
      sessionCloseMs: sessionClose(now) ?? now,
      dryRun,
    }
    const intents = await desk.decide(moment, signal)
    // A loss meanwhile is for the next turn: nothing that was decided before it closes anything out.
    if (connection.gate.pass() !== pass) return
    // In a dry run what is to be closed stays: having wished for it is all that can be done.
    if ((intents.length === 0 || dryRun) && !hasWorkingOrders(connection)) this.#deps.onClosedOut()
    for (const intent of intents) {
      if (connection.gate.pass() !== pass || signal.aborted) return
      await this.#place(connection, pass, intent, signal)
    }
  }

  async #place(
    { broker }: TradingConnection,
    pass: GatePass,
    intent: Parameters<TradingConnection['broker']['place']>[1],
    signal: AbortSignal,
  ): Promise<void> {
    const { log, desk, clock, notifier } = this.#deps
    const { symbol, action, quantity, effect, note } = intent
    const what = {
      strategy: desk.choice.name,
      symbol,
      action,
      quantity,
      effect,
      ...(note !== undefined && { note }),
    }
    const patience = patienceFor(intent, broker.orders(), clock.now())
    if (patience) {
      const until = new Date(patience.notBefore).toISOString()
      log.debug({ ...what, until, said: patience.said }, 'Order not repeated yet')
      if (patience.tell)
        notifier.notify({
          level: 'ERROR',
          title: `Orders for ${symbol} are refused`,
          text: `${patience.failures} orders to ${effect} ${symbol} ended without a fill; IB said: ${patience.said}. It is tried again from time to time.`,
          action: 'Look at the position and the order log; close it by hand if it must be closed now.',
        })
      return
    }
    try {
      const placed = await broker.place(pass, intent, signal)
      log.info({ ...what, ...placed }, placed.outcome === 'sent' ? 'Order sent' : 'Order not sent, dry run')
    } catch (error) {
      if (signal.aborted) return
      const code = isFleetError(error) ? error.code : 'INTERNAL'
      log.warn({ ...what, code, reason: messageOf(error) }, 'Order refused')
    }
  }

  /** The account as it is now; undefined while the gateway is not proven or does not say. */
  async #look(
    { broker }: TradingConnection,
    pass: GatePass | null,
    signal: AbortSignal,
  ): Promise<AccountState | undefined> {
    if (!pass) return undefined
    try {
      this.#account = await broker.account(pass.account, signal)
      return this.#account
    } catch (error) {
      signal.throwIfAborted()
      this.#deps.log.warn({ err: error }, 'the account could not be read, nothing is traded')
      return undefined
    }
  }
}

function hasWorkingOrders({ broker }: TradingConnection): boolean {
  return broker.orders().some(({ state }) => state === 'intended' || state === 'sent' || state === 'working')
}
