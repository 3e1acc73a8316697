// What an IB code means for a session: pure. Sources: IBKR's message code list and facts seen live; texts vary between builds, codes do not.
import { type IbErrorClass, ibErrorClasses } from '../ports/measures.ts'

export type FarmService = 'market-data' | 'historical' | 'security-definition'

export type IbCodeClass =
  /** 1100, 2110: the gateway lost IBKR; the socket is fine and stays. */
  | { readonly kind: 'upstream-lost' }
  /** 1101 (subscriptions are gone), 1102 (they go on). `brokenFarms` as far as the text lists them. */
  | {
      readonly kind: 'upstream-restored'
      readonly dataLost: boolean
      readonly brokenFarms?: readonly string[]
    }
  /** 2103 … 2108, 2119, 2157, 2158. An inactive farm wakes on demand and is not broken. */
  | {
      readonly kind: 'farm'
      readonly farm: string
      readonly service: FarmService
      readonly state: 'ok' | 'broken' | 'inactive' | 'connecting'
    }
  /** 326 */
  | { readonly kind: 'client-id-in-use' }
  /** 1300: the API moved to another port and this connection will drop. */
  | { readonly kind: 'port-changed' }
  /** 10197: another login of this user has the market data. */
  | { readonly kind: 'competing-session' }
  /** 10141: the paper trading disclaimer has not been accepted yet. */
  | { readonly kind: 'not-usable-yet' }
  /** 321 with IB's words for it. */
  | { readonly kind: 'read-only' }
  /** 100, and 162 or 420 that say so: slow down. */
  | { readonly kind: 'pacing' }
  /** The user has not subscribed to the data asked for. */
  | { readonly kind: 'permission' }
  /** 503, 505, 506: the two sides cannot talk to each other. */
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'request-error' }
  | { readonly kind: 'informational' }

type Farm = Extract<IbCodeClass, { kind: 'farm' }>

const farmCodes: ReadonlyMap<number, Pick<Farm, 'service' | 'state'>> = new Map([
  [2103, { service: 'market-data', state: 'broken' }],
  [2104, { service: 'market-data', state: 'ok' }],
  [2105, { service: 'historical', state: 'broken' }],
  [2106, { service: 'historical', state: 'ok' }],
  [2107, { service: 'historical', state: 'inactive' }],
  [2108, { service: 'market-data', state: 'inactive' }],
  [2119, { service: 'market-data', state: 'connecting' }],
  [2157, { service: 'security-definition', state: 'broken' }],
  [2158, { service: 'security-definition', state: 'ok' }],
])

const plainCodes: ReadonlyMap<number, Exclude<IbCodeClass['kind'], 'upstream-restored' | 'farm'>> = new Map([
  [100, 'pacing'],
  [165, 'informational'],
  [326, 'client-id-in-use'],
  [354, 'permission'],
  // The query that a cancel was for had already ended.
  [366, 'informational'],
  [399, 'informational'],
  [492, 'informational'],
  [503, 'unsupported'],
  [505, 'unsupported'],
  [506, 'unsupported'],
  [1100, 'upstream-lost'],
  [1300, 'port-changed'],
  [2110, 'upstream-lost'],
  [10089, 'permission'],
  [10090, 'permission'],
  [10141, 'not-usable-yet'],
  [10167, 'informational'],
  [10168, 'permission'],
  [10186, 'permission'],
  [10197, 'competing-session'],
])

/** `secdefil`, `usfarm.nj`. */
const maxFarmName = 40

/** Total: every code has a class. 2100 … 2999 that have none of their own are notices, never failures. */
export function classifyIbCode(code: number, text: string): IbCodeClass {
  const farm = farmCodes.get(code)
  if (farm) return { kind: 'farm', farm: farmName(text), ...farm }
  if (code === 1101 || code === 1102) return restored(code === 1101, text)
  const plain = plainCodes.get(code)
  if (plain) return { kind: plain }
  if (code === 321 && /read-only/i.test(text)) return { kind: 'read-only' }
  if (code === 162 || code === 420) {
    if (/pacing/i.test(text)) return { kind: 'pacing' }
    if (/permission/i.test(text)) return { kind: 'permission' }
    if (/query cancell?ed/i.test(text)) return { kind: 'informational' }
  }
  return { kind: code >= 2100 && code < 3000 ? 'informational' : 'request-error' }
}

/** Classes that count as an error of the session; the others are its weather. */
export function isIbError(codeClass: IbCodeClass): codeClass is IbCodeClass & { kind: IbErrorClass } {
  return ibErrorClasses.some((errorClass) => errorClass === codeClass.kind)
}

/** `…is broken:usfarm.nj`, and `…upon demand.hfarm` with a dot for the inactive. */
function farmName(text: string): string {
  return /(?:demand\.|:)\s*([\w.-]+?)\.?\s*$/.exec(text)?.[1]?.slice(0, maxFarmName) ?? 'unknown'
}

function restored(dataLost: boolean, text: string): IbCodeClass {
  const broken = /farms are not connected:([^.]*(?:\.\w[^.]*)*)/i.exec(text)?.[1]
  const brokenFarms = broken
    ?.split(';')
    .map((farm) => farm.trim().slice(0, maxFarmName))
    .filter(Boolean)
  if (brokenFarms) return { kind: 'upstream-restored', dataLost, brokenFarms }
  if (/all data farms are connected/i.test(text))
    return { kind: 'upstream-restored', dataLost, brokenFarms: [] }
  return { kind: 'upstream-restored', dataLost }
}
