// Which accounts a user has, and what is in them.

export type TradingMode = 'paper' | 'live'

/** A holding, for answers that list positions. */
export interface Position {
  symbol: string
  quantity: number
  averageCost: number
}

/** The same user has the same account every time: `DU` (paper) or `U` (live) and seven digits. */
export function accountsOf(username: string, mode: TradingMode): string[] {
  const number = 1_000_000 + (fnv1a(username) % 9_000_000)
  return [`${mode === 'paper' ? 'DU' : 'U'}${number}`]
}

/** 32-bit FNV-1a: small, even, and the same on every machine. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}
