// Days on which the simulated exchanges do not trade as usual, by rule, so that any year has them.
// Source: NYSE, holidays and trading hours, and its rule 7.2.

export type DayKind = 'open' | 'half-day' | 'closed'

/** Days of mourning, of storms and of terror, by no rule. */
const oneOff = new Set(
  `20010911 20010912 20010913 20010914 20040611 20070102 20121029 20121030 20181205 20250109`.split(' '),
)
const dayMs = 86_400_000
const [sunday, monday, thursday, friday, saturday] = [0, 1, 4, 5, 6]
const years = new Map<number, ReadonlyMap<string, DayKind>>()

/** Of the exchanges for US stocks; weekends are not looked at. `month` from 1. */
export function nyseDay(year: number, month: number, day: number): DayKind {
  const key = keyOf(Date.UTC(year, month - 1, day))
  let kinds = years.get(year)
  if (!kinds) {
    kinds = nyseYear(year)
    years.set(year, kinds)
  }
  return oneOff.has(key) ? 'closed' : (kinds.get(key) ?? 'open')
}

/** Of markets that trade around the clock: closed on Christmas and New Year's Day only. */
export function globalDay(_year: number, month: number, day: number): DayKind {
  return (month === 12 && day === 25) || (month === 1 && day === 1) ? 'closed' : 'open'
}

function nyseYear(year: number): ReadonlyMap<string, DayKind> {
  const kinds = new Map<string, DayKind>()
  const mark = (ms: number, kind: DayKind) => kinds.set(keyOf(ms), kind)
  const thanksgiving = nthOf(year, 11, thursday, 4)
  for (const [month, day] of [
    [7, 3],
    [12, 24],
  ] as const) {
    const eve = Date.UTC(year, month - 1, day)
    // The eve of a Saturday's holiday is the holiday; one before a Sunday's is a weekend.
    if (![friday, saturday, sunday].includes(weekday(eve))) mark(eve, 'half-day')
  }
  mark(thanksgiving + dayMs, 'half-day')
  for (const ms of [
    newYear(year),
    ...(year >= 1998 ? [nthOf(year, 1, monday, 3)] : []),
    nthOf(year, 2, monday, 3),
    easter(year) - 2 * dayMs,
    // The last Monday of May.
    nthOf(year, 6, monday, 1) - 7 * dayMs,
    ...(year >= 2022 ? [observed(year, 6, 19)] : []),
    observed(year, 7, 4),
    nthOf(year, 9, monday, 1),
    thanksgiving,
    observed(year, 12, 25),
  ])
    mark(ms, 'closed')
  return kinds
}

/** A Saturday's is not made up for, as the Friday belongs to the year that ends. */
function newYear(year: number): number {
  const ms = Date.UTC(year, 0, 1)
  return weekday(ms) === sunday ? ms + dayMs : ms
}

/** Friday for Saturday, Monday for Sunday. */
function observed(year: number, month: number, day: number): number {
  const ms = Date.UTC(year, month - 1, day)
  if (weekday(ms) === saturday) return ms - dayMs
  return weekday(ms) === sunday ? ms + dayMs : ms
}

function nthOf(year: number, month: number, wanted: number, nth: number): number {
  const first = Date.UTC(year, month - 1, 1)
  return first + (((wanted - weekday(first) + 7) % 7) + 7 * (nth - 1)) * dayMs
}

/** Sunday of the Gregorian Easter. Source: J.-M. Oudin's algorithm, 1940. */
function easter(year: number): number {
  const century = Math.floor(year / 100)
  const golden = year % 19
  const shift = Math.floor((century - 17) / 25)
  let epact = (century - Math.floor(century / 4) - Math.floor((century - shift) / 3) + 19 * golden + 15) % 30
  epact -=
    Math.floor(epact / 28) *
    (1 - Math.floor(epact / 28) * Math.floor(29 / (epact + 1)) * Math.floor((21 - golden) / 11))
  const fullMoon = (year + Math.floor(year / 4) + epact + 2 - century + Math.floor(century / 4)) % 7
  const fromMarch = epact - fullMoon
  const month = 3 + Math.floor((fromMarch + 40) / 44)
  return Date.UTC(year, month - 1, fromMarch + 28 - 31 * Math.floor(month / 4))
}

function weekday(ms: number): number {
  return new Date(ms).getUTCDay()
}

function keyOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')
}
