// The twelve contract fields that requests and answers share, and the errors of a description that fits badly.
import { type ApiSession, flagField } from './api-session.ts'
import { type ContractQuery, findInstruments, type Instrument } from './catalogue.ts'
import type { Field } from './wire.ts'

/** Reads conId, symbol, secType, expiry, (strike, right, multiplier,) exchange, (primary,) currency, local symbol, class. */
export function contractQuery(fields: readonly string[], at: number): ContractQuery {
  const text = (offset: number) => fields[at + offset] ?? ''
  return {
    conId: Number(text(0)) || 0,
    symbol: text(1),
    secType: text(2),
    expiry: text(3),
    exchange: text(7),
    currency: text(9),
    localSymbol: text(10),
    tradingClass: text(11),
    includeExpired: false,
  }
}

/** The same with the flag behind them, in the messages that have it. */
export function contractQueryWithExpired(fields: readonly string[], at: number): ContractQuery {
  return { ...contractQuery(fields, at), includeExpired: flagField(fields, at + 12) }
}

type Refuse = (reqId: number, code: number, text: string) => void

/** Every instrument that fits, or error 200 and none. */
export function describedInstruments(
  session: ApiSession,
  reqId: number,
  query: ContractQuery,
  refuse: Refuse = (...error) => session.error(...error),
): Instrument[] {
  const found = findInstruments(query, session.world.clock.now())
  if (found.length === 0) refuse(reqId, 200, 'No security definition has been found for the request')
  return found
}

/** The one instrument meant, or error 200 and undefined. */
export function describedInstrument(
  session: ApiSession,
  reqId: number,
  query: ContractQuery,
  refuse: Refuse = (...error) => session.error(...error),
): Instrument | undefined {
  const [only, ...others] = describedInstruments(session, reqId, query, refuse)
  if (others.length === 0) return only
  const what = query.symbol || query.localSymbol
  refuse(reqId, 200, `The contract description specified for ${what} is ambiguous.`)
  return undefined
}

/** conId, symbol, secType, expiry, strike, right, multiplier, exchange, currency, local symbol, trading class. */
export function contractFields(item: Instrument, exchange: string): Field[] {
  const { conId, symbol, secType, expiry, multiplier, currency, localSymbol, tradingClass } = item
  return [conId, symbol, secType, expiry, 0, '?', multiplier, exchange, currency, localSymbol, tradingClass]
}
