// `ibgm gaps`: the bars that are missing, what the gap filler does about them, and a scan out of turn.
import { setTimeout as delay } from 'node:timers/promises'
import type { Gap, GapFillerStatus } from '../../../schemas/market-data.ts'
import type { ApiClient } from '../client.ts'
import { addDefaultCommand } from '../default-command.ts'
import { CliError, type ExitCode, exitCodes } from '../io.ts'
import { gapFillerError, gapFillerLine, gapFillerProgress } from '../market-data-view.ts'
import { everyItem } from '../pages.ts'
import { type Colour, counted, duration, type Paint, printable, renderTable } from '../terminal.ts'
import type { Cli, Toolbox } from '../toolbox.ts'
import { waitMs, waitOption } from '../wait.ts'

const colours: Readonly<Record<Gap['class'], Colour | undefined>> = {
  outage: 'yellow',
  missing: undefined,
  'no-data': 'dim',
}
const pollMs = 200
const tellEveryMs = 5_000

export function addGapCommands(cli: Cli): void {
  const gaps = cli.program.command('gaps').description('bars that are missing, and the filling of them')
  cli.handle<[], { symbol?: string; timeframe?: string }>(
    addDefaultCommand(gaps, 'list')
      .description('the open gaps of the last scan')
      .option('--symbol <symbol>', 'of this symbol')
      .option('--timeframe <timeframe>', 'of this length of bar: 1m 5m 15m 30m 1h 4h 1d'),
    async (tools, _args, { symbol, timeframe }) => {
      const client = tools.client()
      const filler = await fetchFiller(client)
      const items = await everyItem<Gap>(client, '/gaps', { symbol, timeframe })
      tools.answer({ filler, items }, () => [
        gapFillerLine(filler, Date.now(), tools.paint),
        ...(items.length === 0 ? ['no gaps'] : gapTable(items, tools.paint)),
      ])
      return exitCodes.ok
    },
  )
  cli.handle<[], { wait?: string | true }>(
    gaps.command('scan').description('look for gaps now, and fill them').addOption(waitOption()),
    async (tools, _args, { wait }) => {
      const timeoutMs = wait === undefined ? undefined : waitMs(wait)
      const client = tools.client()
      const { body } = await client.send<{ scanId: string }>('POST', '/system/gap-filler/force-scan')
      if (timeoutMs !== undefined) return watchScan(tools, client, body.scanId, timeoutMs)
      tools.answer(body, () => [
        printable(`scan ${body.scanId} has begun; \`ibgm gaps\` shows how far it is`),
      ])
      return exitCodes.ok
    },
  )
}

/** Tells each step of a scan until it is done, or the time is over. */
async function watchScan(
  tools: Toolbox,
  client: ApiClient,
  scanId: string,
  timeoutMs: number,
): Promise<ExitCode> {
  const startedAt = performance.now()
  let told = { step: '', progress: '', atMs: 0 }
  for (;;) {
    const status = await fetchFiller(client)
    const elapsedMs = performance.now() - startedAt
    if (status.scanId !== scanId) throw lostScan(scanId)
    if (!status.running) return tellOutcome(tools, status, elapsedMs)
    const progress = gapFillerProgress(status, Date.now()) ?? ''
    const step = stepOf(status)
    const isNews = step !== told.step || (progress !== told.progress && elapsedMs - told.atMs >= tellEveryMs)
    if (progress !== '' && isNews) {
      tools.say(`${duration(elapsedMs).padStart(6)}  ${progress}`)
      told = { step, progress, atMs: elapsedMs }
    }
    if (elapsedMs > timeoutMs) {
      tools.answer(status, () => [`still running after ${duration(elapsedMs)}; it goes on`])
      return exitCodes.failed
    }
    await delay(pollMs, undefined, tools.io.signal ? { signal: tools.io.signal } : {})
  }
}

/** What is worth a line at once; single requests and seconds of a wait are not. */
function stepOf({ current }: GapFillerStatus): string {
  return current === undefined ? '' : `${current.stage} ${current.done} ${current.symbols.join()}`
}

function tellOutcome(tools: Toolbox, status: GapFillerStatus, elapsedMs: number): ExitCode {
  const { gapsFound, gapsFilled, failed } = status
  const why = failed > 0 ? gapFillerError(status) : undefined
  tools.answer(status, () => [
    `done after ${duration(elapsedMs)}: ${counted(gapsFound, 'gap')} found, ${gapsFilled} filled, ${failed} failed`,
    ...(why === undefined ? [] : [`  ${why}`]),
    ...(failed > 1 ? ['  `ibgm series` shows each'] : []),
  ])
  return failed > 0 ? exitCodes.failed : exitCodes.ok
}

function lostScan(scanId: string): CliError {
  return new CliError('failed', `scan ${scanId} cannot be watched any longer`, {
    code: 'SCAN_LOST',
    hint: 'the manager was restarted, or another scan has begun; `ibgm gaps` shows what it does now',
  })
}

async function fetchFiller(client: ApiClient): Promise<GapFillerStatus> {
  return (await client.send<GapFillerStatus>('GET', '/system/gap-filler-status')).body
}

function gapTable(gaps: readonly Gap[], paint: Paint): string[] {
  return renderTable(
    ['SYMBOL', 'TIMEFRAME', 'FROM (UTC)', 'TO (UTC)', 'BARS', 'CLASS', 'POSITION'],
    gaps.map(({ symbol, timeframe, start, end, missingBars, class: kind, position }) => {
      const colour = colours[kind]
      return [
        { text: symbol, colour: 'bold' },
        timeframe,
        start,
        end,
        String(missingBars),
        { text: kind, ...(colour && { colour }) },
        position,
      ]
    }),
    paint,
  )
}
