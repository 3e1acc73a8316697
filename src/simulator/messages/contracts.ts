// Contract data: one message 10 for each instrument that fits, then 52.
import type { ApiSession, MessageTable } from '../api-session.ts'
import { numberField } from '../api-session.ts'
import type { Instrument } from '../catalogue.ts'
import { contractQueryWithExpired, describedInstruments } from '../contract-fields.ts'
import { type TradingHours, tradingDay } from '../trading-hours.ts'
import { escapeText } from '../wire.ts'
import { clockTime, compactDate, two, wallClock } from '../zones.ts'

export const contractMessages: MessageTable = {
  9: {
    name: 'reqContractDetails',
    requestIdAt: 2,
    upstream: true,
    handle(session, fields) {
      const reqId = numberField(fields, 2)
      const query = contractQueryWithExpired(fields, 3)
      const found = describedInstruments(session, reqId, query)
      for (const item of found) sendDetails(session, reqId, item, query.exchange)
      if (found.length > 0) session.send(52, 1, reqId)
    },
  },
}

function sendDetails(session: ApiSession, reqId: number, item: Instrument, asked: string): void {
  const { version, world } = session
  const now = world.clock.now()
  const { expiry, hours } = item
  const future = item.secType === 'FUT'
  const stock = item.secType === 'STK'
  const lastTrade = future ? `${expiry} 08:30 ${hours.zone}` : ''
  session.send(
    10,
    ...(version < 164 ? [8] : []),
    reqId,
    item.symbol,
    item.secType,
    lastTrade,
    ...(version >= 182 ? [expiry] : []),
    0,
    '',
    asked || (item.exchanges[0] ?? ''),
    item.currency,
    item.localSymbol,
    item.tradingClass,
    item.tradingClass,
    item.conId,
    item.minTick,
    ...(version < 164 ? [100] : []),
    item.multiplier,
    'ACTIVETIM,ADJUST,ALERT,DAY,GTC,IOC,LMT,MKT,STP,STPLMT,TRAIL,WHATIF',
    item.exchanges.join(','),
    1,
    0,
    escapeText(item.longName),
    item.primaryExchange,
    future ? expiry.slice(0, 6) : '',
    '',
    '',
    '',
    hours.zone,
    hoursText(hours, false, now),
    hoursText(hours, true, now),
    '',
    0,
    0,
    stock ? 1 : 2_147_483_647,
    future ? item.symbol : '',
    future ? 'IND' : '',
    item.exchanges.map(() => '26').join(','),
    expiry,
    stock ? 'COMMON' : '',
    ...(version >= 164 ? (stock ? [0.0001, 0.0001, 100] : [1, 1, 1]) : []),
    ...(version >= 186 ? [0] : []),
  )
}

/** Six days: `20221229:0400-20221229:2000;20221231:CLOSED;…` in the instrument's zone. */
function hoursText(hours: TradingHours, regularOnly: boolean, now: number): string {
  const at = (ms: number) => {
    const shown = wallClock(hours.zone, ms)
    return `${compactDate(shown)}:${clockTime(shown).slice(0, 5).replace(':', '')}`
  }
  return Array.from({ length: 6 }, (_, daysAway) => {
    const day = tradingDay(hours, regularOnly, now, daysAway)
    if (day) return `${at(day.openMs)}-${at(day.closeMs)}`
    const here = wallClock(hours.zone, now)
    const date = new Date(Date.UTC(here.year, here.month - 1, here.day + daysAway))
    return `${date.getUTCFullYear()}${two(date.getUTCMonth() + 1)}${two(date.getUTCDate())}:CLOSED`
  }).join(';')
}
