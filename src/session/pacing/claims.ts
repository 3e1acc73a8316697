// What a message asks of the pacer, derived from the request itself: pure.
import type {
  IbContract,
  IbHistory,
  IbRequestKind,
  IbRequests,
  IbStreamKind,
  IbStreams,
} from '../../ports/ib.ts'

/** Who goes first: a person or a bot that waits, then what an outage has left open, then all else. */
export const priorities = ['interactive', 'outage', 'background'] as const
export type Priority = (typeof priorities)[number]

export type Claim = { readonly priority: Priority } & (
  | {
      /** `message`: a cancel or an order, bound only by the message rate. `request`: asks for data. `real-time-bars`: starts a stream of them. */
      readonly kind: 'message' | 'request' | 'real-time-bars'
    }
  | {
      readonly kind: 'historical'
      /** BID_ASK is two requests to IB. */
      readonly weight: 1 | 2
      /** Contract, exchange and type of data, which share a limit. */
      readonly series: string
      /** All that is asked; two requests with the same one are identical to IB. */
      readonly identity: string
      /** Bars of 30 s and less, for which IB's limits always hold. */
      readonly smallBars: boolean
    }
)

type Paced = IbRequests & IbStreams
export type PacedKind = IbRequestKind | IbStreamKind
/** A historical request of whatever kind. */
type Question = Pick<IbHistory, 'contract' | 'useRth'> & Partial<IbHistory>

/** The claim of a request, or of the start of a stream. */
export function claimOf<K extends PacedKind>(kind: K, params: Paced[K]['params'], priority: Priority): Claim {
  switch (kind) {
    case 'historicalBars':
    case 'headTimestamp':
      return historical(kind, params as Question, priority)
    case 'schedule':
      return historical(kind, { ...(params as Question), whatToShow: 'SCHEDULE' }, priority)
    case 'realTimeBars':
      return { kind: 'real-time-bars', priority }
    // What orders are checked against must not wait behind data.
    case 'openOrders':
    case 'executions':
    case 'positions':
    case 'accountSummary':
      return { kind: 'message', priority }
    default:
      return { kind: 'request', priority }
  }
}

function historical(kind: PacedKind, question: Question, priority: Priority): Claim {
  const { contract, endMs, duration, barSize, whatToShow, useRth } = question
  const series = JSON.stringify([...contractKey(contract), whatToShow])
  return {
    kind: 'historical',
    priority,
    weight: whatToShow === 'BID_ASK' ? 2 : 1,
    series,
    identity: JSON.stringify([kind, series, contract.includeExpired, endMs, duration, barSize, useRth]),
    smallBars: barSize !== undefined && !/^\d+ ?(min|hour|day|week|month|W|M)/.test(barSize),
  }
}

/** The id alone where there is one, as the other fields may be filled in or not. */
function contractKey(contract: IbContract): unknown[] {
  const { conId, exchange } = contract
  if (conId !== undefined) return [conId, exchange]
  const { symbol, secType, primaryExchange, currency, localSymbol, tradingClass } = contract
  const { lastTradeDateOrContractMonth: expiry } = contract
  return [symbol, secType, exchange, primaryExchange, currency, localSymbol, tradingClass, expiry]
}
