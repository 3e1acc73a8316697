// `ibgm bars`: bars of a symbol as a table, as CSV, or as the API answers.
import type { Static } from 'typebox'
import type { Bars, Gap } from '../../../schemas/market-data.ts'
import { CliError, exitCodes } from '../io.ts'
import { counted, type Paint, printable, renderTable } from '../terminal.ts'
import type { Cli } from '../toolbox.ts'

type BarsBody = Static<typeof Bars>

interface BarsOptions {
  readonly start?: string
  readonly end?: string
  readonly csv?: boolean
  readonly fetch: boolean
}

// What is missing may first have to come from IB, within its limits.
const timeoutMs = 120_000

const sources = { local: 'from files', ib: 'from IB', mixed: 'from files and IB' } as const

export function addBarsCommand(cli: Cli): void {
  cli.handle<[string, string], BarsOptions>(
    cli.program
      .command('bars <symbol> <timeframe>')
      .description('bars of 1m 5m 15m 30m 1h 4h or 1d; what no file has is asked of IB')
      .option(
        '--start <time>',
        'from this time or date, UTC unless it says otherwise [30 days before the end]',
      )
      .option('--end <time>', 'up to this time or date, not included [now]')
      .option('--csv', 'as CSV, line by line as it comes')
      .option('--no-fetch', 'only what the files have'),
    async (tools, [symbol, timeframe], { start, end, csv, fetch }) => {
      if (csv && tools.json) throw new CliError('usage', '--csv and --json are two ways to print: choose one')
      const query = { symbol, timeframe, start, end, ...(!fetch && { fetch }) }
      const client = tools.client()
      if (csv) {
        const chunks = client.chunks('/bars', { ...query, format: 'csv' }, 'text/csv')
        for await (const chunk of chunks) tools.io.stdout.write(chunk)
        return exitCodes.ok
      }
      const { body } = await client.send<BarsBody>('GET', '/bars', { query, timeoutMs })
      tools.answer(body, () => barsTable(body, tools.paint))
      return exitCodes.ok
    },
  )
}

/** The table, and below it, where a long one leaves the eye, what to think of it. */
function barsTable(
  { symbol, timeframe, bars, source, complete, gaps, note }: BarsBody,
  paint: Paint,
): string[] {
  const rows = bars.map((bar) => [
    bar.timestamp,
    ...[bar.open, bar.high, bar.low, bar.close, bar.volume].map((value) => String(value)),
  ])
  const verdict = complete ? paint('green', 'complete') : paint('yellow', 'not complete')
  return [
    ...(rows.length === 0
      ? []
      : renderTable(['TIMESTAMP (UTC)', 'OPEN', 'HIGH', 'LOW', 'CLOSE', 'VOLUME'], rows, paint)),
    `${printable(symbol)} ${timeframe}: ${counted(bars.length, 'bar')} ${sources[source]}, ${verdict}`,
    ...gaps.map((gap) => printable(`  ${gapText(gap)}`)),
    ...(note === undefined ? [] : [printable(`  ${note}`)]),
  ]
}

function gapText({ start, end, missingBars, class: kind }: Gap): string {
  const why = { outage: ', since an outage', missing: '', 'no-data': ', since IB has none' }[kind]
  return `${start} to ${end}: ${counted(missingBars, 'bar')} missing${why}`
}
