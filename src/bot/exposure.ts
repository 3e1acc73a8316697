// How large a position is or may become by what is under way: pure. What is not certain is counted in the worse direction.
import type { IbContract, IbOrder } from '../ports/ib.ts'

/** The position of one symbol in one account. */
export interface Exposure {
  /** The least that the position may be; negative when short. */
  readonly low: number
  /** The most. */
  readonly high: number
  /** Units that working orders may still buy, and sell; positive both. */
  readonly buying: number
  readonly selling: number
}

/** A fill so recent that IB's positions may or may not contain it. */
export interface RecentFill {
  readonly contract: IbContract
  /** Negative when sold. */
  readonly units: number
}

/** What an order may still trade. */
export interface WorkingUnits {
  readonly contract: IbContract
  readonly action: IbOrder['action']
  readonly units: number
}

/** What makes two contracts the same to the limits: symbol, type and currency. IB fills in the rest on its side, so it cannot be compared. */
export function contractKey({ symbol = '', secType = 'STK', currency = 'USD' }: IbContract): string {
  return `${symbol.toUpperCase()} ${secType} ${currency}`
}

/** Of all that is given, only what has the same key as `contract` counts. */
export function exposureOf(
  contract: IbContract,
  positions: ReadonlyArray<{ readonly contract: IbContract; readonly position: number }>,
  fills: readonly RecentFill[],
  working: readonly WorkingUnits[],
): Exposure {
  const key = contractKey(contract)
  const position = sum(positions.filter(same).map((held) => held.position))
  const units = fills.filter(same).map((fill) => fill.units)
  const orders = working.filter(same)
  return {
    low: position + sum(units.filter((fill) => fill < 0)),
    high: position + sum(units.filter((fill) => fill > 0)),
    buying: sum(orders.filter(({ action }) => action === 'BUY').map((order) => order.units)),
    selling: sum(orders.filter(({ action }) => action === 'SELL').map((order) => order.units)),
  }

  function same(other: { readonly contract: IbContract }): boolean {
    return contractKey(other.contract) === key
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
