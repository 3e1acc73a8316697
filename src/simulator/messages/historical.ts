// Historical bars, bars kept up to date, schedules and the first time with data.
import { type ApiSession, flagField, type MessageTable, numberField } from '../api-session.ts'
import {
  type BarSize,
  barSizes,
  barsOf,
  type Duration,
  daysCovered,
  headMs,
  type SimulatedBar,
} from '../bars.ts'
import type { Instrument } from '../catalogue.ts'
import { contractQueryWithExpired, describedInstrument } from '../contract-fields.ts'
import { admit, historicalError } from '../historical-admission.ts'
import type { TradingDay } from '../trading-hours.ts'
import type { Field } from '../wire.ts'
import { clockTime, compactDate, instantOf, wallClock } from '../zones.ts'

interface HistoricalRequest {
  reqId: number
  instrument: Instrument
  exchange: string
  endMs: number
  nowMs: number
  size: BarSize
  duration: Duration
  regularOnly: boolean
  whatToShow: string
  epochDates: boolean
}

const updateMs = 5_000
/** As many as one frame holds. Seconds of twenty years would keep the process busy for hours. */
const maxBars = 250_000
const whatToShow = new Set(
  `TRADES MIDPOINT BID ASK BID_ASK ADJUSTED_LAST HISTORICAL_VOLATILITY OPTION_IMPLIED_VOLATILITY FEE_RATE
  YIELD_BID YIELD_ASK YIELD_BID_ASK YIELD_LAST SCHEDULE AGGTRADES`.split(/\s+/),
)
const invalidEnd =
  'End Date/Time: The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xx/xxxx where yyyymmdd and xx/xxxx are optional. E.g.: 20031126 15:59:00 US/Eastern  Note that there is a space between the date and time, and between the time and time-zone.'

export const historicalMessages: MessageTable = {
  20: { name: 'reqHistoricalData', requestIdAt: 1, handle: historicalData },
  25: {
    name: 'cancelHistoricalData',
    requestIdAt: 2,
    handle(session, fields) {
      const reqId = numberField(fields, 2)
      const open = session.world.pacing.end(session, reqId)
      if (session.unsubscribe(`historical ${reqId}`) || open) {
        session.error(reqId, 162, `${historicalError}API historical data query cancelled: ${reqId}`)
      } else session.error(reqId, 366, `No historical data query found for ticker id:${reqId}`)
    },
  },
  87: { name: 'reqHeadTimestamp', requestIdAt: 1, handle: headTimestamp },
  90: {
    name: 'cancelHeadTimestamp',
    requestIdAt: 1,
    handle: (session, fields) => {
      session.world.pacing.end(session, numberField(fields, 1))
    },
  },
}

function historicalData(session: ApiSession, fields: readonly string[]): void {
  const request = readRequest(session, fields)
  if (!request) return
  const smallBars = 'seconds' in request.size && request.size.seconds <= 30
  admit(session, { ...request, name: 'reqHistoricalData', smallBars, fields }, () => {
    const keepUpToDate = flagField(fields, fields.length - 2)
    return answerHistory(session, request) && keepUpToDate && keepSending(session, request)
  })
}

/** False when that was all: a schedule, or that there is no data. */
function answerHistory(session: ApiSession, request: HistoricalRequest): boolean {
  const { reqId, instrument, exchange, size, duration, endMs, nowMs, regularOnly, whatToShow: what } = request
  const covered = daysCovered(instrument, duration, endMs, regularOnly)
  if (what === 'SCHEDULE') {
    sendSchedule(session, request, covered.days)
    return false
  }
  if (barCount(size, covered.days, covered.startMs) > maxBars) {
    session.error(reqId, 162, `${historicalError}Time length exceed max.`)
    return false
  }
  const bars = barsOf(instrument, size, covered, endMs, nowMs)
  if (bars.length > 0) sendBars(session, request, bars, covered.startMs)
  else {
    const text = `HMDS query returned no data: ${instrument.localSymbol}@${exchange} Trades`
    session.error(reqId, 162, historicalError + text)
  }
  return bars.length > 0
}

function readRequest(session: ApiSession, fields: readonly string[]): HistoricalRequest | undefined {
  const reqId = numberField(fields, 1)
  const invalid = (cause: string) => {
    session.error(reqId, 321, `Error validating request.-'bI' : cause - ${cause}`)
    return undefined
  }
  const instrument = describedInstrument(session, reqId, contractQueryWithExpired(fields, 2))
  if (!instrument) return undefined
  const [end = '', sizeText = '', durationText = '', , what = ''] = fields.slice(15)
  const keepUpToDate = flagField(fields, fields.length - 2)
  const size = Object.hasOwn(barSizes, sizeText) ? barSizes[sizeText] : undefined
  if (!size) return invalid(`Historical data bar size setting is invalid. Legal ones are: ${barSizeList()}`)
  const duration = /^(\d{1,6}) ?([SDWMY])$/.exec(durationText)
  const count = Number(duration?.[1])
  if (!duration || count === 0) return invalid('Invalid historical duration')
  if (duration[2] === 'D' && count > 365) {
    return invalid('Historical data requests for durations longer than 365 days must be made in years.')
  }
  if (!whatToShow.has(what)) return invalid(`Invalid whatToShow: ${what}`)
  if (end !== '' && (keepUpToDate || what === 'ADJUSTED_LAST')) return invalid('End date not supported here')
  const now = session.world.clock.now()
  const endMs = end === '' ? now : parseInstant(end, instrument.hours.zone)
  if (endMs === undefined) {
    session.error(reqId, 10_314, invalidEnd)
    return undefined
  }
  return {
    reqId,
    instrument,
    size,
    duration: { count, unit: duration[2] as Duration['unit'] },
    exchange: fields[9] || (instrument.exchanges[0] ?? ''),
    endMs: Math.min(endMs, now),
    nowMs: now,
    regularOnly: flagField(fields, 18),
    whatToShow: what,
    epochDates: fields[20] === '2',
  }
}

