// Strategy C, cash preservation: it opens nothing, ever, and closes only what it was told to close out.
import type { BotPosition, OrderIntent } from '../intents.ts'
import type { Moment } from './strategy.ts'

/** `own`: the positions that this bot has opened; `all`: every position of the account. */
export type CloseOut = 'nothing' | 'own' | 'all'

/** A symbol, a type and a currency, which is all that an intent has, name many of these: an order for one would be refused, or be for another. */
const needMoreThanSymbol = new Set(['OPT', 'FUT', 'CONTFUT', 'FOP', 'WAR', 'IOPT', 'BAG', 'BOND', 'BILL'])

/** What Strategy C wishes for at a moment: a closing order for each position that `closeOut` means. Pure, and needs nothing outside. */
export function preserveCash(moment: Moment, closeOut: CloseOut): readonly OrderIntent[] {
  if (closeOut === 'nothing') return []
  return moment.positions
    .filter((held) => held.account === moment.account && canBeNamed(held))
    .flatMap((held) => closing(held, closeOut))
}

/** The positions that `closeOut` means and Strategy C cannot close, like futures and options: a person must. */
export function leftToPerson(moment: Moment, closeOut: CloseOut): readonly BotPosition[] {
  if (closeOut === 'nothing') return []
  return moment.positions.filter(
    (held) => held.account === moment.account && !canBeNamed(held) && unitsOf(held, closeOut) !== 0,
  )
}

function canBeNamed({ contract: { symbol, secType = 'STK' } }: BotPosition): boolean {
  return symbol !== undefined && symbol !== '' && !needMoreThanSymbol.has(secType)
}

function unitsOf(held: BotPosition, closeOut: 'own' | 'all'): number {
  return closeOut === 'all' ? held.position : ownPart(held)
}

/** A position names the exchange where it was traded, or none: a stock is sold wherever it is sold best, and currencies are at one place. */
function placeOf({ secType, exchange, primaryExchange }: BotPosition['contract']): string | undefined {
  if (secType === 'STK') return 'SMART'
  return secType === 'CASH' ? 'IDEALPRO' : exchange || primaryExchange
}

function closing(held: BotPosition, closeOut: 'own' | 'all'): OrderIntent[] {
  const { symbol = '', secType, currency } = held.contract
  const units = unitsOf(held, closeOut)
  if (!Number.isFinite(units) || units === 0) return []
  const place = placeOf(held.contract)
  return [
    {
      symbol,
      ...(secType && { secType }),
      ...(place && { exchange: place }),
      ...(currency && { currency }),
      action: units > 0 ? 'SELL' : 'BUY',
      quantity: Math.abs(units),
      orderType: 'MKT',
      tif: 'DAY',
      effect: 'close',
      note: `Strategy C closes ${closeOut === 'own' ? 'what this bot has opened' : 'every position'}`,
    },
  ]
}

/** Never more than is there, and never the other way round. */
function ownPart({ position, own }: BotPosition): number {
  if (Math.sign(own) !== Math.sign(position)) return 0
  return Math.sign(own) * Math.min(Math.abs(own), Math.abs(position))
}
