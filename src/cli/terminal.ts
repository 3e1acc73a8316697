// How text reaches a screen: colours, columns, ages, and nothing a gateway's log could use to play with the terminal.
import type { Io, Output } from './io.ts'

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const
export type Colour = keyof typeof codes
export type Paint = (colour: Colour, text: string) => string

/** Colours only on a terminal that wants them (https://no-color.org). */
export function painter(output: Output, env: Io['env']): Paint {
  const wanted = output.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  return wanted ? (colour, text) => `\x1b[${codes[colour]}m${text}\x1b[0m` : (_colour, text) => text
}

// Escape sequences whole (CSI, OSC, two-character), then every other control character but tab and newline; the last range is the
// bidirectional overrides, which can make a line read as something else.
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]|[\u202a-\u202e\u2066-\u2069]/g

/** Text from a server or a log without anything that steers a terminal. */
export function printable(text: string): string {
  return text.replace(unprintable, '')
}

export interface Cell {
  readonly text: string
  readonly colour?: Colour
}
/** Cells of a table, or a note that hangs under the row before it. */
export type Row = ReadonlyArray<string | Cell> | { readonly note: string; readonly colour?: Colour }

/** Columns padded to their widest cell, two blanks between them, no blank at a line's end. Notes go on in the next line after `columns`, where that is given. */
export function renderTable(
  head: readonly string[],
  rows: readonly Row[],
  paint: Paint,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const cells = rows.map((row) => ('note' in row ? row : row.map(toCell)))
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => ('note' in row ? 0 : (row[column]?.text.length ?? 0)))),
  )
  const line = (row: readonly Cell[]) => {
    const last = row.findLastIndex((cell) => cell.text !== '')
    return row
      .slice(0, last + 1)
      .map((cell, column) => {
        const blanks = column === last ? '' : ' '.repeat((widths[column] ?? 0) - cell.text.length)
        return (cell.colour ? paint(cell.colour, cell.text) : cell.text) + blanks
      })
      .join('  ')
  }
  return [
    line(head.map((text) => ({ text, colour: 'dim' }))),
    ...cells.flatMap((row) => {
      if (!('note' in row)) return line(row)
      const { colour } = row
      const note = wrapped(oneLine(row.note), columns)
      return colour ? note.map((text) => paint(colour, text)) : note
    }),
  ]
}

/** A note's lines, two blanks before the first and four before the rest; a word that is longer than a line has one of its own. */
function wrapped(note: string, columns: number): string[] {
  const lines: string[] = []
  let line = ' '
  for (const word of note.split(' ')) {
    const isFull = line.trim() !== '' && line.length + 1 + word.length > columns
    if (isFull) lines.push(line)
    line = isFull ? `    ${word}` : `${line} ${word}`
  }
  return [...lines, line]
}

function oneLine(text: string): string {
  return printable(text).replace(/[\n\t]+/g, ' ')
}

function toCell(cell: string | Cell): Cell {
  const { text, ...rest } = typeof cell === 'string' ? { text: cell } : cell
  return { ...rest, text: oneLine(text) }
}

/** A duration as people say it: `40ms` `0.4s` `12s` `5m` `3h` `2d`, by its largest unit. */
export function duration(ms: number): string {
  if (ms < 100) return `${Math.max(0, Math.round(ms))}ms`
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)}s`
  if (seconds < 120) return `${Math.floor(seconds)}s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}

/** How long ago, in whole units. */
export function age(since: string, now: number): string {
  const ms = now - Date.parse(since)
  return Number.isNaN(ms) ? '?' : ms < 10_000 ? `${Math.max(0, Math.floor(ms / 1000))}s` : duration(ms)
}

/** `count` with its noun: `1 gateway`, `3 gateways`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