/** At most so many bars are in these days. */
function barCount(size: BarSize, days: readonly TradingDay[], fromMs: number): number {
  if ('calendar' in size) return days.length
  const openMs = days.reduce((sum, day) => sum + Math.max(0, day.closeMs - Math.max(day.openMs, fromMs)), 0)
  return openMs / 1000 / size.seconds
}

function barSizeList(): string {
  return Object.keys(barSizes).join(', ')
}

function sendBars(
  session: ApiSession,
  request: HistoricalRequest,
  bars: readonly SimulatedBar[],
  startMs: number,
): void {
  const { reqId, instrument, endMs } = request
  const span = [startMs, endMs].map((ms) => zonedTime(instrument, ms))
  const rows = bars.flatMap((bar): Field[] => {
    const { volume, wap, count } = traded(request, bar)
    return [barDate(request, bar), bar.open, bar.high, bar.low, bar.close, volume, wap, count]
  })
  const head = session.version < 196 ? [17, reqId, ...span] : [17, reqId]
  session.sendFields([...head, bars.length, ...rows])
  if (session.version >= 196) session.send(108, reqId, ...span)
}

/** Every five seconds, the bar of the moment; silent while the market is closed. */
function keepSending(session: ApiSession, request: HistoricalRequest): boolean {
  const { reqId, instrument, size, regularOnly } = request
  const duration: Duration = 'seconds' in size ? { count: size.seconds, unit: 'S' } : { count: 1, unit: 'D' }
  const fresh = session.subscribe(`historical ${reqId}`, updateMs, () => {
    const now = session.world.clock.now()
    const covered = daysCovered(instrument, duration, now, regularOnly)
    const last = barsOf(instrument, size, { ...covered, startMs: 0 }, now, now).at(-1)
    if (!last || (covered.days.at(-1)?.closeMs ?? 0) < now) return
    const { volume, wap, count } = traded(request, last)
    const { open, close, high, low } = last
    session.send(90, reqId, count, barDate(request, last), open, close, high, low, wap, volume)
  })
  if (!fresh) {
    const text = "Error processing request.-'bI' : cause - Duplicate ticker ID for API historical data query"
    session.error(reqId, 322, text)
  }
  return fresh
}

/** Only trades have a volume. */
function traded({ whatToShow: what }: HistoricalRequest, { volume, wap, count }: SimulatedBar) {
  return /TRADES|LAST/.test(what) ? { volume, wap, count } : { volume: -1, wap: -1, count: -1 }
}

function barDate(
  { size, epochDates, instrument }: HistoricalRequest,
  { date, startMs }: SimulatedBar,
): string {
  if ('calendar' in size) return date
  return epochDates ? String(startMs / 1000) : zonedTime(instrument, startMs)
}

function sendSchedule(
  session: ApiSession,
  { reqId, instrument }: HistoricalRequest,
  days: readonly TradingDay[],
): void {
  const { zone } = instrument.hours
  const time = (ms: number) => zonedTime(instrument, ms).replace(' ', '-').replace(/ .*/, '')
  const [first, last] = [days[0], days.at(-1)]
  const span = first && last ? [time(first.openMs), time(last.closeMs)] : ['', '']
  const rows = days.flatMap(({ openMs, closeMs, date }) => [time(openMs), time(closeMs), date])
  session.send(106, reqId, ...span, zone, days.length, ...rows)
}

function headTimestamp(session: ApiSession, fields: readonly string[]): void {
  const reqId = numberField(fields, 1)
  const instrument = describedInstrument(session, reqId, contractQueryWithExpired(fields, 2))
  if (!instrument) return
  const exchange = fields[9] || (instrument.exchanges[0] ?? '')
  const asked = { reqId, instrument, exchange, fields, whatToShow: fields[16] ?? '', smallBars: false }
  admit(session, { ...asked, name: 'reqHeadTimestamp' }, () => {
    const ms = headMs(instrument, flagField(fields, 15))
    const at = wallClock('UTC', ms)
    session.send(88, reqId, fields[17] === '2' ? ms / 1000 : `${compactDate(at)}-${clockTime(at)}`)
    return false
  })
}

function zonedTime({ hours: { zone } }: Instrument, ms: number): string {
  const at = wallClock(zone, ms)
  return `${compactDate(at)} ${clockTime(at)} ${zone}`
}

/** `yyyymmdd[ HH:MM:SS[ zone]]`, or `yyyymmdd-HH:MM:SS` in UTC; undefined when it is neither. */
function parseInstant(text: string, defaultZone: string): number | undefined {
  const found = /^(\d{4})(\d\d)(\d\d)(?:([ -]+)(\d\d):(\d\d):(\d\d)(?: (\S.*))?)?$/.exec(text.trim())
  if (!found) return undefined
  const [year = 0, month = 0, day = 0] = found.slice(1, 4).map(Number)
  const [hour = 0, minute = 0, second = 0] = found.slice(5, 8).map((part) => Number(part ?? 0))
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 59)
    return undefined
  const zone = found[4] === '-' ? 'UTC' : (found[8] ?? defaultZone)
  try {
    return instantOf(zone, year, month, day, hour * 60 + minute, second)
  } catch {
    return undefined
  }
}
