// Values between our records and BSON: keys that some servers refuse are escaped, dates are dates there and RFC 3339 here.

/** JSON as MongoDB keeps it. In keys `.` and a leading `$` have a meaning there, and FerretDB refuses them. */
export function encode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(encode)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [escapeKey(key), encode(inner)]))
}

/** The inverse, and of what people write too: a key with a dot stays as it is. */
export function decode(value: unknown): unknown {
  if (value instanceof Date) return timestamp(value) ?? null
  if (Array.isArray(value)) return value.map(decode)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [unescapeKey(key), decode(inner)]))
}

/** RFC 3339, UTC. From a date, or from text with or without a zone (then it is UTC, as Python writes it); undefined when it is no time. */
export function timestamp(value: unknown): string | undefined {
  const hasZone = typeof value !== 'string' || /(z|[+-]\d\d:?\d\d)$/i.test(value)
  const date =
    value instanceof Date
      ? value
      : new Date(typeof value === 'string' ? value + (hasZone ? '' : 'Z') : Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function escapeKey(key: string): string {
  return key.replace(/%|\.|^\$/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

function unescapeKey(key: string): string {
  return key.replace(/%(25|2E|24)/g, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}
