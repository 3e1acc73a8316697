// Market data on the wire: tracked series, bars, gaps, and what the gap filler is doing.
import { type Static, Type } from 'typebox'
import { Flag, pageQueryWith, ref, Timestamp, words } from './common.ts'

/** Lengths of a bar, shortest first; also the names of the files. */
export const timeframes = ['1m', '5m', '15m', '30m', '1h', '4h', '1d'] as const
export type Timeframe = (typeof timeframes)[number]
export const Timeframe = words(timeframes, { description: 'Length of a bar.' })

/** From where in time, and in which series, the next page goes on. */
const SeriesPage = pageQueryWith(`^[0-9]{1,15}/(${timeframes.join('|')})/[^\\x00-\\x1f\\x7f]{1,100}$`)

/** IB's symbol, as typed: `BRK B` and even `../x` are symbols; file names are made from it, never taken from it. */
export const MarketSymbol = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[^\\s\\x00-\\x1f\\x7f]([^\\x00-\\x1f\\x7f]*[^\\s\\x00-\\x1f\\x7f])?$',
  format: 'whole-characters',
  description: "IB's symbol, without blanks at its ends and without control characters.",
})

/** What is asked of IB for historical bars; 8 of its kinds make bars of prices. */
export const barSources = [
  'TRADES',
  'MIDPOINT',
  'BID',
  'ASK',
  'BID_ASK',
  'ADJUSTED_LAST',
  'HISTORICAL_VOLATILITY',
  'OPTION_IMPLIED_VOLATILITY',
] as const
export type BarSource = (typeof barSources)[number]

const definition = {
  symbol: MarketSymbol,
  timeframe: Timeframe,
}
const word = (description: string) =>
  Type.String({ minLength: 1, maxLength: 20, pattern: '^[A-Za-z0-9.]+$', description })

/** What POST /series takes; what it leaves out is a US stock's. */
export const SeriesCreate = Type.Object(
  {
    ...definition,
    secType: Type.Optional(word("IB's security type; STK when absent.")),
    exchange: Type.Optional(word('SMART when absent.')),
    currency: Type.Optional(word('USD when absent.')),
    whatToShow: Type.Optional(words(barSources, { description: 'TRADES when absent.' })),
    useRth: Type.Optional(Type.Boolean({ description: 'Only regular trading hours; false when absent.' })),
  },
  { $id: 'SeriesCreate', additionalProperties: false },
)
export type SeriesCreate = Static<typeof SeriesCreate>

export const Series = Type.Object(
  {
    ...definition,
    secType: Type.String(),
    exchange: Type.String(),
    currency: Type.String(),
    whatToShow: words(barSources),
    useRth: Type.Boolean(),
    origin: words(['tracked', 'file'] as const, {
      description: '`tracked` was asked for, `file` was found in BARS_DIR.',
    }),
    firstBarAt: Type.Optional(Timestamp),
    lastBarAt: Type.Optional(Timestamp),
    scannedAt: Type.Optional(Timestamp),
    gaps: Type.Optional(Type.Integer({ description: 'Open gaps at the last scan.' })),
    problem: Type.Optional(
      Type.Object(
        { code: Type.String(), message: Type.String() },
        { description: 'Why this series cannot be scanned or filled.' },
      ),
    ),
  },
  { $id: 'Series' },
)
export type Series = Static<typeof Series>

export const SeriesList = Type.Object(
  { items: Type.Array(ref(Series)), nextCursor: Type.Optional(Type.String()) },
  { $id: 'SeriesList' },
)

export const SeriesListQuery = Type.Object(
  { symbol: Type.Optional(MarketSymbol), timeframe: Type.Optional(Timeframe), ...SeriesPage },
  { additionalProperties: false },
)

export const SeriesQuery = Type.Object(definition, { additionalProperties: false })

/** `outage` lies in a recorded outage of ours and is filled first; `no-data`: IB said that it has none, and is asked again when that has aged. */
export const gapClasses = ['outage', 'missing', 'no-data'] as const
export type GapClass = (typeof gapClasses)[number]

export const Gap = Type.Object(
  {
    symbol: Type.String(),
    timeframe: Timeframe,
    start: Type.Unsafe<string>({ ...Timestamp, description: 'Start of the first missing bar.' }),
    end: Type.Unsafe<string>({ ...Timestamp, description: 'End of the last missing bar.' }),
    missingBars: Type.Integer({ description: 'Bars that the trading calendar expects there.' }),
    class: words(gapClasses),
    position: words(['leading', 'interior', 'trailing', 'whole'] as const, {
      description: 'Before, between or after the bars that are there; `whole` when there are none.',
    }),
  },
  { $id: 'Gap' },
)
export type Gap = Static<typeof Gap>

