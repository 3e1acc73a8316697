// What a strategy is: something that looks at a moment and wishes for orders. It holds no connection, no broker and no gate.
import type { BotPosition, OrderIntent } from '../intents.ts'

/** What a strategy is shown; plain values. Times are epoch milliseconds. */
export interface Moment {
  readonly nowMs: number
  readonly account: string
  readonly positions: readonly BotPosition[]
  /** From the gameplan. */
  readonly symbols: readonly string[]
  /** Net liquidation of the account, in its currency; absent until IB has said. */
  readonly netLiquidation?: number
  /** Last prices by symbol, as far as they are known. */
  readonly prices: Readonly<Record<string, number>>
  /** End of the trading session under way. */
  readonly sessionCloseMs: number
  readonly dryRun: boolean
}

export interface Strategy {
  /** The name that a gameplan calls it by: A, B, C, or any word. */
  readonly name: string
  /**
   * Called every few seconds in market hours while the gate is open. What it returns is a wish; the broker checks each. An aborted `signal`
   * means that nobody waits any more. Throwing, or not answering in time, ends it for the day: Strategy C takes its place.
   */
  decide(moment: Moment, signal: AbortSignal): Promise<readonly OrderIntent[]> | readonly OrderIntent[]
}
