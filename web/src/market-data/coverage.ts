// The gap coverage of the last days: what open gaps alone tell of each UTC day of a series. Bars that were expected are not known here.
import type { Gap, GapClass, Series } from '../../../schemas/market-data.ts'

export const dayMs = 86_400_000
const hourMs = 3_600_000

/** Of one UTC day of one series. */
export interface DayCoverage {
  /** Start of the day, epoch ms. */
  readonly day: number
  /**
   * `whole`: nothing of the day lies in a gap, also when its market was closed. `gap`: some of it does. `closed`: a weekend of a stock that
   * trades in US dollars. `unknown`: the series was not looked at yet, or cannot be.
   */
  readonly state: 'whole' | 'gap' | 'closed' | 'unknown'
  /** Hours of the day that lie in gaps, closed hours in between included. */
  readonly hours: number
  /** Bars missing on this very day; absent when a gap goes on into another day, as its bars are counted as a whole. */
  readonly missingBars?: number
  /** The worst class of the gaps that touch the day. */
  readonly class?: GapClass
}

export interface SeriesCoverage {
  readonly series: Series
  readonly days: readonly DayCoverage[]
}

/** Worst first: what we lost ourselves, what is still to be filled, what IB has none of. */
const classesByWeight = ['outage', 'missing', 'no-data'] as const satisfies readonly GapClass[]

/** The starts of the last `count` UTC days up to that of `now`, oldest first; epoch ms. */
export function lastDays(now: number, count: number): number[] {
  const today = Math.floor(now / dayMs) * dayMs
  return Array.from({ length: count }, (_, index) => today - (count - 1 - index) * dayMs)
}

/** Rows in the order of `series`. Gaps of a series that is not among them do not count. */
export function coverageOf(
  series: readonly Series[],
  gaps: readonly Gap[],
  days: readonly number[],
): SeriesCoverage[] {
  const gapsOf = new Map<string, Gap[]>(series.map((one) => [seriesKey(one), []]))
  for (const gap of gaps) gapsOf.get(seriesKey(gap))?.push(gap)
  return series.map((one) => {
    const own = gapsOf.get(seriesKey(one)) ?? []
    return { series: one, days: days.map((day) => dayCoverage(one, own, day)) }
  })
}

/** A series has one symbol and one timeframe, and no other has both. */
export const seriesKey = ({ symbol, timeframe }: Pick<Series, 'symbol' | 'timeframe'>) =>
  `${timeframe} ${symbol}`

function dayCoverage(series: Series, gaps: readonly Gap[], day: number): DayCoverage {
  if (series.scannedAt === undefined || series.problem) return { day, state: 'unknown', hours: 0 }
  const touching = gaps.filter((gap) => overlapMs(gap, day) > 0)
  // Where a gap begins or ends, bars are missing; one that goes through a weekend misses none there.
  const missesSome = touching.some(
    ({ start, end }) => isIn(day, Date.parse(start)) || isIn(day, Date.parse(end) - 1),
  )
  if (!missesSome && isWeekendOfStock(series, day)) return { day, state: 'closed', hours: 0 }
  const worst = classesByWeight.find((name) => touching.some((gap) => gap.class === name))
  if (worst === undefined) return { day, state: 'whole', hours: 0 }
  const hours = Math.min(24, touching.reduce((sum, gap) => sum + overlapMs(gap, day), 0) / hourMs)
  const inDay = touching.every(({ start, end }) => Date.parse(start) >= day && Date.parse(end) <= day + dayMs)
  const missingBars = touching.reduce((sum, gap) => sum + gap.missingBars, 0)
  return { day, state: 'gap', hours, class: worst, ...(inDay && { missingBars }) }
}

function overlapMs({ start, end }: Gap, day: number): number {
  return Math.max(0, Math.min(Date.parse(end), day + dayMs) - Math.max(Date.parse(start), day))
}

const isIn = (day: number, at: number) => at >= day && at < day + dayMs

/** Only where it is sure without a calendar: other markets trade on Sundays, and the overnight venue begins there. */
function isWeekendOfStock({ secType, currency, exchange }: Series, day: number): boolean {
  const weekday = new Date(day).getUTCDay()
  return (
    secType === 'STK' && currency === 'USD' && exchange !== 'OVERNIGHT' && (weekday === 0 || weekday === 6)
  )
}
