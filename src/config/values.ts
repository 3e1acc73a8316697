// How a variable's text becomes a value: pure parsers, each with the words that tell a person what it takes.

export interface Kind<T> {
  /** Completes the sentence `NAME takes …`. */
  readonly takes: string
  /** undefined when the text is none of this kind. */
  parse(text: string): T | undefined
}

/** So many in any stretch of so long; `limit` 0 means off. */
export interface Rate {
  readonly limit: number
  readonly windowMs: number
}

const unitMs = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 } as const

/** Node's timers fire at once above 2^31-1 ms, 24.8 days. */
const longestMs = 24 * 24 * 3_600_000

/** Milliseconds of `90`, `1.5`, `500ms`, `2 m`; a bare number is seconds. */
export function durationMs(text: string): number | undefined {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|min|m|h)?$/.exec(text) ?? []
  return number === undefined ? undefined : Math.round(Number(number) * unitMs[unit as keyof typeof unitMs])
}

/** A duration in milliseconds, not shorter than `minMs`; with `zeroIsOff` 0 is taken too. */
export function duration(minMs: number, options: { zeroIsOff?: boolean } = {}): Kind<number> {
  const { zeroIsOff = false } = options
  const off = zeroIsOff ? ', or 0 for off' : ''
  return {
    takes: `a duration of at least ${minMs / 1000} s: seconds, or a number with ms, s, m or h${off}`,
    parse(text) {
      const ms = durationMs(text)
      if (ms === undefined || ms > longestMs) return undefined
      return ms >= minMs || (zeroIsOff && ms === 0) ? ms : undefined
    },
  }
}

/** `N` (per `windowMs`) or `N per DURATION`. */
export function rate(windowMs: number): Kind<Rate> {
  return {
    takes: 'N or N per DURATION, like "3 per 24 h"; 0 or off for no limit',
    parse(text) {
      if (text === 'off') return { limit: 0, windowMs }
      const [, count, window] = /^(\d{1,6})(?:\s+per\s+(.+))?$/.exec(text) ?? []
      const givenMs = window === undefined ? windowMs : durationMs(window)
      if (count === undefined || givenMs === undefined || givenMs <= 0) return undefined
      return { limit: Number(count), windowMs: givenMs }
    },
  }
}

export function wholeNumber(min: number, max: number): Kind<number> {
  return {
    takes: `a whole number from ${min} to ${max}`,
    parse(text) {
      const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
      return number >= min && number <= max ? number : undefined
    },
  }
}

/** Seconds, decimals allowed, as a number. */
export const seconds: Kind<number> = {
  takes: 'a number of seconds',
  parse: (text) => (/^(\d{1,7}(\.\d+)?|\.\d+)$/.test(text) ? Number(text) : undefined),
}

export function word<const W extends string>(...words: W[]): Kind<W> {
  return {
    takes: words.join(' or '),
    parse: (text) => words.find((candidate) => candidate === text),
  }
}

/** `true` or `false`, in either case. */
export const yesOrNo: Kind<boolean> = {
  takes: 'true or false',
  parse: (text) => (/^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : undefined),
}

export function matching(pattern: RegExp, takes: string): Kind<string> {
  return { takes, parse: (text) => (pattern.test(text) ? text : undefined) }
}

export const anyText = matching(/^[^\0]+$/, 'text')

export const hostName = matching(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$|^[0-9A-Fa-f.:]+$/,
  'an address or a host name',
)

/** What Docker takes as a name, and what a follower's id is. */
export const containerName = matching(
  /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/,
  'up to 63 letters, digits, `_`, `.` or `-`, a letter or digit first',
)

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** Either case, and the words of Python's logging. */
export const logLevel: Kind<LogLevel> = {
  takes: `${logLevels.join(', ')}, WARNING or CRITICAL`,
  parse(text) {
    const level = text.toLowerCase()
    if (level === 'warning') return 'warn'
    if (level === 'critical') return 'fatal'
    return logLevels.find((known) => known === level)
  },
}

/** Where alerts are posted. Who knows the address may post too, so it travels in clear on this machine only. */
export const webhookAddress: Kind<string> = {
  takes: 'an https:// URL, or http:// on 127.0.0.1',
  parse(text) {
    if (!/^https?:\/\/\S+$/.test(text) || !URL.canParse(text)) return undefined
    const { protocol, hostname, username, password } = new URL(text)
    // fetch takes no login in a URL.
    if (username || password) return undefined
    return protocol === 'https:' || /^(127\.0\.0\.1|localhost|\[::1\])$/.test(hostname) ? text : undefined
  },
}
