// The grammar of a gateway's log: an optional Docker time stamp, then a line of IBC, of a window, or of a script.
// Source: IBC 3.24 (Utils.java) and the scripts of ghcr.io/gnzsnz/ib-gateway.

/** Longest line that is read, in characters; only java command lines and class paths are longer, and they say nothing. */
export const readLineLimit = 4_096

const dockerStamp = /^\uFEFF?(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))(?:\s|$)/
const ibcPrefix = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}:\d{3} IBC: /
/** Older IBC wrote `Detected`; of the ten events only these two matter. */
const windowMessage = /^detected (frame|dialog) entitled: (.*); event=(Opened|Closed)$/i

/** A window of the gateway that was opened or closed. */
export interface WindowEvent {
  readonly shape: 'frame' | 'dialog'
  readonly title: string
  readonly event: 'opened' | 'closed'
}

/** One line, taken apart. `text` is without stamps; `ibc` lines carry IBC's prefix, all others are `raw`. */
export interface ParsedLine {
  readonly source: 'ibc' | 'raw'
  readonly text: string
  readonly window?: WindowEvent
}

/** Splits off the RFC 3339 stamp that `timestamps=1` puts before a line; `atMs` is absent when there is none. */
export function splitDockerStamp(line: string): { atMs?: number; rest: string } {
  const stamp = dockerStamp.exec(line.slice(0, 48))
  if (stamp?.[1] === undefined) return { rest: line }
  const atMs = Date.parse(stamp[1])
  return { ...(Number.isNaN(atMs) ? {} : { atMs }), rest: line.slice(stamp[0].length) }
}

/** Takes a line apart, with or without Docker's stamp and a carriage return; null for one that is too long to mean anything. */
export function parseLogLine(line: string): ParsedLine | null {
  if (line.length > readLineLimit) return null
  const { rest } = splitDockerStamp(line)
  const whole = rest.startsWith('\uFEFF') ? rest.slice(1) : rest
  const prefix = ibcPrefix.exec(whole)
  if (prefix === null) return { source: 'raw', text: whole.trimEnd() }
  const text = whole.slice(prefix[0].length).trimEnd()
  const window = windowMessage.exec(text)
  if (window === null) return { source: 'ibc', text }
  const [, shape = '', title = '', event = ''] = window
  return {
    source: 'ibc',
    text,
    window: {
      shape: shape.toLowerCase() === 'frame' ? 'frame' : 'dialog',
      title,
      event: event.toLowerCase() === 'opened' ? 'opened' : 'closed',
    },
  }
}
