// `ibgm series …`: the series of bars that are kept without gaps.
import type { Series } from '../../../schemas/market-data.ts'
import { addDefaultCommand } from '../default-command.ts'
import { exitCodes } from '../io.ts'
import { everyItem } from '../pages.ts'
import { age, type Paint, printable, type Row, renderTable } from '../terminal.ts'
import type { Cli } from '../toolbox.ts'

interface AddOptions {
  readonly secType?: string
  readonly exchange?: string
  readonly currency?: string
  readonly what?: string
  readonly rth?: boolean
}

export function addSeriesCommands(cli: Cli): void {
  const series = cli.program.command('series').description('the series of bars that are kept without gaps')
  cli.handle<[], object>(
    addDefaultCommand(series, 'list').description('all series, tracked or found as files'),
    async (tools) => {
      const items = await everyItem<Series>(tools.client(), '/series')
      tools.answer({ items }, () =>
        items.length === 0
          ? ['no series yet; `ibgm series add SYMBOL TIMEFRAME` tracks one']
          : seriesTable(items, Date.now(), tools.paint),
      )
      return exitCodes.ok
    },
  )
  cli.handle<[string, string], AddOptions>(
    series
      .command('add <symbol> <timeframe>')
      .description('track a series: 1m 5m 15m 30m 1h 4h or 1d bars of a symbol')
      .option('--sec-type <type>', "IB's security type [STK]")
      .option('--exchange <exchange>', '[SMART]')
      .option('--currency <currency>', '[USD]')
      .option('--what <what>', 'what the bars are made of: TRADES, MIDPOINT, BID, ASK, … [TRADES]')
      .option('--rth', 'only regular trading hours'),
    async (tools, [symbol, timeframe], { secType, exchange, currency, what, rth }) => {
      const body = {
        symbol,
        timeframe,
        ...(secType !== undefined && { secType }),
        ...(exchange !== undefined && { exchange }),
        ...(currency !== undefined && { currency }),
        ...(what !== undefined && { whatToShow: what }),
        ...(rth && { useRth: true }),
      }
      const answer = await tools.client().send<Series>('POST', '/series', { body })
      tools.answer(answer.body, () => [printable(`${symbol} ${timeframe} is tracked`)])
      return exitCodes.ok
    },
  )
  cli.handle<[string, string], object>(
    series
      .command('remove <symbol> <timeframe>')
      .description('track a series no longer; its file stays and is left alone'),
    async (tools, [symbol, timeframe]) => {
      await tools.client().send('DELETE', '/series', { query: { symbol, timeframe } })
      tools.answer({ symbol, timeframe, removed: true }, () => [
        printable(`${symbol} ${timeframe} is no longer tracked; its file stays`),
      ])
      return exitCodes.ok
    },
  )
}

function seriesTable(all: readonly Series[], now: number, paint: Paint): string[] {
  const rows = all.flatMap((series): Row[] => [
    [
      { text: series.symbol, colour: 'bold' },
      series.timeframe,
      [series.secType, series.exchange, series.currency].join(' '),
      `${series.whatToShow}${series.useRth ? ' in regular hours' : ''}`,
      series.origin,
      series.firstBarAt ?? '-',
      series.lastBarAt ?? '-',
      series.gaps === undefined ? '-' : String(series.gaps),
      series.scannedAt === undefined ? '-' : `${age(series.scannedAt, now)} ago`,
    ],
    ...(series.problem
      ? [{ note: `${series.problem.code}: ${series.problem.message}`, colour: 'yellow' } as const]
      : []),
  ])
  const head = [
    'SYMBOL',
    'TIMEFRAME',
    'CONTRACT',
    'BARS OF',
    'ORIGIN',
    'FIRST (UTC)',
    'LAST (UTC)',
    'GAPS',
    'SCANNED',
  ]
  return renderTable(head, rows, paint)
}
