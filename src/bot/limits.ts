// The hard limits of the gameplan and plain sanity, held against one order: pure.
import type { Gameplan } from './gameplan.ts'
import type { OrderIntent } from './intents.ts'

export type HardLimits = Gameplan['hard_limits']

/** The position of one symbol as far as it is known: fills of the last seconds may or may not be in it yet. */
export interface Exposure {
  /** The least that the position may be; negative when short. */
  readonly low: number
  /** The most. */
  readonly high: number
  /** What working orders may still buy, and sell; positive both. */
  readonly buying: number
  readonly selling: number
}

export interface LimitFacts {
  /** Without limits nothing may be opened. */
  readonly limits: HardLimits | undefined
  readonly exposure: Exposure
  /** Of the account; undefined when not known, and then nothing may be opened. */
  readonly netLiquidation: number | undefined
  /** The first that was seen on this date of New York. */
  readonly openingNetLiquidation: number | undefined
}

/** Why the intent may not become an order, a whole sentence; undefined when it may. */
export function whyRefused(_intent: OrderIntent, _facts: LimitFacts): string | undefined {
  throw new Error('not written yet')
}
