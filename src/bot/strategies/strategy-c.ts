// Strategy C, cash preservation: it opens nothing, ever, and closes only what it was told to close out.
import type { BotPosition, OrderIntent } from '../intents.ts'
import type { Moment } from './strategy.ts'

/** `own`: the positions that this bot has opened; `all`: every position of the account. */
export type CloseOut = 'nothing' | 'own' | 'all'

/** What Strategy C wishes for at a moment: a closing order for each position that `closeOut` means. Pure, and needs nothing outside. */
export function preserveCash(moment: Moment, closeOut: CloseOut): readonly OrderIntent[] {
  if (closeOut === 'nothing') return []
  return moment.positions
    .filter(({ account }) => account === moment.account)
    .flatMap((position) => closing(position, closeOut))
}

function closing(held: BotPosition, closeOut: 'own' | 'all'): OrderIntent[] {
  const { symbol, secType, exchange, primaryExchange, currency } = held.contract
  const units = closeOut === 'all' ? held.position : ownPart(held)
  if (!symbol || !Number.isFinite(units) || units === 0) return []
  // A position names the exchange where it was listed or traded, or none; a stock is sold wherever it is sold best.
  const place = secType === 'STK' ? 'SMART' : exchange || primaryExchange
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
