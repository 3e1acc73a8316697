// When instruments trade, as far as rules know it: used where IB's own schedule does not reach.
import type { TradingTimes } from './session.ts'

/** What is known of an instrument without asking IB. */
export interface Instrument {
  /** IB's words: STK, CASH, FUT … */
  readonly secType: string
  readonly exchange: string
  readonly currency: string
  readonly primaryExchange?: string
}

export function builtInTimes(instrument: Instrument, useRth: boolean): TradingTimes {
  throw new Error(`not yet ${instrument} ${useRth}`)
}
