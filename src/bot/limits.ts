// The hard limits of the gameplan and plain sanity, held against one intent: pure.
import type { Exposure } from './exposure.ts'
import type { Gameplan } from './gameplan.ts'
import type { OrderIntent } from './intents.ts'

export type HardLimits = Gameplan['hard_limits']

export interface LimitFacts {
  /** Without limits nothing may be opened. */
  readonly limits: HardLimits | undefined
  /** Of the intent's symbol. */
  readonly exposure: Exposure
  /** Of the account; undefined when not known, and then nothing may be opened. */
  readonly netLiquidation: number | undefined
  /** The first that was seen on this date of New York. */
  readonly openingNetLiquidation: number | undefined
}

/** Sums of fractional units are not exact. */
const tolerance = 1e-9

/** What makes an intent no order at all, a whole sentence; undefined when it could be one. Strategies are foreign code: nothing is taken for granted. */
export function whyMalformed(intent: OrderIntent): string | undefined {
  const { symbol, action, quantity, orderType, lmtPrice, auxPrice, effect, tif } = intent
  if (typeof symbol !== 'string' || !/^[!-~][ -~]{0,31}$/.test(symbol))
    return `${show(symbol)} is no symbol: it takes 1 to 32 plain characters.`
  for (const [name, value] of Object.entries({ ...contractWords(intent) }))
    if (value !== undefined && (typeof value !== 'string' || !/^[\w.]{1,16}$/.test(value)))
      return `${name} of ${symbol} must be one of IB's words, not ${show(value)}.`
  if (action !== 'BUY' && action !== 'SELL')
    return `The action for ${symbol} is BUY or SELL, not ${show(action)}.`
  if (effect !== 'open' && effect !== 'close')
    return `The effect on ${symbol} is open or close, not ${show(effect)}.`
  if (!isPositive(quantity))
    return `The quantity of ${symbol} must be a number above 0, not ${show(quantity)}.`
  if (!['MKT', 'LMT', 'STP', 'STP LMT'].includes(orderType))
    return `The order type for ${symbol} is MKT, LMT, STP or STP LMT, not ${show(orderType)}.`
  if (tif !== undefined && !['DAY', 'GTC', 'IOC'].includes(tif))
    return `The time in force for ${symbol} is DAY, GTC or IOC, not ${show(tif)}.`
  if (orderType.endsWith('LMT') && !isPositive(lmtPrice))
    return `A ${orderType} order for ${symbol} needs lmtPrice, a number above 0, not ${show(lmtPrice)}.`
  if (orderType.startsWith('STP') && !isPositive(auxPrice))
    return `A ${orderType} order for ${symbol} needs auxPrice, the stop price, a number above 0, not ${show(auxPrice)}.`
  return undefined
}

/** Why the intent may not become an order, a whole sentence; undefined when it may. */
export function whyRefused(intent: OrderIntent, facts: LimitFacts): string | undefined {
  return (
    whyMalformed(intent) ??
    (intent.effect === 'close' ? whyNoClose(intent, facts.exposure) : whyNoOpening(intent, facts))
  )
}

/** A close may only make the position smaller, also when everything else that works is filled first. */
function whyNoClose({ symbol, action, quantity }: OrderIntent, exposure: Exposure): string | undefined {
  const { low, high, buying, selling } = exposure
  const direction = low > 0 ? 'SELL' : high < 0 ? 'BUY' : undefined
  if (!direction)
    return `There is no certain position in ${symbol} to close (${low === high ? low : `between ${low} and ${high}`} units).`
  if (action !== direction) return `A ${action} does not make the position of ${show(low)} ${symbol} smaller.`
  const [held, working] = direction === 'SELL' ? [low, selling] : [-high, buying]
  if (quantity <= held - working + tolerance) return undefined
  return `Closing ${quantity} ${symbol} is more than the ${held} units held less ${working} in orders that work.`
}

function whyNoOpening(intent: OrderIntent, facts: LimitFacts): string | undefined {
  const { limits, netLiquidation, openingNetLiquidation } = facts
  const { symbol } = intent
  if (!limits) return `No gameplan is in force, so nothing may be opened; ${symbol} was to be.`
  return (
    whyLossStops(symbol, limits, netLiquidation, openingNetLiquidation) ??
    whyTooLarge(intent, limits, facts.exposure)
  )
}

function whyLossStops(
  symbol: string,
  { max_daily_loss_pct: maxLoss }: HardLimits,
  netLiquidation: number | undefined,
  opening: number | undefined,
): string | undefined {
  if (
    netLiquidation === undefined ||
    opening === undefined ||
    !(opening > 0) ||
    !Number.isFinite(netLiquidation)
  )
    return `The day's loss is not known, so ${symbol} may not be opened.`
  const loss = (opening - netLiquidation) / opening
  if (loss < maxLoss) return undefined
  return `The day's loss of ${percent(loss)} has reached max_daily_loss_pct, ${percent(maxLoss)} of ${opening}: nothing more is opened today.`
}

function whyTooLarge(
  { symbol, action, quantity }: OrderIntent,
  { max_single_position: max }: HardLimits,
  { low, high, buying, selling }: Exposure,
): string | undefined {
  const worst = action === 'BUY' ? high + buying + quantity : selling - low + quantity
  if (worst <= max + tolerance) return undefined
  return `${action} ${quantity} ${symbol} could make a position of ${worst} with what is held and what works; max_single_position is ${max}.`
}

function contractWords({ secType, exchange, currency }: OrderIntent) {
  return { secType, exchange, currency }
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value).slice(0, 40)
}
