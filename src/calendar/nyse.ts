// The days on which the New York Stock Exchange is closed or closes early, by rule for 1990–2100, with its unscheduled closures.
// Rules: NYSE, "Holidays and Trading Hours" (rule 7.2) and "NYSE Historical Closings". Late openings and halts within a day are left out.
import {
  type DayNumber,
  dayNumber,
  easterSunday,
  isoDate,
  isWeekend,
  lastWeekday,
  nthWeekday,
  weekdayOf,
} from './days.ts'

const [sunday, monday, tuesday, wednesday, thursday, friday, saturday] = [0, 1, 2, 3, 4, 5, 6] as const

export type NyseDay =
  | { readonly kind: 'full' }
  /** Closes at 13:00, and until 1992 at 14:00, by the clock of New York. */
  | { readonly kind: 'half'; readonly closeMinute: number }
  | { readonly kind: 'closed'; readonly reason: 'weekend' | 'holiday' | 'unscheduled'; readonly name: string }

/** Whole days that no rule foretells: date, name, source. */
const unscheduledClosures: ReadonlyArray<readonly [date: string, name: string, source: string]> = [
  ['1994-04-27', 'Mourning of Richard Nixon', 'NYSE Historical Closings'],
  ['2001-09-11', 'Attack on the World Trade Center', 'NYSE Historical Closings'],
  ['2001-09-12', 'Attack on the World Trade Center', 'NYSE Historical Closings'],
  ['2001-09-13', 'Attack on the World Trade Center', 'NYSE Historical Closings'],
  ['2001-09-14', 'Attack on the World Trade Center', 'NYSE Historical Closings'],
  ['2004-06-11', 'Mourning of Ronald Reagan', 'NYSE Historical Closings'],
  ['2007-01-02', 'Mourning of Gerald Ford', 'NYSE Historical Closings'],
  ['2012-10-29', 'Hurricane Sandy', 'NYSE Euronext press release, 28 October 2012'],
  ['2012-10-30', 'Hurricane Sandy', 'NYSE Euronext press release, 29 October 2012'],
  ['2018-12-05', 'Mourning of George H. W. Bush', 'NYSE press release, 1 December 2018'],
  ['2025-01-09', 'Mourning of Jimmy Carter', 'NYSE press release, 30 December 2024'],
]

/** Days that closed at 13:00 once and not by rule (NYSE Historical Closings). */
const unscheduledHalfDays = ['1997-12-26', '1999-12-31', '2003-12-26']

const full: NyseDay = { kind: 'full' }
const weekend: NyseDay = { kind: 'closed', reason: 'weekend', name: 'Weekend' }

/** Every weekday of a year that is not a full day, by day; worked out once. */
const years = new Map<number, ReadonlyMap<DayNumber, NyseDay>>()

export function nyseDay(day: DayNumber): NyseDay {
  if (isWeekend(day)) return weekend
  const year = Number(isoDate(day).slice(0, 4))
  let special = years.get(year)
  if (!special) {
    special = specialDays(year)
    years.set(year, special)
  }
  return special.get(day) ?? full
}

function specialDays(year: number): ReadonlyMap<DayNumber, NyseDay> {
  const days = new Map<DayNumber, NyseDay>()
  for (const [day, closeMinute] of halfDays(year)) days.set(day, { kind: 'half', closeMinute })
  for (const [day, name] of holidays(year)) days.set(day, { kind: 'closed', reason: 'holiday', name })
  for (const [date, name] of unscheduledClosures)
    days.set(Date.parse(date) / 86_400_000, { kind: 'closed', reason: 'unscheduled', name })
  return days
}

function holidays(year: number): Array<[DayNumber, string]> {
  const newYear = dayNumber(year, 1, 1)
  const found: Array<[DayNumber, string]> = [
    [nthWeekday(year, 2, monday, 3), "Washington's Birthday"],
    [easterSunday(year) - 2, 'Good Friday'],
    [lastWeekday(year, 5, monday), 'Memorial Day'],
    [observed(dayNumber(year, 7, 4)), 'Independence Day'],
    [nthWeekday(year, 9, monday, 1), 'Labor Day'],
    [nthWeekday(year, 11, thursday, 4), 'Thanksgiving Day'],
    [observed(dayNumber(year, 12, 25)), 'Christmas Day'],
  ]
  // On a Saturday it is not observed: the Friday before is the last day of a year's accounts.
  if (weekdayOf(newYear) !== saturday) found.push([observed(newYear), "New Year's Day"])
  if (year >= 1998) found.push([nthWeekday(year, 1, monday, 3), 'Martin Luther King, Jr. Day'])
  if (year >= 2022) found.push([observed(dayNumber(year, 6, 19)), 'Juneteenth'])
  return found
}

/** A holiday on a Saturday is kept on the Friday before, one on a Sunday on the Monday after. */
function observed(day: DayNumber): DayNumber {
  const weekday = weekdayOf(day)
  return weekday === saturday ? day - 1 : weekday === sunday ? day + 1 : day
}

/** Those that are holidays too are left to the caller. */
function halfDays(year: number): Array<[DayNumber, closeMinute: number]> {
  const early = (year < 1993 ? 14 : 13) * 60
  const found: Array<[DayNumber, number]> = unscheduledHalfDays.map((date) => [
    Date.parse(date) / 86_400_000,
    13 * 60,
  ])
  if (year >= 1992) found.push([nthWeekday(year, 11, thursday, 4) + 1, early])
  const christmasEve = dayNumber(year, 12, 24)
  if (!isWeekend(christmasEve)) found.push([christmasEve, early])
  const julyThird = dayNumber(year, 7, 3)
  const weekday = weekdayOf(julyThird)
  if (year >= 1995 && (weekday === monday || weekday === tuesday || weekday === thursday))
    found.push([julyThird, early])
  // With the Fourth on a Thursday, the Friday after it was the half day, and since 2013 the Wednesday before it is.
  if (year >= 2013 && weekday === wednesday) found.push([julyThird, early])
  if (year >= 1995 && year < 2013 && weekdayOf(julyThird + 2) === friday) found.push([julyThird + 2, early])
  return found
}
