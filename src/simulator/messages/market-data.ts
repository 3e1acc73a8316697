// Streaming prices and snapshots, at any hour, so that a demo lives at weekends too; and five-second bars, in trading hours only.
import { type ApiSession, flagField, type MessageTable, numberField } from '../api-session.ts'
import { bar, priceAt, toTick, tradesBetween } from '../bars.ts'
import type { Instrument } from '../catalogue.ts'
import { contractQuery, describedInstrument } from '../contract-fields.ts'
import { tradingDaysBefore } from '../trading-hours.ts'

const tickMs = 1_000
const realTimeBarMs = 5_000

export const marketDataMessages: MessageTable = {
  1: { name: 'reqMktData', requestIdAt: 2, upstream: true, handle: marketData },
  2: {
    name: 'cancelMktData',
    requestIdAt: 2,
    handle(session, fields) {
      const reqId = numberField(fields, 2)
      if (!session.unsubscribe(`ticks ${reqId}`))
        session.error(reqId, 300, `Can't find EId with tickerId:${reqId}`)
    },
  },
  50: { name: 'reqRealTimeBars', requestIdAt: 2, upstream: true, handle: realTimeBars },
  51: {
    name: 'cancelRealTimeBars',
    requestIdAt: 2,
    handle: (session, fields) => {
      session.unsubscribe(`bars ${numberField(fields, 2)}`)
    },
  },
}

function marketData(session: ApiSession, fields: readonly string[]): void {
  const reqId = numberField(fields, 2)
  const instrument = describedInstrument(session, reqId, contractQuery(fields, 3))
  if (!instrument) return
  const snapshot = flagField(fields, fields[15] === '1' ? 20 : 17)
  const fresh =
    snapshot || session.subscribe(`ticks ${reqId}`, tickMs, () => sendQuote(session, reqId, instrument))
  if (!fresh) {
    session.error(reqId, 322, "Error processing request.-'bI' : cause - Duplicate ticker id")
    return
  }
  session.send(81, reqId, instrument.minTick, '9c0001', 3)
  session.send(58, 1, reqId, session.marketDataType)
  sendQuote(session, reqId, instrument)
  sendDay(session, reqId, instrument)
  if (snapshot) session.send(57, 1, reqId)
}

function sendQuote(session: ApiSession, reqId: number, instrument: Instrument): void {
  const now = session.world.clock.now()
  const last = priceAt(instrument, now)
  const { minTick } = instrument
  const size = 1 + (Math.floor(now / tickMs) % 9)
  sendPrice(session, reqId, 1, toTick(last - minTick, minTick), size * 100)
  sendPrice(session, reqId, 2, toTick(last + minTick, minTick), (10 - size) * 100)
  sendPrice(session, reqId, 4, last, size)
  if (session.marketDataType < 3) session.send(46, 6, reqId, 45, Math.floor(now / 1000))
}

/** The latest trading day's open, high, low and volume, and the close of the day before. */
function sendDay(session: ApiSession, reqId: number, instrument: Instrument): void {
  const now = session.world.clock.now()
  const days = tradingDaysBefore(instrument.hours, true, now)
  const today = days.next().value
  const yesterday = days.next().value
  const { open, high, low, volume } = bar(instrument, today.openMs, Math.min(now, today.closeMs), today.date)
  sendPrice(session, reqId, 6, high, 0)
  sendPrice(session, reqId, 7, low, 0)
  sendPrice(session, reqId, 9, priceAt(instrument, yesterday.closeMs), 0)
  sendPrice(session, reqId, 14, open, 0)
  session.send(2, 6, reqId, tickType(session, 8), volume)
  if (session.marketDataType < 3) session.send(45, 6, reqId, 49, 0)
}

function sendPrice(session: ApiSession, reqId: number, type: number, price: number, size: number): void {
  session.send(1, 6, reqId, tickType(session, type), price, size, type <= 2 ? 1 : 0)
}

/** Delayed data has tick types of its own: 1 → 66 … 9 → 75, 14 → 76. */
function tickType({ marketDataType }: ApiSession, type: number): number {
  if (marketDataType < 3) return type
  const delayed: Record<number, number> = { 1: 66, 2: 67, 4: 68, 6: 72, 7: 73, 8: 74, 9: 75, 14: 76 }
  return delayed[type] ?? type
}

function realTimeBars(session: ApiSession, fields: readonly string[]): void {
  const reqId = numberField(fields, 2)
  const instrument = describedInstrument(session, reqId, contractQuery(fields, 3))
  if (!instrument) return
  const regularOnly = flagField(fields, 17)
  const fresh = session.subscribe(`bars ${reqId}`, realTimeBarMs, () => {
    const now = session.world.clock.now()
    const endMs = Math.floor(now / realTimeBarMs) * realTimeBarMs
    const startMs = endMs - realTimeBarMs
    const { value: day } = tradingDaysBefore(instrument.hours, regularOnly, endMs).next()
    if (startMs < day.openMs || endMs > day.closeMs || !tradesBetween(instrument, startMs, endMs)) return
    const { open, high, low, close, volume, wap, count } = bar(instrument, startMs, endMs, day.date)
    session.send(50, 3, reqId, startMs / 1000, open, high, low, close, volume, wap, count)
  })
  if (!fresh) session.error(reqId, 322, "Error processing request.-'bI' : cause - Duplicate ticker id")
}
