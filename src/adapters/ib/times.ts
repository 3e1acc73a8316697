// The texts that IB's historical messages carry for moments, to and from epoch milliseconds.

/** Years that `yyyymmdd` may name: with others, eight digits are seconds. */
const years = { first: 1900, last: 2199 }

/** `yyyymmdd-HH:MM:SS` in UTC, which IB takes from version 10.17 on. */
export function endDateTime(ms: number): string {
  const [date = '', time = ''] = new Date(ms).toISOString().split('T')
  return `${date.replaceAll('-', '')}-${time.slice(0, 8)}`
}

/**
 * Epoch seconds as asked for with formatDate 2, `yyyymmdd` (midnight UTC) as bars of a day and more always have it, and
 * `yyyymmdd-HH:MM:SS` (UTC). NaN for anything else.
 */
export function timeMs(text: string): number {
  const dated = /^(\d{4})(\d\d)(\d\d)(?:-(\d\d):(\d\d):(\d\d))?$/.exec(text)
  const year = Number(dated?.[1])
  if (dated && (dated[4] !== undefined || (year >= years.first && year <= years.last))) {
    const [, , month, day, hour = '00', minute = '00', second = '00'] = dated
    return Date.parse(`${dated[1]}-${month}-${day}T${hour}:${minute}:${second}Z`)
  }
  return /^-?\d{1,12}$/.test(text) ? Number(text) * 1000 : Number.NaN
}
