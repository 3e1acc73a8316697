// Where the bars of a series are kept: symbols as names of folders and files, which never lead out of BARS_DIR and never hide. Pure.
import { Value } from 'typebox/value'
import { MarketSymbol, type Timeframe, timeframes } from '../../../schemas/market-data.ts'
import { FleetError } from '../../ports/errors.ts'
import type { SeriesName } from '../../ports/market-data.ts'

const plainCharacter = /^[A-Za-z0-9._-]$/
const halfSurrogate = /\p{Surrogate}/u
const fileName = new RegExp(`^(?:(.+)_)?(${timeframes.join('|')})\\.csv(?:\\.gz)?$`)

/**
 * The symbol as the name of a folder: percent-encoded (UTF-8, upper-case hex) outside `[A-Za-z0-9._-]`, and so is a dot at its begin.
 * INVALID_REQUEST for what cannot be a name: nothing, or half a surrogate pair.
 */
export function folderOf(symbol: string): string {
  if (symbol === '' || halfSurrogate.test(symbol))
    throw new FleetError(
      'INVALID_REQUEST',
      `${JSON.stringify(symbol)} is no symbol: no file can be named so.`,
    )
  return [...symbol]
    .map((character, at) =>
      plainCharacter.test(character) && !(at === 0 && character === '.') ? character : encode(character),
    )
    .join('')
}

/** The symbol whose folder this is; null for a name that `folderOf` never makes. */
export function symbolOf(folder: string): string | null {
  try {
    const symbol = decodeURIComponent(folder)
    return folderOf(symbol) === folder ? symbol : null
  } catch {
    return null
  }
}

/** Where the file of a series may be, below BARS_DIR; the first that is there counts, and a new one is made at the first. */
export function placesOf({ symbol, timeframe }: SeriesName): [string, ...string[]] {
  const folder = folderOf(symbol)
  const [inFolder, beside] = [`${folder}/${timeframe}.csv`, `${folder}_${timeframe}.csv`]
  return [inFolder, `${inFolder}.gz`, beside, `${beside}.gz`]
}

/** The series of a file in `folder`, or in BARS_DIR itself when there is none; null when its name is no series'. */
export function seriesOf(file: string, folder?: string): SeriesName | null {
  const found = fileName.exec(file)
  if (!found) return null
  const [, before, timeframe] = found
  const name = folder === undefined ? before : before === undefined ? folder : undefined
  const symbol = name === undefined ? null : symbolOf(name)
  if (symbol === null || !Value.Check(MarketSymbol, symbol)) return null
  return { symbol, timeframe: timeframe as Timeframe }
}

/** By symbol, then the shortest bars first. */
export function inOrder(a: SeriesName, b: SeriesName): number {
  if (a.symbol !== b.symbol) return a.symbol < b.symbol ? -1 : 1
  return timeframes.indexOf(a.timeframe) - timeframes.indexOf(b.timeframe)
}

/** As people say it: `BRK B 1m`. */
export function nameOf({ symbol, timeframe }: SeriesName): string {
  return `${symbol} ${timeframe}`
}

function encode(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')
}
