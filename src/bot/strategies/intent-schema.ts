// What a strategy may answer: the schema of its wishes, since a module may return anything.
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { OrderIntent } from '../intents.ts'

/** More wishes at one moment are a strategy that has lost its mind. */
export const maxIntents = 100

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength })
const words = <const W extends string>(...each: W[]) => Type.Union(each.map((word) => Type.Literal(word)))

/** An unknown field is refused: it may be a price limit under a wrong name. */
const Intent = Type.Object(
  {
    symbol: text(40),
    secType: Type.Optional(text(10)),
    exchange: Type.Optional(text(40)),
    currency: Type.Optional(text(10)),
    action: words('BUY', 'SELL'),
    quantity: Type.Number({ exclusiveMinimum: 0, maximum: 1e9 }),
    orderType: words('MKT', 'LMT', 'STP', 'STP LMT'),
    lmtPrice: Type.Optional(Type.Number()),
    auxPrice: Type.Optional(Type.Number()),
    tif: Type.Optional(words('DAY', 'GTC', 'IOC')),
    effect: words('open', 'close'),
    note: Type.Optional(Type.String({ maxLength: 1000 })),
  },
  { additionalProperties: false },
)

/** The intents, or in words what is wrong with the first that is none. */
export function checkIntents(value: unknown): { intents: readonly OrderIntent[] } | { fault: string } {
  if (!Array.isArray(value)) return { fault: 'its answer is not a list' }
  if (value.length > maxIntents)
    return { fault: `it wishes for ${value.length} orders at once, and ${maxIntents} are the most` }
  for (const [index, intent] of value.entries()) {
    const fault = faultOf(intent)
    if (fault) return { fault: `order ${index + 1} of its answer: ${fault}` }
  }
  return { intents: value }
}

function faultOf(intent: unknown): string | undefined {
  if (!Value.Check(Intent, intent)) {
    const [fault] = Value.Errors(Intent, intent)
    return `${fault?.instancePath.slice(1) || 'it'} ${fault?.message ?? 'is no order'}`
  }
  const { orderType, lmtPrice, auxPrice } = intent as OrderIntent
  if (orderType.endsWith('LMT') && lmtPrice === undefined) return `${orderType} needs lmtPrice`
  if (orderType.startsWith('STP') && auxPrice === undefined) return `${orderType} needs auxPrice`
  return undefined
}
