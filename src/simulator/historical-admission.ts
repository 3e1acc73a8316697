// Between a well-formed historical request and its answer: the limits, and how long the request counts as open.
import type { ApiSession } from './api-session.ts'
import type { Instrument } from './catalogue.ts'

export interface HistoricalQuestion {
  readonly name: string
  readonly reqId: number
  readonly instrument: Instrument
  readonly exchange: string
  readonly whatToShow: string
  readonly smallBars: boolean
  readonly fields: readonly string[]
}

export const historicalError = 'Historical Market Data Service error message:'

/**
 * Answers 162 when a limit is broken, and nothing while IBKR is not reached; else runs `answer`, which says whether the request
 * goes on. One that does not is open until its answer has left.
 */
export function admit(session: ApiSession, question: HistoricalQuestion, answer: () => boolean): void {
  const { world } = session
  const { name, reqId, instrument, exchange, whatToShow, smallBars, fields } = question
  const now = world.clock.now()
  const [, , ...withoutIds] = fields
  const rule = world.pacing.begin(now, {
    client: session,
    reqId,
    smallBars,
    series: `${instrument.conId} ${exchange.toUpperCase()} ${whatToShow}`,
    identity: `${name} ${withoutIds.join('|')}`,
    weight: whatToShow === 'BID_ASK' ? 2 : 1,
  })
  if (rule) {
    world.violations.report(now, rule, session.clientId, [name, ...fields])
    session.error(reqId, 162, `${historicalError}Historical data request pacing violation`)
  } else if (world.upstream && !answer()) {
    session.afterSent(() => world.pacing.end(session, reqId))
  }
}