export const GapList = Type.Object(
  { items: Type.Array(ref(Gap)), nextCursor: Type.Optional(Type.String()) },
  { $id: 'GapList' },
)

export const GapsQuery = Type.Object(
  {
    symbol: Type.Optional(MarketSymbol),
    timeframe: Type.Optional(Timeframe),
    class: Type.Optional(words(gapClasses)),
    ...SeriesPage,
  },
  { additionalProperties: false },
)

export const Bar = Type.Object(
  {
    timestamp: Type.Unsafe<string>({ ...Timestamp, description: 'Start of the bar; midnight UTC for 1d.' }),
    open: Type.Number(),
    high: Type.Number(),
    low: Type.Number(),
    close: Type.Number(),
    volume: Type.Number({ description: '-1 where IB has none, as for MIDPOINT.' }),
  },
  { $id: 'Bar' },
)
export type Bar = Static<typeof Bar>

/** RFC 3339 time, or a date, which is its midnight; UTC without a zone. */
const moment = (description: string) =>
  Type.String({
    maxLength: 40,
    pattern: '^\\d{4}-\\d{2}-\\d{2}([Tt ]\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?([Zz]|[+-]\\d{2}:\\d{2})?)?$',
    description,
  })

export const BarsQuery = Type.Object(
  {
    ...definition,
    start: Type.Optional(
      moment(
        'First moment, an RFC 3339 time or a date, UTC unless it says otherwise; 30 days before `end` when absent (GAP_MAX_AGE_DAYS).',
      ),
    ),
    end: Type.Optional(
      moment(
        'Up to here, not included, an RFC 3339 time or a date, UTC unless it says otherwise; now when absent.',
      ),
    ),
    format: Type.Optional(words(['json', 'csv'] as const, { default: 'json' })),
    fetch: Type.Optional(
      Type.Unsafe<Static<typeof Flag>>({ ...Flag, description: '`false`: local bars only.' }),
    ),
  },
  { additionalProperties: false },
)

export const barOrigins = ['local', 'ib', 'mixed'] as const
export type BarOrigin = (typeof barOrigins)[number]

/** The answer of GET /bars. */
export const Bars = Type.Object(
  {
    symbol: Type.String(),
    timeframe: Timeframe,
    source: words(barOrigins, { description: 'Where the bars came from.' }),
    complete: Type.Boolean({
      description: 'Nothing is missing that is to be had: the gaps that are left are of class `no-data`.',
    }),
    gaps: Type.Array(ref(Gap)),
    note: Type.Optional(Type.String({ description: 'Why parts are missing, when they are.' })),
    bars: Type.Array(ref(Bar)),
  },
  { $id: 'Bars' },
)

export const BarStreamQuery = Type.Object({ symbol: MarketSymbol }, { additionalProperties: false })

export const GapFillerStatus = Type.Object(
  {
    enabled: Type.Boolean({ description: 'A data connection is configured.' }),
    running: Type.Boolean({ description: 'A scan, with its filling, is under way.' }),
    scanId: Type.Optional(Type.String({ description: 'Of the scan under way, or the last.' })),
    lastScanAt: Type.Optional(Timestamp),
    nextScanAt: Type.Optional(Timestamp),
    series: Type.Integer({ description: 'Series known.' }),
    gapsFound: Type.Integer({
      description: 'Open gaps, by the last scan or the one under way, that are to be filled.',
    }),
    gapsFilled: Type.Integer({ description: 'Of those.' }),
    barsWritten: Type.Integer({ description: 'Since the start of the manager.' }),
    failed: Type.Integer({
      description: 'Series that the last scan, or the one under way, could not scan or fill.',
    }),
    pacingWaits: Type.Integer({ description: 'Requests that had to wait for IB limits, since the start.' }),
    pacingErrors: Type.Integer({ description: 'Pacing violations that IB reported, since the start.' }),
    current: Type.Optional(
      Type.Object({
        stage: words(['scanning', 'filling'] as const),
        done: Type.Integer({ description: 'Series scanned, or gaps filled.' }),
        total: Type.Integer(),
        symbols: Type.Array(Type.String(), { description: 'Being worked on, as SYMBOL timeframe.' }),
        requestsLeft: Type.Optional(Type.Integer()),
        waitingUntil: Type.Optional(Timestamp),
      }),
    ),
    lastError: Type.Optional(
      Type.Object({
        code: Type.String(),
        message: Type.String(),
        symbol: Type.Optional(Type.String()),
        timeframe: Type.Optional(Timeframe),
        at: Timestamp,
      }),
    ),
  },
  { $id: 'GapFillerStatus' },
)
export type GapFillerStatus = Static<typeof GapFillerStatus>

export const ScanStarted = Type.Object({ scanId: Type.String() }, { $id: 'ScanStarted' })
