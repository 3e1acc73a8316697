// Calendar dates as day numbers (days since 1970-01-01), so that rules about them are plain arithmetic, free of zones.

/** Whole days since 1970-01-01. */
export type DayNumber = number

export const dayMs = 86_400_000

/** 0 is Sunday. */
export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6

export function dayNumber(year: number, month: number, day: number): DayNumber {
  return Date.UTC(year, month - 1, day) / dayMs
}

/** The day of `YYYY-MM-DD` or `YYYYMMDD`; undefined when the calendar has no such day. */
export function parseDay(text: string): DayNumber | undefined {
  const [, year, month, day] = /^(\d{4})-?(\d\d)-?(\d\d)$/.exec(text) ?? []
  if (year === undefined) return undefined
  const found = dayNumber(Number(year), Number(month), Number(day))
  return isoDate(found) === `${year}-${month}-${day}` ? found : undefined
}

/** YYYY-MM-DD. */
export function isoDate(day: DayNumber): string {
  return new Date(day * dayMs).toISOString().slice(0, 10)
}

export function weekdayOf(day: DayNumber): Weekday {
  // 1970-01-01 was a Thursday.
  return ((((day + 4) % 7) + 7) % 7) as Weekday
}

export function isWeekend(day: DayNumber): boolean {
  return weekdayOf(day) === 0 || weekdayOf(day) === 6
}

/** The nth such weekday of a month; n = 1 is the first. */
export function nthWeekday(year: number, month: number, weekday: Weekday, n: number): DayNumber {
  const first = dayNumber(year, month, 1)
  return first + ((weekday - weekdayOf(first) + 7) % 7) + (n - 1) * 7
}

/** The last such weekday of a month. */
export function lastWeekday(year: number, month: number, weekday: Weekday): DayNumber {
  const last = dayNumber(year, month + 1, 1) - 1
  return last - ((weekdayOf(last) - weekday + 7) % 7)
}

/** Easter Sunday of the Gregorian calendar (the anonymous computus, as in Meeus, Astronomical Algorithms, chapter 8). */
export function easterSunday(year: number): DayNumber {
  const century = Math.floor(year / 100)
  const golden = year % 19
  const skippedLeaps = century - Math.floor(century / 4)
  const moonShift = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3)
  const epact = (19 * golden + skippedLeaps - moonShift + 15) % 30
  const toSunday = (32 + 2 * (century % 4) + 2 * Math.floor((year % 100) / 4) - epact - (year % 4)) % 7
  const late = Math.floor((golden + 11 * epact + 22 * toSunday) / 451)
  return dayNumber(year, 3, 22 + epact + toSunday - 7 * late)
}
